// Runs Python snippets in MicroPython, each in an interpreter of its own.
// In: the path of micropython.mjs as argument, a JSON list of sources on standard input.
// Out: a JSON list of {error, printed}, error being null when the snippet ran to its end.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { loadMicroPython } = await import(pathToFileURL(process.argv[2]).href);
const results = [];
for (const source of JSON.parse(readFileSync(0, "utf8"))) {
  const printed = [];
  const keep = (line) => printed.push(line);
  const python = await loadMicroPython({ stdout: keep, stderr: keep, linebuffer: true });
  let error = null;
  try {
    await python.runPythonAsync(source);
  } catch (thrown) {
    error = String(thrown.message ?? thrown).trim().split("\n").pop();
  }
  results.push({ error, printed });
}
console.log(JSON.stringify(results));
