// @ts-check
/** The element: its launcher, where it stands, and that it comes back when the page is swapped. */
import { OPTIONS, Options } from "./options.mjs";
import { EVENTS, WORDS, icon, make, mark, parsed } from "./page.mjs";
import { Panel } from "./panel.mjs";
import { aheadOfPress, aheadOfStart, sheets } from "./python.mjs";

export const NAME = "tollbridge-widget";
const SPEECH = "M4 5.5h16v10.5h-8.5L7 20v-4H4z";

/** Who listens, by event. @type {Map<string, Set<(event: object) => void>>} */
export const listeners = new Map(EVENTS.map((name) => [name, new Set()]));
/** Those on the page. @type {Set<Widget>} */
export const widgets = new Set();
/** Those that tags made, by what their tags say. @type {Map<string, Widget>} */
const placed = new Map();
/** @type {CSSStyleSheet[] | undefined} */
let styles;

/** One widget. Whatever becomes of the page around it, the element has all of its state. */
export class Widget extends HTMLElement {
  static observedAttributes = ["theme", "data-theme"];

  #options = new Options(this);
  /** @type {any} */ #root;
  /** @type {any} */ #dock;
  /** @type {any} */ #launcher;
  /** @type {Panel | undefined} */ #panel;
  /** Where the keyboard goes back to. @type {HTMLElement | null} */ #opener = null;
  /** @type {HTMLScriptElement | null} */ #tag = null;
  #isOpen = false;
  #isGone = false;

  /**
   * Make the widget of a tag, or bring it back where the page has lost it.
   * @param {HTMLScriptElement | null} tag
   */
  static place(tag) {
    if (!tag?.hasAttribute("data-paywall-id")) return;
    const names = tag.getAttributeNames().filter((name) => OPTIONS.test(name));
    const key = names.map((name) => `${name}=${tag.getAttribute(name)}`).sort().join("\n");
    const widget = placed.get(key) ?? make(NAME);
    for (const name of names) widget.setAttribute(name, tag.getAttribute(name));
    placed.set(key, widget);
    widget.#tag = tag;
    parsed(() => widget.#settle());
  }

  #settle() {
    if (this.isConnected || this.#isGone) return;
    const inline = this.#options.is("launcher", "inline");
    const target = inline && this.#options.get("target");
    const place = target && document.querySelector(target);
    if (place) place.append(this);
    else if (inline && document.body.contains(this.#tag)) this.#tag?.after(this);
    else document.body.append(this);
  }

  connectedCallback() {
    widgets.add(this);
    if (!this.#root) this.#build();
    // What a page moves, the browser takes out of the top layer.
    this.#dock?.showPopover();
    if (this.#isOpen) this.#show();
  }

  disconnectedCallback() {
    widgets.delete(this);
    if (this.#tag) setTimeout(() => this.#settle());
  }

  attributeChangedCallback() {
    if (this.#root) this.#root.dataset.theme = this.#options.get("theme");
  }

  #build() {
    styles ??= sheets();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = styles;
    this.#root = make("div", { class: "root", lang: "en" });
    shadow.append(this.#root);
    this.attributeChangedCallback();
    // Outside, a key would seem to be typed into the page, and its shortcuts would take it.
    for (const type of ["keydown", "keypress", "keyup"]) {
      this.#root.addEventListener(type, (/** @type {Event} */ event) => event.stopPropagation());
    }
    if (this.#options.is("launcher", "inline")) this.#drawPanel();
    else if (this.#options.is("launcher", "none")) this.#hearTarget(this.#options.get("target"));
    else this.#drawLauncher();
  }

  /** Have something of the page's open it. @param {string} target A selector, or nothing. */
  #hearTarget(target) {
    if (!target) return;
    document.addEventListener("click", ({ target: pressed }) => {
      const opener = pressed instanceof Element && pressed.closest(target);
      if (opener && this.isConnected) this.open(/** @type {HTMLElement} */ (opener));
    });
  }

  #drawLauncher() {
    const popup = { "aria-haspopup": "dialog", "aria-expanded": "false" };
    const label = make("span", { part: "label" }, this.#options.get("label") || WORDS.ask);
    const told = { class: "launcher", part: "launcher", type: "button", ...popup };
    const button = make("button", told, icon(SPEECH), label);
    button.addEventListener("click", () => (this.#isOpen ? this.close() : this.open(button)));
    button.addEventListener("pointerenter", aheadOfPress);
    button.addEventListener("focus", aheadOfPress);
    // A press begins some eighty milliseconds before it is a click.
    button.addEventListener("pointerdown", aheadOfStart);
    this.#launcher = button;
    this.#dock = make("div", { class: "dock", part: "dock", popover: "manual" }, button);
    this.#root.append(this.#dock);
  }

  #drawPanel() {
    if (this.#panel) return this.#panel;
    this.#panel = new Panel(this.#options, {
      close: () => this.close(),
      tell: (type, detail) => this.#tell(type, detail),
    });
    this.#root.append(this.#panel.node);
    return this.#panel;
  }

  /** Open the panel. @param {HTMLElement | null} opener Where the keyboard goes back to. */
  open(opener = null) {
    if (this.#isGone || this.#isOpen || !this.isConnected) return;
    mark("click");
    this.#opener = opener ?? /** @type {HTMLElement | null} */ (document.activeElement);
    this.#isOpen = true;
    this.#launcher?.setAttribute("aria-expanded", "true");
    this.#show();
    this.#panel?.begin();
    this.#tell("open");
  }

  #show() {
    const panel = this.#drawPanel();
    panel.show();
    // Not where a page opens it by itself: the keyboard is the visitor's.
    if (navigator.userActivation?.isActive !== false) panel.composer.draft.focus();
  }

  /** Close the panel; what was said stays, and an answer goes on. */
  close() {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const held = this.shadowRoot?.activeElement;
    this.#panel?.hide();
    this.#launcher?.setAttribute("aria-expanded", "false");
    if (held) this.#opener?.focus();
    this.#tell("close");
  }

  /** Take the widget off the page for good. */
  destroy() {
    if (this.#isGone) return;
    this.close();
    this.#isGone = true;
    this.#panel?.end();
    for (const [key, widget] of placed) if (widget === this) placed.delete(key);
    this.remove();
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail = {}) {
    const event = { type, widget: this, ...detail };
    for (const listener of listeners.get(type) ?? []) {
      try {
        listener(event);
      } catch (cause) {
        reportError(cause);
      }
    }
    this.dispatchEvent(new CustomEvent(`tollbridge:${type}`, { detail: event }));
  }
}
