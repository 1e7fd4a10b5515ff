// Runs Python functions in Pyodide or MicroPython under Node.
// In: the interpreter's .mjs as argument; on standard input {files, calls}: the text of every file
// by its path, and [module, function, arguments] for each call.
// Out: a JSON list of what the calls returned, or of {error}.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const interpreter = await import(pathToFileURL(process.argv[2]).href);
const { files, calls } = JSON.parse(readFileSync(0, "utf8"));
const quiet = { stdout: () => {}, stderr: () => {} };
const python = interpreter.loadPyodide
  ? await interpreter.loadPyodide(quiet)
  : await interpreter.loadMicroPython({ ...quiet, linebuffer: true, heapsize: 16 * 1024 * 1024 });
for (const [path, text] of Object.entries(files)) {
  python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
  python.FS.writeFile(path, text);
}
python.runPython("import sys; sys.path.append('/code')");
const results = [];
for (const [module, name, args] of calls) {
  try {
    results.push(await python.pyimport(module)[name](...args));
  } catch (thrown) {
    results.push({ error: String(thrown.message ?? thrown) });
  }
}
process.stdout.write(JSON.stringify(results), () => process.exit());
