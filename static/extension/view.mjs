// @ts-check
/** What only Chrome can do for a view: open the side panel, in the press itself, or it is refused. */
const chrome = /** @type {any} */ (globalThis).chrome;
const button = document.getElementById("beside");
const { id: windowId } = await chrome.windows.getCurrent();

button?.addEventListener("click", async () => {
  await chrome.sidePanel.open({ windowId });
  window.close(); // the popup; the conversation goes on beside the page
});
