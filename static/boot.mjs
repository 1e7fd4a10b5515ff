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
// Python is compiled as it is imported; after so long the page gets a turn in between.
const TURN_MS = 20;
// MicroPython's event loop asks for each of its turns by a timer. Browsers keep timers that follow each
// other four milliseconds apart, and those of a tab that nobody looks at a second; an answer takes
// dozens. Messages are not kept, as Pyodide's own loop knows.
const PROMPT_LOOP = `
import tollbridge_loop
from asyncio import core
def schedule(ms, later=core._schedule_run_iter):
    if ms > 0:
        later(ms)
    else:
        tollbridge_loop.soon()
tollbridge_loop.run = core._run_iter
core._schedule_run_iter = schedule
core._task_queue = core.TaskQueue(schedule)  # what it calls when a task is put into it
del core, schedule
`;

/** Whether MicroPython's event loop has a turn to take. */
let isDue = false;

/**
 * Start a runtime, and in it a page.
 * @param {{runtime: string, page: string, first?: string, modules?: Record<string, object>}} what
 *   `pyodide`, or `micropython` for the pages that the manifest has a bundle of; the dotted name of a
 *   module of ours that has a `main()`; another such one, which runs before the rest of the page is
 *   imported, to ask for what takes its time elsewhere; what Python is to find as modules, by name.
 * @returns {Promise<any>} The interpreter, when `main()` has returned.
 */
export async function start({ runtime, page, first = "", modules = {} }) {
  const starting = runtime === "pyodide" ? startPyodide() : startMicroPython(page);
  const python = await starting;
  for (const [name, module] of Object.entries(modules)) python.registerJsModule(name, module);
  let began = performance.now();
  if (first) python.pyimport(first).main();
  for (const name of runtime === "pyodide" ? [] : manifest.bundles[page].modules) {
    // What Python does by itself goes first: while it waits for an answer, the rest is imported.
    while (isDue || performance.now() - began >= TURN_MS) {
      await turn();
      began = performance.now();
    }
    python.pyimport(name);
  }
  python.pyimport(page).main();
  return python;
}

/** Not a timer, which waits for milliseconds, and for a second in a tab that nobody looks at. */
function turn() {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage(0);
  return new Promise((resolve) => (port1.onmessage = resolve));
}

/** Have MicroPython's event loop take the turns that are due by messages. @param {any} python */
function hasten(python) {
  const { port1, port2 } = new MessageChannel();
  const loop = {
    run() {},
    soon() {
      if (!isDue) port2.postMessage(0);
      isDue = true;
    },
  };
  port1.onmessage = () => {
    isDue = false;
    loop.run();
  };
  python.registerJsModule("tollbridge_loop", loop);
  python.runPython(PROMPT_LOOP);
}

async function startPyodide() {
  const { loadPyodide } = await import("./interpreter.mjs");
  return loadPyodide();
}

/** @param {string} page */
async function startMicroPython(page) {
  const { module, wasm } = manifest.micropython;
  const bundle = manifest.bundles[page].file;
  const downloads = new Downloads([wasm, bundle]);
  const [{ loadMicroPython }, pump, image] = await Promise.all([
    import(absolute(module)),
    import("./sse_pump.mjs"),
    downloads.take(absolute(bundle)).then((response) => response.arrayBuffer()),
    downloads.checked,
  ]);
  const python = await downloads.during(() =>
    loadMicroPython({
      url: absolute(wasm),
      heapsize: HEAP_BYTES,
      romfs: new Uint8Array(image), // in `sys.path` by itself
      stdout: console.log,
      stderr: console.error,
    }),
  );
  hasten(python);
  python.registerJsModule("tollbridge_pump", pump);
  return python;
}

// On a page of somebody else's, where a module imports `start`, such an attribute means something else.
/** @type {HTMLScriptElement[]} */
const tags = [...(globalThis.document?.querySelectorAll("script[data-page]") ?? [])];
const tag = tags.find((script) => script.src === import.meta.url);
if (tag) {
  const { runtime = "", page = "" } = tag.dataset;
  await start({ runtime, page });
  document.dispatchEvent(new CustomEvent("tollbridge:started"));
}
