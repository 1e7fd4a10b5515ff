/**
 * Compiles archives of Python with the Pyodide that will run them, under Node: only that Python
 * writes the byte code that the page understands, and no CPython of its version need be installed.
 *
 * In: Pyodide's `.mjs` as argument; on standard input [{source, target, place, bare}, …], paths of
 * zip files and what `compile_archive.compiled` takes.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { loadPyodide } = await import(pathToFileURL(process.argv[2]).href);
// Columns in tracebacks point into a source line, and no source is there.
const python = await loadPyodide({ env: { PYTHONNODEBUGRANGES: "1" }, stdout: console.error });
const code = readFileSync(new URL("./compile_archive.py", import.meta.url), "utf8");
python.FS.writeFile("compile_archive.py", code); // in its working directory, and so on its path
const { compiled } = python.pyimport("compile_archive");
try {
  for (const { source, target, place, bare } of JSON.parse(readFileSync(0, "utf8"))) {
    const archive = python.toPy(new Uint8Array(readFileSync(source)));
    writeFileSync(target, compiled.callKwargs(archive, place, { bare }).toJs());
  }
} catch (error) {
  console.error(error.message); // Node itself would print a million characters of Pyodide before it
  process.exitCode = 1;
}
process.exit(); // Pyodide keeps Node running
