// Stock Pyodide as its documentation has it, with the SDK's sources unpacked into it.
import { loadPyodide } from "./pyodide.mjs";

const python = await loadPyodide();
python.runPython('import js\njs.performance.mark("tollbridge:first-statement")');
python.unpackArchive(await (await fetch("./tollbridge_sdk.zip")).arrayBuffer(), "zip");
python.runPython(await (await fetch("./start.py")).text());
await python.globals.get("ask")();
