// @ts-check
/**
 * Has the page kept by its service worker, `sw.js`, once Python is up: before that the network has
 * better things to do. A browser without service workers, or one that forbids them, loses nothing
 * but the visits without a network.
 */
const root = document.documentElement;
const WORKER = new URL("../sw.js", import.meta.url).href;

/** A page with trusted types asks for a policy, whoever passes an address to a worker. */
const types = /** @type {any} */ (globalThis).trustedTypes;
const policy = types?.createPolicy("tollbridge", {
  createScriptURL: (/** @type {string} */ url) => (url.split("?")[0] === WORKER ? url : ""),
});

/** Whether the host lets browsers keep this file, and all others with a hash in their name, for ever. */
async function isImmutable() {
  const { headers } = await fetch(import.meta.url);
  return /\bimmutable\b/.test(headers.get("cache-control") ?? "");
}

async function keepPage() {
  const worker = (await isImmutable()) ? `${WORKER}?immutable` : WORKER;
  const options = { updateViaCache: /** @type {const} */ ("none") };
  await navigator.serviceWorker.register(policy?.createScriptURL(worker) ?? worker, options);
  const { active } = await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map(({ name }) => name);
  const page = new URL(location.href);
  page.search = page.hash = "";
  active?.postMessage({ page: page.href, files });
}

/** Tests and curious people see on the page whether it was kept. */
function heard({ data }) {
  root.dataset.offline = data.kept ? "kept" : "not-kept";
}

function whenReady() {
  if (root.dataset.state !== "ready") return;
  watching.disconnect();
  keepPage().catch(() => {}); // a private window, a full disk: the page works without it
}

const watching = new MutationObserver(whenReady);
if (navigator.serviceWorker) {
  navigator.serviceWorker.addEventListener("message", heard);
  watching.observe(root, { attributeFilter: ["data-state"] });
  whenReady();
}
