// @ts-check
// The page of requests.html, and in a worker of it Python: synchronous code stops nobody there.
import { loadPyodide } from "./static/interpreter.mjs";

if (globalThis.document) {
  const policy = globalThis.trustedTypes?.createPolicy("tollbridge", {
    createScriptURL: (/** @type {string} */ url) => url,
  });
  const url = policy ? policy.createScriptURL(import.meta.url) : import.meta.url;
  const worker = new Worker(url, { type: "module" });
  const [ask, stop, left, answer] = ["ask", "stop", "left", "answer"].map((id) =>
    document.getElementById(id),
  );
  worker.onmessage = ({ data: [what, text] }) => {
    if (what === "left") left.textContent = `${text} left`;
    if (what === "ready") ask.disabled = stop.disabled = false;
    if (what === "word") answer.textContent += text;
    if (what === "error") answer.textContent = text;
  };
  ask.onclick = () => {
    answer.textContent = "";
    worker.postMessage("ask");
  };
  stop.onclick = () => worker.postMessage("stop");
} else {
  const python = await loadPyodide();
  await python.loadPackage("requests");
  const source = await fetch("./requests.py");
  await python.runPythonAsync(await source.text());
}
