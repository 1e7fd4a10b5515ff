// A host page's own script: shortcuts on its document, and a click that it wants to hear.
globalThis.heardKeys = [];
document.addEventListener("keydown", (event) => heardKeys.push(event.key));
