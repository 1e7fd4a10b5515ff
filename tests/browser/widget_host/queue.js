// What a page may do before the loader is there.
globalThis.toldEvents = [];
globalThis.tollbridge = globalThis.tollbridge || [];
for (const name of ["ready", "open", "close", "message", "quota", "error"]) {
  tollbridge.push(["on", name, (event) => toldEvents.push([event.type, event.role].filter(Boolean).join(" "))]);
}
