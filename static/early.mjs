/**
 * The page before Python. A runtime takes a second to start, on a slow line ten; until then this
 * file, small and without dependencies, keeps the promise that nothing a visitor does is lost:
 *
 * - a message that is sent becomes a waiting bubble, a button with `data-press` that is pressed
 *   turns busy; both stand in a queue that outlives a reload, as does the draft;
 * - what the start is doing is shown in bytes (`tollbridge:progress`, from interpreter.mjs), and
 *   when nothing comes for ten seconds or a file is missing, a plain explanation with a way out.
 *
 * Python takes over by `tollbridgeEarly.take()`, in the same breath in which it attaches its own
 * listeners, and replays what it is given. From then on nothing here runs, except for the choice
 * between light and dark, which Python has no part in.
 *
 * Every text stands in index.html, in `data-` attributes of the element that shows it.
 */

const DRAFT = "tollbridge-draft"; // in sessionStorage; Python goes on with it
const QUEUE = "tollbridge-queue"; // in sessionStorage, until Python took it
const THEME = "tollbridge-theme"; // in localStorage: "light", "dark", or nothing for the system's
const THEMES = ["", "light", "dark"];
const SILENCE_MS = 10_000;
const TAKE_OVER_MS = 1_000; // for what Python awaits before it takes over
const QUEUE_MAX = 50; // more than anyone writes in a start; the next one stays in the composer
const REASON_CHARS_MAX = 160; // an engine's message may hold a whole stack

const root = document.documentElement;
const byId = (id) => document.getElementById(id);
const part = (node, name) => node.querySelector(`[data-part="${name}"]`);

