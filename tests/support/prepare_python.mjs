// Starts Pyodide or MicroPython, in a page, in a worker or under Node, and puts files into it.
// Takes the module that starts it, and the text of each file by its path in the interpreter, which
// imports from /code. Returns the function that runs the shared tests.
import * as pump from "../../static/sse_pump.mjs"; // in a page that is /static/sse_pump.mjs

// What the shared tests and the SDK need, and some more; the default is 1 MiB.
const MICROPYTHON_HEAP_BYTES = 32 * 1024 * 1024;

export async function start(interpreter, files) {
  const printed = { stdout: console.error, stderr: console.error };
  const python = interpreter.loadPyodide
    ? await interpreter.loadPyodide(printed)
    : await interpreter.loadMicroPython({ ...printed, linebuffer: true, heapsize: MICROPYTHON_HEAP_BYTES });
  for (const [path, text] of Object.entries(files)) {
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, text);
  }
  python.registerJsModule("tollbridge_pump", pump);
  python.runPython("import sys; sys.path.append('/code')");
  return python;
}

export async function prepare(interpreter, files) {
  const python = await start(interpreter, files);
  python.runPython("from tests.support.everywhere.runner import run as run_shared_tests");
  return python.globals.get("run_shared_tests");
}
