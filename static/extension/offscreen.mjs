// @ts-check
/**
 * The document that nobody sees. Python runs in a worker of it: all pages of an extension share one
 * thread, and a popup that opens while Pyodide starts would stand still for a second or two.
 *
 * A worker has no `chrome`, so this carries texts between the two: from each view's port to a line
 * of Python's, and from Python's line `background` to the service worker. It reads none of them.
 */
const chrome = /** @type {any} */ (globalThis).chrome;
const PROGRAM = new URL("./python.mjs", import.meta.url).href;
const VIEWS = ["popup.html", "panel.html"].map((name) => chrome.runtime.getURL(name));

/** A page with trusted types asks for a policy, whoever passes an address to a worker. */
const types = /** @type {any} */ (globalThis).trustedTypes;
const policy = types?.createPolicy("tollbridge", { createScriptURL: () => PROGRAM });
const worker = new Worker(policy?.createScriptURL(PROGRAM) ?? PROGRAM, { type: "module" });

/** @param {string} name @returns {string} What a `<meta>` of this page says. */
const setting = (name) =>
  document.querySelector(`meta[name="${name}"]`)?.getAttribute("content") ?? "";

/**
 * Give Python one end of a new line, and return the other.
 * @param {any} who
 */
function line(who) {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(who, [port2]);
  return port1;
}

/** Python failed, and stays so: without this document, the next view opens a new one. */
worker.onmessage = () => window.close();
worker.onerror = () => window.close();

const background = line({
  name: "background",
  gateway: setting("tollbridge-gateway"),
  paywall: setting("tollbridge-paywall"),
});

background.onmessage = async ({ data }) => {
  const { request: id, kind, params } = JSON.parse(data);
  let answer;
  try {
    answer = await chrome.runtime.sendMessage({ ...params, kind });
  } catch (error) {
    answer = { ok: false, message: String(/** @type {any} */ (error)?.message ?? error) };
  }
  const { ok = false, result = null, message = "nobody answered" } = answer ?? {};
  const error = ok ? undefined : { type: "paywall", code: "unknown", message };
  if (id) background.postMessage(JSON.stringify({ response: id, result, error })); // 0: nobody waits
};

chrome.runtime.onConnect.addListener((/** @type {any} */ view) => {
  const { id, url = "" } = view.sender;
  if (id !== chrome.runtime.id || !VIEWS.includes(url.split(/[?#]/)[0])) {
    view.disconnect();
    return;
  }
  const python = line({ name: "view", place: view.name });
  python.onmessage = ({ data }) => view.postMessage(data);
  view.onMessage.addListener((/** @type {any} */ text) => python.postMessage(text));
  view.onDisconnect.addListener(() => {
    python.onmessage = null; // what is on its way has nowhere to go
    python.postMessage(null);
  });
});
