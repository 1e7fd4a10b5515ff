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

const OTHER = "it is not the file that this page was built with";

/** @param {string} path Told as a host does: WebAssembly is compiled as nothing else. */
const typeOf = (path) => (path.endsWith(".wasm") ? "application/wasm" : "application/octet-stream");

/** @param {ArrayBuffer} bytes A hash, as an `integrity` attribute has it. */
const inBase64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

/** Files of the manifest, on their way from the moment that this is made. */
export class Downloads {
  /**
   * @param {string[]} paths
   * @param {string} streamed The one that is taken before it is all here, to compile it on its way.
   */
  constructor(paths, streamed = "") {
    this.total = paths.reduce((sum, path) => sum + manifest.files[path].bytes, 0);
    this.loaded = 0;
    /** Rejects when a file does not come, or is another one. @type {Promise<never>} */
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => {}); // said to who starts Python, and to nobody before
    this.tell(0);
    /** Those that nobody has taken yet. @type {Map<string, Promise<Response>>} */
    this.waiting = new Map();
    const checks = paths.map((path) => this.begin(path, path === streamed));
    /** Fulfilled when all are here and are what the manifest says. */
    this.checked = Promise.all(checks);
  }

  /** @param {string} path @param {boolean} isStreamed */
  begin(path, isStreamed) {
    const url = absolute(path);
    const hashed = globalThis.crypto?.subtle !== undefined;
    const asked = fetch(url, hashed ? {} : { integrity: manifest.files[path].integrity });
    // A clone below: a response made by us would compile without the browser's cache of compiled code.
    const ours = isStreamed ? asked.then((response) => response.ok && response.clone()) : asked;
    const bytes = this.check(path, asked, ours, hashed);
    const refused = () => Response.error();
    const taken = isStreamed
      ? ours.then((copy) => (copy ? asked : refused()))
      : bytes.then((whole) => new Response(whole, { headers: { "Content-Type": typeOf(path) } }));
    this.waiting.set(url, taken.catch(refused));
    return bytes;
  }

  /**
   * Reads a file and looks whether it is the one of the manifest; fails with its name.
   * @param {string} path
   * @param {Promise<Response>} asked
   * @param {Promise<Response | false>} ours What may be read of it.
   * @param {boolean} hashed Whether that is left to us.
   */
  async check(path, asked, ours, hashed) {
    const { bytes, integrity } = manifest.files[path];
    try {
      const response = await asked;
      if (!response.ok) throw new Error(`it was answered with ${response.status}`);
      const whole = await this.read(/** @type {Response} */ (await ours), bytes);
      if (hashed && integrity !== `sha384-${inBase64(await crypto.subtle.digest("SHA-384", whole))}`) {
        throw new Error(OTHER);
      }
      return whole;
    } catch (/** @type {any} */ cause) {
      const name = path.split("/").pop();
      this.fail(new Error(`Python cannot start without ${name}: ${cause.message}`, { cause }));
      return this.failed;
    }
  }

  /**
   * Into one piece of memory: a blob of the parts costs more than all else of a small start.
   * @param {Response} response
   * @param {number} bytes How long it is.
   */
  async read(response, bytes) {
    const whole = new Uint8Array(bytes);
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    let at = 0;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (at + part.value.length > bytes) throw new Error(OTHER);
      whole.set(part.value, at);
      at += part.value.length;
      this.tell(part.value.length);
    }
    if (at < bytes) throw new Error(OTHER);
    return whole;
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
