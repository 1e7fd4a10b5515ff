// @ts-check
/**
 * The files that a start of Python needs: fetched at once, counted, and checked against the hashes
 * of the manifest before Python runs anything of them.
 *
 * Not by `<link rel="preload">`, after which Chromium compiles the WebAssembly anew at every visit
 * instead of taking what it kept from the last one; and not by the `integrity` of `fetch`, which
 * gives an answer only when all of it is there: nothing could be counted, and nothing compiled on
 * the way. A page without a secure context has no other way to hash, and does that all the same.
 *
 * How far they are is told by `tollbridge:progress` events on the document: `detail` is
 * `{loaded, total}`, bytes as they are after decompression.
 */
import manifest from "./manifest.mjs";

/** @param {string} path As the manifest has it, relative to this folder. */
export const absolute = (path) => new URL(path, import.meta.url).href;

/** @param {ArrayBuffer} bytes A hash, as an `integrity` attribute has it. */
const inBase64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

/** Files of the manifest, on their way from the moment that this is made. */
export class Downloads {
  /** @param {string[]} paths */
  constructor(paths) {
    this.total = paths.reduce((sum, path) => sum + manifest.files[path].bytes, 0);
    this.loaded = 0;
    /** Rejects when a file does not come, or is another one. @type {Promise<never>} */
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => {}); // said to who starts Python, and to nobody before
    this.tell(0);
    /** Those that nobody has taken yet. @type {Map<string, Promise<Response>>} */
    this.waiting = new Map();
    const checks = paths.map((path) => this.begin(absolute(path), manifest.files[path].integrity));
    /** Fulfilled when all are here and are what the manifest says. */
    this.checked = Promise.all(checks);
  }

  /** @param {string} url @param {string} integrity */
  async begin(url, integrity) {
    const hashed = globalThis.crypto?.subtle !== undefined;
    const asked = fetch(url, hashed ? {} : { integrity });
    // A clone below: a response made by us would compile without the browser's cache of compiled code.
    const ours = asked.then((response) => response.ok && response.clone());
    const refused = () => Response.error();
    this.waiting.set(url, ours.then((copy) => (copy ? asked : refused()), refused));
    try {
      const response = await asked;
      if (!response.ok) throw new Error(`it was answered with ${response.status}`);
      const bytes = await this.count(/** @type {Response} */ (await ours));
      if (hashed && integrity !== `sha384-${inBase64(await crypto.subtle.digest("SHA-384", bytes))}`) {
        throw new Error("it is not the file that this page was built with");
      }
    } catch (/** @type {any} */ cause) {
      const name = new URL(url).pathname.split("/").pop();
      this.fail(new Error(`Python cannot start without ${name}: ${cause.message}`, { cause }));
      await this.failed;
    }
  }

  /** @param {Response} copy */
  async count(copy) {
    const parts = [];
    const reader = /** @type {ReadableStream<Uint8Array>} */ (copy.body).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      this.tell(part.value.length);
    }
    return new Blob(parts).arrayBuffer();
  }

  /** @param {number} bytes More of them are here. */
  tell(bytes) {
    this.loaded += bytes;
    const detail = { loaded: this.loaded, total: this.total };
    // In a worker there is no page to tell.
    globalThis.document?.dispatchEvent(new CustomEvent("tollbridge:progress", { detail }));
  }

  /** Gives each file once; who starts a second Python fetches it anew. @param {string} url */
  take(url) {
    const response = this.waiting.get(url);
    this.waiting.delete(url);
    return response ?? fetch(url);
  }

  /**
   * Lets a runtime take them: it fetches by itself and has no option for a response.
   * @template T
   * @param {() => Promise<T>} start
   * @returns {Promise<T>} It fails with the name of the file that does not come, or is another one;
   *   the runtime alone would wait for ever.
   */
  async during(start) {
    const plain = globalThis.fetch;
    const watching = (/** @type {any} */ what, /** @type {any} */ how) => {
      const url = String(what.url ?? what);
      return this.waiting.has(url) ? this.take(url) : plain.call(globalThis, what, how);
    };
    globalThis.fetch = watching;
    try {
      return await Promise.race([start(), this.failed]);
    } finally {
      if (globalThis.fetch === watching) globalThis.fetch = plain;
    }
  }
}
