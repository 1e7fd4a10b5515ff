// @ts-check
/** Python: one for all widgets of a page, started with the first press. */
import { built, home, make, script } from "./page.mjs";

// Starts in a row that ended neither well nor badly: they took the tab with them.
const STARTS = "tollbridge-widget-starts";
const STARTS_MAX = 2;

/** @type {Promise<void> | null} */
let python = null;
/** What Python gave to be called with each panel. @type {((panel: object) => void) | null} */
let welcome = null;
/** Panels that it has not seen. @type {{settings: string}[]} */
let panels = [];
const asked = new Set();
/** The styles of answers, filled with the first press. @type {CSSStyleSheet} */
let later;

/** What Python imports as `tollbridge_widget`. */
const desk = {
  /** The settings of those that it has not seen, as JSON. */
  waiting: () => JSON.stringify(panels.map(({ settings }) => settings)),
  /** @param {(panel: object) => void} listener */
  welcome(listener) {
    welcome = listener;
    for (const panel of panels) listener(panel);
    panels = [];
  },
};

/** The styles that every widget's shadow root takes on; both are the same for all of them. */
export function sheets() {
  const shell = new CSSStyleSheet();
  shell.replaceSync(built.styles);
  later = new CSSStyleSheet();
  return [shell, later];
}

/** Have Python take a panel over, now or when it is there. @param {object} panel */
export function introduce(panel) {
  if (welcome) welcome(panel);
  else panels.push(panel);
}

/**
 * Have files on their way before they are imported, and checked: a module that is another file than
 * was built is then not run.
 * @param {[string, string][]} files Path and hash, or none where somebody else checks.
 * @param {Record<string, string>} how
 */
function ahead(files, how) {
  for (const [path, integrity] of files) {
    if (asked.has(path)) continue;
    asked.add(path);
    const checked = integrity ? { integrity } : {};
    const link = make("link", { crossorigin: "anonymous", ...checked, ...how, href: home + path });
    if (script?.nonce) link.nonce = script.nonce;
    link.onload = link.onerror = () => link.remove();
    document.head.append(link);
  }
}

/** What somebody who comes near will need, some kilobytes. */
export const aheadOfPress = () => ahead(built.early, { rel: "modulepreload" });

/** What a press needs, on its way before the panel is painted; starting Python comes after. */
export function aheadOfStart() {
  aheadOfPress();
  ahead(built.modules, { rel: "modulepreload" });
  // boot.mjs checks these by their hashes; where a page cannot hash, it would fetch them anew.
  if (globalThis.crypto?.subtle) ahead(built.fetched, { rel: "preload", as: "fetch" });
}

/**
 * Start Python, once for all.
 * @param {import("./options.mjs").Options} options
 * @returns {Promise<void>} It fails where Python cannot start; the next one tries again.
 */
export async function startPython(options) {
  const starts = Number(options.kept(STARTS));
  if (starts >= STARTS_MAX) {
    options.keep(STARTS, "");
    throw new Error("the last starts took the page with them");
  }
  if (!python) options.keep(STARTS, String(starts + 1));
  try {
    python ??= load();
    await python;
  } catch (cause) {
    python = null;
    throw cause;
  } finally {
    options.keep(STARTS, "");
  }
}

async function load() {
  if (typeof WebAssembly !== "object") throw new Error("there is no WebAssembly");
  aheadOfStart();
  import(home + built.later).then((css) => later.replaceSync(css.default)).catch(console.error);
  const { start } = await import(home + built.boot);
  const modules = { tollbridge_widget: desk };
  await start({ runtime: "micropython", page: built.page, first: built.first, modules });
}
