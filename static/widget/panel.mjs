// @ts-check
/** The panel, drawn with the press: keeps what is sent until Python takes over. */
import { Composer } from "./composer.mjs";
import { WORDS, built, home, iconButton, make, mark } from "./page.mjs";
import { aheadOfStart, introduce, startPython } from "./python.mjs";

const CROSS = "M6 6l12 12M18 6L6 18";
const START_MS = 10_000;
// More than anyone writes while Python starts; the next one stays where it is.
const QUEUE_MAX = 20;

export class Panel {
  /** What Python hears. @type {any} */ #python = null;
  /** @type {string[]} */ #queue = [];
  #hasBegun = false;
  #isGone = false;

  /**
   * @param {import("./options.mjs").Options} options
   * @param {{close: () => void, tell: (type: string, detail?: object) => void}} around
   */
  constructor(options, around) {
    this.options = options;
    this.around = around;
    this.isInline = options.is("launcher", "inline");
    this.composer = new Composer(options, {
      send: (text) => this.#send(text),
      stop: () => this.#python?.stop(),
    });
    this.log = make("div", { role: "log", class: "log", "aria-live": "off", "data-part": "log" });
    this.notice = make("div", { class: "notice", hidden: "" });
    this.node = make(
      this.isInline ? "section" : "dialog",
      { class: "panel", part: "panel", "aria-labelledby": "heading" },
      this.#header(),
      this.#scroller(),
      make("div", { class: "credits", "data-part": "credits" }),
      this.notice,
      this.composer.node,
      make("p", { class: "unseen", role: "status", "data-part": "status" }),
      make("p", { class: "unseen", role: "alert", "data-part": "alert" }),
    );
    if (this.isInline) {
      this.node.classList.add("inline");
      this.node.addEventListener("focusin", () => this.begin(), { once: true });
    } else this.node.popover = "manual";
    this.node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.node.addEventListener("cancel", (/** @type {Event} */ event) => {
      event.preventDefault();
      around.close();
    });
  }

  #header() {
    const heading = make("h2", { id: "heading" }, this.options.get("title") || WORDS.ask);
    this.#inItsLanguage(heading);
    const left = make("p", { class: "left", "data-part": "left" });
    const header = make("header", { part: "header" }, heading, left);
    if (this.isInline) return header;
    const close = iconButton("close", WORDS.close, CROSS);
    close.addEventListener("click", () => this.around.close());
    header.append(close);
    return header;
  }

  #scroller() {
    const greeting = make("p", { class: "greeting", dir: "auto" }, this.options.get("greeting"));
    greeting.hidden = !greeting.textContent;
    this.#inItsLanguage(greeting);
    const named = { role: "region", "aria-label": WORDS.conversation, "data-part": "scroller" };
    return make("div", { class: "scroller", tabindex: "0", ...named }, greeting, this.log);
  }

  /** @param {HTMLElement} node */
  #inItsLanguage(node) {
    const locale = this.options.get("locale");
    if (locale && locale !== "auto") node.lang = locale;
  }

  show() {
    if (this.isInline) return;
    // Moved while it was open, it only seems to be so.
    if (this.node.open) this.node.close();
    // Over all of a small screen: what is behind must not be reached then.
    if (matchMedia("(max-width: 480px)").matches) this.node.showModal();
    else this.node.showPopover();
  }

  hide() {
    if (this.isInline) return;
    if (this.node.open) this.node.close();
    else this.node.hidePopover();
  }

  /** The panel's life is over. */
  end() {
    this.#isGone = true;
    this.#python?.close();
  }

  /** Start Python, with the first press. */
  begin() {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    mark("click");
    aheadOfStart();
    this.composer.restore();
    introduce(this.#forPython());
    // When the panel is painted: starting takes moments that a press must not wait for.
    requestAnimationFrame(() => setTimeout(() => this.#start()));
  }

  async #start() {
    const slow = setTimeout(() => this.#failed(WORDS.slow), START_MS);
    try {
      await startPython(this.options);
    } catch (/** @type {any} */ cause) {
      console.error(cause);
      for (const text of this.log.querySelectorAll(".mark")) text.textContent = WORDS.notSent;
      this.#failed(WORDS.failed);
      this.around.tell("error", { code: "start_failed", message: `${cause?.message ?? cause}` });
    } finally {
      clearTimeout(slow);
    }
  }

  /** @param {string} text Why there is no answer; where else there is one. */
  #failed(text) {
    if (this.#python) return;
    const away = { href: this.options.get("page") || home, target: "_blank", rel: "noopener" };
    const again = make("button", { class: "button quiet", type: "button" }, WORDS.again);
    again.addEventListener("click", () => {
      this.notice.hidden = true;
      this.#start();
    });
    const link = make("a", { class: "button", ...away }, WORDS.elsewhere);
    this.notice.replaceChildren(make("p", { role: "alert" }, text), link, again);
    this.notice.hidden = false;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
    event.preventDefault();
    if (this.composer.isBusy) this.#python?.stop();
    else this.around.close();
  }

  /** @param {string} text @returns Whether it is sent, now or once Python is there. */
  #send(text) {
    if (this.#queue.length >= QUEUE_MAX) return false;
    this.begin();
    this.around.tell("message", { role: "user", text });
    if (this.#python) this.#python.send(text);
    else this.#wait(text);
    return true;
  }

  /** @param {string} text */
  #wait(text) {
    this.#queue.push(text);
    const turn = { class: "turn", "data-role": "user", "data-state": "waiting" };
    const words = make("div", { class: "words", dir: "auto" }, text);
    this.log.append(make("article", turn, words, make("p", { class: "mark" }, WORDS.starting)));
    this.log.parentNode.scrollTop = this.log.parentNode.scrollHeight;
  }

  /** The panel as `pages/widget.py` knows it. */
  #forPython() {
    const { options, composer } = this;
    const settings = {
      paywall: options.get("paywall-id"),
      gateway: options.get("gateway") || built.gateway || new URL(home).origin,
      page: options.get("page") || home,
      template: options.get("template"),
      variable: options.get("variable") || "question",
      variables: options.variables,
      provider: options.get("provider-id"),
      model: options.get("model"),
      keeps: options.keeps,
    };
    return {
      settings: JSON.stringify(settings),
      node: this.node,
      mark,
      /**
       * Python takes over.
       * @param {any} send @param {any} stop @param {any} close Called from here on.
       * @returns What waits, as JSON.
       */
      join: (send, stop, close) => {
        const queue = JSON.stringify(this.#queue);
        this.#python = { send, stop, close };
        this.#queue = [];
        this.notice.hidden = true;
        this.log.replaceChildren();
        if (this.#isGone) close();
        else this.around.tell("ready");
        return queue;
      },
      busy: (/** @type {boolean} */ busy) => composer.busy(busy),
      /** An unsent question, for the draft if that is empty. @param {string} text */
      giveBack: (text) => composer.draft.value || composer.write(text),
      focus: () => composer.draft.focus(),
      fail: () => this.#failed(WORDS.failed),
      tell: (/** @type {string} */ type, /** @type {string} */ detail) =>
        this.around.tell(type, JSON.parse(detail)),
    };
  }
}
