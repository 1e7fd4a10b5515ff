// Runs the shared tests in Pyodide or MicroPython under Node.
// In: the interpreter's .mjs as argument; on standard input {files, plan}: the text of every file by
// its path in the interpreter, and the plan that `runner.run` takes, as text.
// Out: what that returns.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { prepare } from "./prepare_python.mjs";

const interpreter = await import(pathToFileURL(process.argv[2]).href);
const { files, plan } = JSON.parse(readFileSync(0, "utf8"));
const run = await prepare(interpreter, files);
process.stdout.write(await run(plan), () => process.exit());
