// @ts-check
/** Where questions are written: there at once, and JavaScript's also when Python is up. */
import { WORDS, iconButton, make } from "./page.mjs";

const ARROW = "M12 19V5M6 11l6-6 6 6";
const SQUARE = "M8 8h8v8H8z";

export class Composer {
  /**
   * @param {import("./options.mjs").Options} options
   * @param {{send: (text: string) => boolean, stop: () => void}} does `send` tells whether it took
   *   the text.
   */
  constructor(options, does) {
    this.options = options;
    this.does = does;
    this.isBusy = false;
    this.draft = make("textarea", {
      id: "draft",
      rows: "1",
      dir: "auto",
      enterkeyhint: "send",
      placeholder: options.get("placeholder") || WORDS.question,
    });
    this.sendButton = iconButton("send", WORDS.send, ARROW, "submit");
    this.stopButton = iconButton("stop", WORDS.stop, SQUARE);
    this.stopButton.hidden = true;
    const label = make("label", { class: "unseen", for: "draft" }, WORDS.question);
    const parts = [label, this.draft, this.sendButton, this.stopButton];
    this.node = make("form", { class: "composer", part: "composer" }, ...parts);
    this.node.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.send();
    });
    this.draft.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      // 229: an input method composes; Safari tells it in no other way.
      const composes = event.isComposing || event.keyCode === 229;
      if (event.key !== "Enter" || event.shiftKey || composes) return;
      event.preventDefault();
      this.send();
    });
    this.draft.addEventListener("input", () => this.keep());
    this.stopButton.addEventListener("click", () => {
      does.stop();
      this.draft.focus();
    });
  }

  /** Bring back what was written before a reload. */
  restore() {
    if (!this.draft.value) this.draft.value = this.options.kept(this.options.draftKey);
  }

  keep() {
    this.options.keep(this.options.draftKey, this.draft.value);
  }

  send() {
    const text = this.draft.value.trim();
    if (!text || this.isBusy || !this.does.send(text)) return this.draft.focus();
    this.write("");
  }

  /** @param {string} text */
  write(text) {
    this.draft.value = text;
    this.keep();
  }

  /** Show Stop in place of Send, or back. @param {boolean} busy */
  busy(busy) {
    const held = this.node.getRootNode().activeElement;
    this.isBusy = busy;
    this.sendButton.hidden = busy;
    this.stopButton.hidden = !busy;
    if (held === this.sendButton || held === this.stopButton) this.draft.focus();
  }
}
