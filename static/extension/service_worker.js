// @ts-check
/**
 * The extension's service worker. Chrome ends it after 30 idle seconds and starts it again for the
 * next message, so it knows nothing that it could forget, and no model call runs here: those are
 * Python's, in the offscreen document, which goes on without it.
 *
 * It does what only it can: open that document, read and write `chrome.storage`, which the document
 * has not, and write on the extension's icon. Messages are `{kind, …}`; each is answered with
 * `{ok: true, result}` or `{ok: false, message}`.
 */
const chrome = /** @type {any} */ (globalThis).chrome;

const HOST = "offscreen.html";
const VIEWS = ["popup.html", "panel.html"];
// What a restart of the browser ends, and what it does not.
const AREAS = ["session", "local"];
const BADGE_COLOUR = "#0b6b5c"; // --accent of tokens.css; a badge is the same by night
const BADGE_TEXT_COLOUR = "#ffffff";

/** The one opening of the document that is on its way. @type {Promise<void> | undefined} */
let opening;

/** Opens the document unless it is there. Whoever asks while it opens gets the same opening. */
function openHost() {
  opening ??= openOnce().finally(() => (opening = undefined));
  return opening;
}

async function openOnce() {
  if (await isOpen()) return;
  try {
    await chrome.offscreen.createDocument({
      url: HOST,
      reasons: ["WORKERS"],
      justification: "Runs the extension's Python, which signs in, asks and streams answers.",
    });
  } catch (error) {
    // A service worker before this one may have begun it, and died.
    if (!(await isOpen())) throw error;
  }
}

async function isOpen() {
  const documentUrls = [chrome.runtime.getURL(HOST)];
  const contextTypes = ["OFFSCREEN_DOCUMENT"];
  return (await chrome.runtime.getContexts({ contextTypes, documentUrls })).length > 0;
}

/** @param {any} message The area of storage that it names. */
function areaOf({ area }) {
  if (!AREAS.includes(area)) throw new Error(`there is no storage ${area}`);
  return chrome.storage[area];
}

/** @param {any} value */
function text(value) {
  if (typeof value !== "string") throw new Error("a text is missing");
  return value;
}

/** What a page of ours may ask, by `kind`. @type {Record<string, (message: any) => Promise<any>>} */
const FOR_VIEWS = { open: openHost };

/** What Python may ask. @type {Record<string, (message: any) => Promise<any>>} */
const FOR_HOST = {
  "storage.get": async (message) => {
    const key = text(message.key);
    return (await areaOf(message).get(key))[key] ?? null;
  },
  "storage.set": (message) => areaOf(message).set({ [text(message.key)]: text(message.value) }),
  "storage.remove": (message) => areaOf(message).remove(text(message.key)),
  badge: async (message) => {
    await chrome.action.setBadgeBackgroundColor({ color: BADGE_COLOUR });
    await chrome.action.setBadgeTextColor({ color: BADGE_TEXT_COLOUR });
    await chrome.action.setBadgeText({ text: text(message.text) });
    await chrome.action.setTitle({ title: text(message.title) });
  },
};

/**
 * What a sender may ask. Only pages of this extension may ask anything; a content script, were there
 * one, has the extension's id too, but the address of the page that it is in.
 * @param {any} sender
 */
function allowed({ id, url = "" }) {
  if (id !== chrome.runtime.id) return {};
  const name = url.startsWith(chrome.runtime.getURL("")) ? new URL(url).pathname.slice(1) : "";
  if (name === HOST) return FOR_HOST;
  return VIEWS.includes(name) ? FOR_VIEWS : {};
}

chrome.runtime.onMessage.addListener(
  (/** @type {any} */ message, /** @type {any} */ sender, /** @type {any} */ answer) => {
    const kinds = allowed(sender);
    const kind = message?.kind;
    if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) return false; // not ours to answer
    kinds[kind](message).then(
      (result) => answer({ ok: true, result: result ?? null }),
      (error) => answer({ ok: false, message: String(error?.message ?? error) }),
    );
    return true; // the answer comes later
  },
);

// Content scripts could read the refresh token otherwise. `session` is closed to them by itself.
chrome.storage.local.setAccessLevel({ accessLevel: "TRUSTED_CONTEXTS" });
