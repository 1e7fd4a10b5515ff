// @ts-check
/// <reference lib="webworker" />
/**
 * Keeps what a page was started from, so that the next visit needs no network for it: without one
 * the page is there, with Python and everything that was said, up to the next call.
 *
 * - A page is asked for at its host first, so that a new version is seen at once; where the host is
 *   silent for three seconds, the page that was kept stands in.
 * - What carries a hash in its name never changes: it is taken from what was kept. Where the host lets
 *   browsers keep such files for ever, that is left to the browser as long as the host answers: its
 *   own cache has the WebAssembly compiled.
 * - Nothing else is touched, and never a call: an answer is worth a credit, and is not kept.
 *
 * A page says which files it was started from (`offline.mjs`); it is kept with all of them, or not
 * at all. What it does not need any more goes then.
 */
const scope = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const PREFIX = "tollbridge ";
const SILENCE_MS = 3_000;
/** Whether the host says of hashed files that they never change; `offline.mjs` has looked. */
const isKeptByBrowser = new URL(scope.location.href).searchParams.has("immutable");
/** Whether the page that was asked for last had to come from what was kept. */
let isSilent = false;
const HASHED = /-[0-9a-f]{10}[./]/;
const ADDRESS = /"\.\/([^"]+)"/g;

/** @param {string | URL} url What belongs to a page is kept under its path. */
const cacheOf = (url) => caches.open(PREFIX + new URL(url).pathname.replace(/index\.html$/, ""));
/** @param {string} url */
const isHashed = (url) => HASHED.test(new URL(url).pathname.slice(root().pathname.length));
const root = () => new URL(scope.registration.scope);

scope.addEventListener("install", () => scope.skipWaiting());
scope.addEventListener("activate", (event) => {
  // The page is asked for while this worker starts, and not after it.
  const preload = scope.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([preload, scope.clients.claim()]));
});

scope.addEventListener("message", (event) => {
  const { page, files } = event.data;
  const told = keep(page, files).then(
    (kept) => event.source?.postMessage({ kept }),
    () => event.source?.postMessage({ kept: false }), // full, or offline: the next visit tries again
  );
  event.waitUntil(told);
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const isOurs = origin === root().origin && !pathname.startsWith(`${root().pathname}api/`);
  if (request.method !== "GET" || !isOurs || request.headers.has("range")) return;
  if (request.mode === "navigate") event.respondWith(pageFor(request, event.preloadResponse));
  else if (isHashed(request.url) && (isSilent || !isKeptByBrowser)) {
    event.respondWith(fileFor(request));
  }
});

/**
 * Keep a page with the files that it was started from.
 * @param {string} page
 * @param {string[]} files
 * @returns {Promise<boolean>} Whether it is kept. It is not where the host has another version of
 *   it by now, of which nobody knows yet what that one needs.
 */
async function keep(page, files) {
  const response = await fetch(page);
  const text = await response.clone().text();
  const named = [...text.matchAll(ADDRESS)].map(([, path]) => new URL(path, page).href);
  const scripts = named.filter((url) => isHashed(url) && /\.m?js$/.test(url));
  if (!response.ok || !scripts.every((url) => files.includes(url))) return false;
  const wanted = new Set([...files, ...named].filter(isHashed));
  const cache = await cacheOf(page);
  const there = new Set((await cache.keys()).map(({ url }) => url));
  await cache.addAll([...wanted].filter((url) => !there.has(url)));
  await cache.put(page, response);
  for (const url of there) if (isHashed(url) && !wanted.has(url)) await cache.delete(url);
  return true;
}

/**
 * @param {Request} request
 * @param {Promise<Response | undefined>} begun What the browser has asked for by itself, if it has.
 */
async function pageFor(request, begun) {
  const fresh = begun.then((response) => response ?? fetch(request));
  isSilent = false;
  const late = new Promise((_, reject) => setTimeout(reject, SILENCE_MS));
  try {
    return await Promise.race([fresh, late]);
  } catch {
    isSilent = true;
    const kept = await (await cacheOf(request.url)).match(request, { ignoreSearch: true, ignoreVary: true });
    return kept ?? fresh;
  }
}

/** @param {Request} request */
async function fileFor(request) {
  // Whatever else the request says, the name alone decides what is in it.
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}
