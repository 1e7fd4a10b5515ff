// @ts-check
/** What everybody here knows: the loader's own tag, what the build told, words, and making nodes. */

/** @type {any} */
export const built = "BUILT";
export const script = /** @type {HTMLScriptElement | null} */ (document.currentScript);
// The folder that everything of ours is in: above `v1/`.
export const home = script?.src ? new URL("..", script.src).href : "";

export const EVENTS = ["ready", "open", "close", "message", "quota", "error"];
export const WORDS = {
  ask: "Ask a question",
  close: "Close",
  conversation: "Conversation",
  question: "Your question",
  send: "Send",
  stop: "Stop",
  starting: "Sending…",
  notSent: "Not sent yet",
  slow: "This takes longer than it should.",
  failed: "This could not start here. What you wrote is kept.",
  elsewhere: "Ask on a page of its own",
  again: "Try again",
};
// What a benchmark reads; all of them are set by `mark`.
export const MARKS = {
  click: "tollbridge:click",
  session: "tollbridge:session",
  byte: "tollbridge:first-byte",
};

const SVG = "http://www.w3.org/2000/svg";

/** @param {keyof MARKS} name The moment is noted once. */
export function mark(name) {
  if (!performance.getEntriesByName(MARKS[name]).length) performance.mark(MARKS[name]);
}

/**
 * @param {string} tag @param {Record<string, string>} attributes
 * @param {(Node | string)[]} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** @param {string} path */
export function icon(path) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}

/** A button that shows a drawing. @param {string} kind @param {string} name @param {string} path */
export function iconButton(kind, name, path, type = "button") {
  const told = { type, "aria-label": name, title: name };
  return make("button", { class: `icon ${kind}`, part: kind, ...told }, icon(path));
}

/** Now, or once the page is parsed. @param {() => void} work */
export function parsed(work) {
  if (document.readyState !== "loading") work();
  else addEventListener("DOMContentLoaded", work, { once: true });
}
