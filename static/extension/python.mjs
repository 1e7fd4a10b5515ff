// @ts-check
/** The worker that Python runs in. What comes before Python is up waits in its line. */
const PAGE = "tollbridge.pages.extension";

// Not a static import: a message to this worker that came before it would be lost.
const page = import("../boot.mjs")
  .then(({ start }) => start({ runtime: "pyodide", page: PAGE }))
  .then((python) => python.pyimport(PAGE));

onmessage = async ({ data, ports: [line] }) => {
  try {
    (await page).serve(line, data);
  } catch (error) {
    console.error(error);
    postMessage("failed");
  }
};
