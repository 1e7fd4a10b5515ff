// @ts-check
/**
 * The widget's loader, for pages that are not ours: one classic script, and nothing else is asked for
 * before somebody presses. It draws the launcher; pressed, it draws a panel that can be typed in at
 * once, keeps what is sent, and starts Python, which takes over in `src/tollbridge/pages/widget.py`.
 *
 *     <script async src="https://gateway.example/v1/widget.js" data-paywall-id="pw_1"></script>
 *
 * What it is told by attributes, and `window.tollbridge`, its one global, are described in
 * docs/widget.md. It needs nothing of a page's policy but its own origin in `script-src` and
 * `connect-src`, and `'wasm-unsafe-eval'`: no markup is made from text, every style is in a
 * constructed stylesheet. The page's styles end at the shadow root, and `:host` in shell.css guards
 * the element itself; what lies over the page is in the top layer, above every `z-index`.
 *
 * The build joins this file and those that it imports into one function, puts the files that follow,
 * with their hashes, and the styles in place of "BUILT", and takes comments out: they have lines of
 * their own. So every name at the top of a file here is its own.
 */
import { NAME, Widget, listeners, widgets } from "./widget/element.mjs";
import { EVENTS, WORDS, home, make, parsed, script } from "./widget/page.mjs";

const COMMANDS = ["open", "close", "destroy", "on"];

/** @param {any} which An element, a selector, or nothing for every widget. @returns {Widget[]} */
const found = (which) =>
  [...widgets].filter((widget) => {
    const named = typeof which === "string" && widget.matches(which);
    return !which || widget === which || named;
  });

const api = {
  /** Do each now, as what stood in the array before was done. @param {any[]} commands */
  push(...commands) {
    for (const command of commands) {
      if (typeof command === "function") command(api);
      else if (COMMANDS.includes(command[0])) {
        /** @type {any} */ (api)[command[0]](...command.slice(1));
      }
    }
  },
  /** @param {any} which */
  open: (which) => found(which)[0]?.open(),
  /** @param {any} which */
  close: (which) => found(which).forEach((widget) => widget.close()),
  /** @param {any} which */
  destroy: (which) => found(which).forEach((widget) => widget.destroy()),
  /** @param {string} event @param {(event: object) => void} listener @returns The undo. */
  on(event, listener) {
    const heard = listeners.get(event);
    if (!heard) throw new Error(`Tollbridge: there are ${EVENTS.join(", ")}, and no ${event}`);
    heard.add(listener);
    return () => heard.delete(listener);
  },
};

/** For browsers too old for the rest: a link to where the answers are. */
function offerLink() {
  const { paywallId, launcher, page, label } = script?.dataset ?? {};
  if (!paywallId || launcher === "none") return;
  const link = make("a", { href: page || home }, label || WORDS.ask);
  const corner = { position: "fixed", bottom: "16px", right: "16px" };
  Object.assign(link.style, corner, { padding: "12px", background: "#fff" });
  document.body.append(link);
}

function begin() {
  const holder = /** @type {any} */ (globalThis);
  const before = Array.isArray(holder.tollbridge) ? holder.tollbridge : [];
  holder.tollbridge = api;
  customElements.define(NAME, Widget);
  Widget.place(script);
  parsed(() => api.push(...before));
}

const isYoung =
  "popover" in HTMLElement.prototype &&
  "adoptedStyleSheets" in document &&
  CSS.supports("color", "light-dark(red, red)");
const first = /** @type {any} */ (customElements.get(NAME));
if (!home) console.error("Tollbridge: load widget.js by a <script src>, not inline or as a module");
else if (first) first.place(script);
else if (isYoung) begin();
else parsed(offerLink);
