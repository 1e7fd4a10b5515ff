// A button of the page's own that opens the widget, also when it is pressed before the loader is there.
globalThis.tollbridge = globalThis.tollbridge || [];
document.querySelector("#ask").addEventListener("click", () => tollbridge.push(["open"]));
