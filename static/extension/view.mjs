// @ts-check
/**
 * Starts the view. It does not say that the page is started, as `boot.mjs` would by its tag: that is
 * so when Python in the offscreen document has answered, which takes a second when nobody was there.
 */
import { start } from "../boot.mjs";

const chrome = /** @type {any} */ (globalThis).chrome;

await start({ runtime: "micropython", page: "tollbridge.pages.extension_view" });

// The side panel opens in the press itself, or is refused; so the window is asked for before.
const { id: windowId } = await chrome.windows.getCurrent();
document.getElementById("beside")?.addEventListener("click", async () => {
  await chrome.sidePanel.open({ windowId });
  window.close(); // the popup; the conversation goes on beside the page
});
