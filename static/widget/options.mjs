// @ts-check
/** What a page says of a widget by attributes, and what this tab keeps for it. */

// Where a page's own framework may look for other attributes, none of them gets onto our element.
export const OPTIONS = new RegExp(
  "^data-(paywall-id|gateway|page|template|variable|var-.+|provider-id|model|locale|theme|" +
    "launcher|target|title|label|greeting|placeholder|storage)$",
);

export class Options {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /** @param {string} name As an attribute, with `data-` or without. */
  get(name) {
    return this.element.getAttribute(`data-${name}`) ?? this.element.getAttribute(name) ?? "";
  }

  /** @param {string} name @param {string} value */
  is(name, value) {
    return this.get(name) === value;
  }

  /** The texts for a template's variables, beside the question. */
  get variables() {
    const found = this.element.getAttributeNames().flatMap((name) => {
      const named = /^(?:data-)?var-(.+)$/.exec(name);
      return named ? [[named[1], this.element.getAttribute(name)]] : [];
    });
    return Object.fromEntries(found);
  }

  /** Whether anything is kept: nothing is with `storage="none"`. Before a press nobody asks. */
  get keeps() {
    return !this.is("storage", "none");
  }

  get draftKey() {
    return `tollbridge-widget-draft:${this.get("paywall-id")}:${this.get("template")}`;
  }

  /** @param {string} key */
  kept(key) {
    try {
      return (this.keeps && sessionStorage.getItem(key)) || "";
    } catch {
      return "";
    }
  }

  /** A browser that refuses costs only the memory. @param {string} key @param {string} value */
  keep(key, value) {
    try {
      if (value && this.keeps) sessionStorage.setItem(key, value);
      else sessionStorage.removeItem(key);
    } catch {
      // blocked or full: the panel itself still has it
    }
  }
}
