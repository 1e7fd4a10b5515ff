// @ts-check
/**
 * Starts Python without PyScript, whose core makes functions from text: this needs nothing of a
 * page's policy but `script-src 'self' 'wasm-unsafe-eval'`, trusted types or not.
 *
 * A page starts it with one tag, and hears how far it is from `downloads.mjs`:
 *
 *     <script type="module" src="./static/boot.mjs"
 *       data-runtime="pyodide" data-page="tollbridge.pages.spa"></script>
 *
 * A module imports `start`. Where it fails, its promise does, with the name of the file or with
 * Python's error; on a page that is an error of the page's, and `tollbridge:started` never comes.
 */
import { absolute, Downloads } from "./downloads.mjs";
import manifest from "./manifest.mjs";

// What the chat, its SDK and a long transcript need, twice over; MicroPython's own is 1 MiB.
const HEAP_BYTES = 16 * 1024 * 1024;
const OURS = "/lib/"; // where MicroPython looks by itself

/**
 * Start a runtime, and in it a page.
 * @param {{runtime: string, page: string}} what `pyodide`, or `micropython` for the pages that the
 *   manifest has a bundle of; the dotted name of a module of ours that has a `main()`.
 * @returns {Promise<any>} The interpreter, when `main()` has returned.
 */
export async function start({ runtime, page }) {
  const python = runtime === "pyodide" ? await startPyodide() : await startMicroPython(page);
  python.pyimport(page).main();
  return python;
}

async function startPyodide() {
  const { loadPyodide } = await import("./interpreter.mjs");
  return loadPyodide();
}

/** @param {string} page */
async function startMicroPython(page) {
  const { module, wasm } = manifest.micropython;
  const bundle = manifest.bundles[page];
  const downloads = new Downloads([wasm, bundle]);
  const [{ loadMicroPython }, pump, files] = await Promise.all([
    import(absolute(module)),
    import("./sse_pump.mjs"),
    downloads.take(absolute(bundle)).then((response) => response.json()),
    downloads.checked,
  ]);
  const python = await downloads.during(() =>
    loadMicroPython({
      url: absolute(wasm),
      heapsize: HEAP_BYTES,
      stdout: console.log,
      stderr: console.error,
    }),
  );
  for (const [name, source] of Object.entries(files)) {
    python.FS.mkdirTree(OURS + name.slice(0, name.lastIndexOf("/")));
    python.FS.writeFile(OURS + name, source);
  }
  python.registerJsModule("tollbridge_pump", pump);
  return python;
}

/** @type {HTMLElement | null | undefined} */
const tag = globalThis.document?.querySelector("script[data-page]");
if (tag) {
  const { runtime = "", page = "" } = tag.dataset;
  await start({ runtime, page });
  document.dispatchEvent(new CustomEvent("tollbridge:started"));
}