/** What is kept under `key`; "" where there is nothing, or where the browser keeps nothing. */
function kept(area, key) {
  try {
    return globalThis[area].getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** Keep `value`, or forget the key if it is empty. A browser that refuses costs only the memory. */
function keep(area, key, value) {
  try {
    if (value) globalThis[area].setItem(key, value);
    else globalThis[area].removeItem(key);
  } catch {
    // blocked or full: the page itself still has it
  }
}

/* Light and dark */

const themeButton = byId("theme");
let theme = "";

function wear(wanted) {
  theme = THEMES.includes(wanted) ? wanted : "";
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  if (themeButton) themeButton.textContent = themeButton.dataset[theme || "system"];
}

wear(kept("localStorage", THEME)); // first of all: where this file is here in time, nothing flashes
themeButton?.addEventListener("click", () => {
  wear(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]);
  keep("localStorage", THEME, theme);
});
addEventListener("storage", (event) => {
  if (event.key === THEME) wear(event.newValue); // another tab's choice
});

/* What a visitor does before Python can */

const composer = byId("composer");
const draft = byId("draft");
const template = byId("turn");
const bubbles = [];
let queue = [];

const early = new AbortController(); // aborted when Python takes over
const listening = { capture: true, signal: early.signal };
// A page whose Python is ready without having taken anything is not ours to hold up.
const waiting = () => root.dataset.state !== "ready";

/** Keep an event from everyone else: it is in the queue, and must not be heard a second time. */
function swallow(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

function showWaiting({ text }) {
  const bubble = template.content.firstElementChild.cloneNode(true);
  bubble.dataset.role = "user";
  bubble.dataset.state = "waiting";
  part(bubble, "who").textContent = template.dataset.you;
  part(bubble, "words").textContent = text;
  part(bubble, "mark").textContent = template.dataset[root.dataset.state] ?? "";
  part(bubble, "mark").hidden = false;
  bubbles.push(bubble);
  byId("welcome").hidden = true;
  byId("log").append(bubble);
  byId("scroller").scrollTop = byId("scroller").scrollHeight;
}

function showPressed({ id }) {
  byId(id)?.setAttribute("aria-busy", "true");
}

function enqueue(action) {
  queue.push(action);
  keep("sessionStorage", QUEUE, JSON.stringify(queue));
  (action.kind === "send" ? showWaiting : showPressed)(action);
}

function send() {
  const text = draft.value.trim();
  if (!text) draft.focus();
  if (!text || queue.length >= QUEUE_MAX) return;
  const chosen = (id) => byId(id)?.value ?? "";
  draft.value = "";
  keep("sessionStorage", DRAFT, "");
  enqueue({ kind: "send", text, provider: chosen("provider"), model: chosen("model") });
}

function heardSubmit(event) {
  if (event.target !== composer || !waiting()) return;
  swallow(event);
  send();
}

function heardKey(event) {
  const { key, target, shiftKey, ctrlKey, altKey, metaKey } = event;
  if (key !== "Enter" || target !== draft || !waiting()) return;
  // 229 is how Safari tells that an input method is at work.
  if (shiftKey || ctrlKey || altKey || metaKey || event.isComposing || event.keyCode === 229) return;
  swallow(event);
  if (!event.repeat) send();
}

function heardPress(event) {
  const button = event.target.closest?.("button[data-press]");
  if (!button || !waiting()) return;
  swallow(event);
  const again = queue.some((action) => action.id === button.id);
  if (!again && queue.length < QUEUE_MAX) enqueue({ kind: "press", id: button.id });
}

/** Show again what the last page was told and never got to do. */
function restore() {
  try {
    queue = JSON.parse(kept("sessionStorage", QUEUE) || "[]");
    for (const action of queue) (action.kind === "send" ? showWaiting : showPressed)(action);
  } catch {
    queue = []; // not what we wrote
  }
  if (draft.value) keep("sessionStorage", DRAFT, draft.value); // typed before this file was here
  else draft.value = kept("sessionStorage", DRAFT);
  if (wasSentBefore()) send();
}

/**
 * Whether Send was pressed before this file was here. The form (`method="dialog"`) did nothing
 * then, but the browser remembers on its fields that somebody tried.
 */
function wasSentBefore() {
  const selector = ":user-valid";
  return CSS.supports(`selector(${selector})`) && byId("sent-before").matches(selector);
}

/* What the start is doing */

const start = byId("start");
const bar = part(start, "bar");
const line = part(start, "line");
const notice = byId("slow-start");
const reason = part(notice, "reason");
let silence = 0;
let failed = ""; // why, as `explain` has it

/** Put `text` where people who listen to the page hear it, once. */
function say(text) {
  byId("status").textContent = text;
}

/** Say why Python is not there; `what` is the file or the message that tells it. */
function explain(why, what = "") {
  reason.textContent = reason.dataset[why].replace("{what}", what.slice(0, REASON_CHARS_MAX));
  notice.hidden = false;
  say(`${part(notice, "title").textContent} ${reason.textContent}`);
}

function breakDown(why, what) {
  // The first reason explains the others, and a missing file what fails for want of it.
  const known = failed === "missing" || (failed && why !== "missing");
  if (known || root.dataset.state !== "starting") return;
  failed = why;
  start.dataset.stuck = "";
  clearTimeout(silence);
  explain(why, what);
}

/** Something moved: give the rest another ten seconds. */
function moved() {
  clearTimeout(silence);
  if (failed || root.dataset.state !== "starting") return;
  notice.hidden = true;
  silence = setTimeout(() => explain("silent"), SILENCE_MS);
}

function heardProgress({ detail: { loaded, total } }) {
  moved();
  const megabytes = (bytes) =>
    (bytes / 1e6).toLocaleString(root.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
  const whole = loaded >= total;
  const text = line.dataset[whole ? "whole" : "bytes"]
    .replace("{loaded}", megabytes(loaded))
    .replace("{total}", megabytes(total));
  if (line.textContent !== text) line.textContent = text;
  if (whole) bar.removeAttribute("value"); // Python is at work, and cannot tell how far it is
  else [bar.max, bar.value] = [total, loaded];
}

const fileName = (url) => new URL(url, location.href).pathname.split("/").pop();
// A script of somebody else's may err without harm: whether Python comes does not depend on it.
const isForeign = (url) => document.querySelector("script[data-foreign]")?.src === url;
const ofThisPage = (url) => !url || url.startsWith(location.origin + "/");

function heardError(event) {
  const { target, filename, message } = event;
  if (target instanceof HTMLScriptElement && target.src) breakDown("missing", fileName(target.src));
  else if (target === window && ofThisPage(filename) && !isForeign(filename)) breakDown("error", message);
}

/** The page's Python was run. If nobody takes over then, it ended with an error. */
function heardEnd() {
  setTimeout(() => early.signal.aborted || breakDown("ended"), TAKE_OVER_MS);
}

/** A file that the server does not have, whoever asked for it. */
function heardLoads(list) {
  for (const { name, responseStatus, initiatorType } of list.getEntries()) {
    const needed = !["css", "img", "link"].includes(initiatorType) && ofThisPage(name);
    if (needed && responseStatus >= 400) breakDown("missing", fileName(name));
  }
}

const loads = new PerformanceObserver(heardLoads);

/** The page itself says that it could not start: what waits goes with the next try. */
function heardState() {
  moved();
  for (const bubble of bubbles) {
    part(bubble, "mark").textContent = template.dataset[root.dataset.state] ?? "";
  }
}

const state = new MutationObserver(heardState);

/** A way out that works without this file too; with it, the address stays as it is. */
function heardRetry(event) {
  if (!event.target.matches("[data-reload]")) return;
  event.preventDefault();
  location.reload();
}

globalThis.tollbridgeEarly = {
  /**
   * Hand everything over and fall silent.
   *
   * @returns {string} A list as JSON, oldest first: `{kind: "send", text, provider, model}` (a
   *   field is "" where the page offers no choice) or `{kind: "press", id}`. "[]" ever after.
   */
  take() {
    const taken = JSON.stringify(queue);
    queue = [];
    early.abort();
    loads.disconnect();
    state.disconnect();
    clearTimeout(silence);
    notice.hidden = true;
    keep("sessionStorage", QUEUE, "");
    for (const bubble of bubbles.splice(0)) bubble.remove();
    for (const { id } of JSON.parse(taken)) if (id) byId(id)?.removeAttribute("aria-busy");
    return taken;
  },
};

if (waiting()) {
  document.addEventListener("submit", heardSubmit, listening);
  document.addEventListener("keydown", heardKey, listening);
  document.addEventListener("click", heardPress, listening);
  draft.addEventListener("input", () => keep("sessionStorage", DRAFT, draft.value), listening);
  document.addEventListener("tollbridge:progress", heardProgress, listening);
  addEventListener("error", heardError, listening);
  addEventListener(
    "unhandledrejection",
    ({ reason: why }) => breakDown("error", String(why?.message ?? why)),
    listening,
  );
  addEventListener("py:all-done", heardEnd, listening); // by PyScript
  addEventListener("tollbridge:started", heardEnd, listening); // by boot.mjs
  loads.observe({ type: "resource", buffered: true });
  state.observe(root, { attributeFilter: ["data-state"] });
  notice.classList.remove("by-time"); // the stylesheet's clock, for when this file is missing
  restore();
  moved();
  say(line.textContent);
}
document.addEventListener("submit", heardRetry);
