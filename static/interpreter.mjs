// @ts-check
/**
 * Starts Pyodide for PyScript with what the build prepared: the compiled standard library, our
 * Python beside it on `sys.path`, and no list of packages to fetch. A `pyscript.toml` can name
 * neither; it names this module as its interpreter instead.
 *
 * The downloads begin as soon as this module runs, which the page's head may see to, and are handed
 * to Pyodide when it asks. Not by `<link rel="preload">`, after which Chromium compiles the
 * WebAssembly anew at every visit instead of taking what it kept from the last one.
 *
 * Meanwhile it tells the page how far they are, with `tollbridge:progress` events on the document:
 * `detail` is `{loaded, total}`, bytes as they are after decompression. A file that does not come
 * makes `loadPyodide` fail with its name; Pyodide alone would wait for ever.
 */
import manifest from "./manifest.mjs";
import * as pump from "./sse_pump.mjs";

const OURS = "/lib/tollbridge.zip";

/** @param {string} path As the manifest has it, relative to this folder. */
const absolute = (path) => new URL(path, import.meta.url).href;

/** The files that every start needs, on their way. */
class Downloads {
  /** @param {Record<string, number>} files Decoded size by path. */
  constructor(files) {
    const urls = Object.keys(files).map(absolute);
    this.total = Object.values(files).reduce((sum, bytes) => sum + bytes, 0);
    this.loaded = 0;
    /** Rejects when a file does not come. @type {Promise<never>} */
    this.failed = new Promise((_, reject) => (this.fail = reject));
    this.failed.catch(() => {}); // said to who starts Python, and to nobody before
    this.arrived(0);
    /** Those that nobody has taken yet. @type {Map<string, Promise<Response>>} */
    this.waiting = new Map(urls.map((url) => [url, this.begin(url)]));
  }

  /** @param {string} url */
  async begin(url) {
    try {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`it was answered with ${response.status}`);
      // A clone: a response made by us would compile without the browser's cache of compiled code.
      this.count(url, response.clone());
      return response;
    } catch (error) {
      this.gone(url, error);
      return Response.error();
    }
  }

  /** @param {string} url @param {Response} copy */
  async count(url, copy) {
    try {
      const reader = copy.body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        this.arrived(part.value.length);
      }
    } catch (error) {
      this.gone(url, error);
    }
  }

  /** @param {string} url @param {Error} cause */
  gone(url, cause) {
    const name = new URL(url).pathname.split("/").pop();
    this.fail(new Error(`Python cannot start without ${name}: ${cause.message}`, { cause }));
  }

  /** @param {number} bytes */
  arrived(bytes) {
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
   * Lets Pyodide take them: it fetches by itself and has no option for a response.
   * @param {() => Promise<any>} start
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

const downloads = new Downloads(manifest.files);
const pyodide = await import(absolute(manifest.pyodide + "pyodide.mjs"));
export const version = pyodide.version;

/** @param {Record<string, any>} options What Pyodide's own function takes. */
export async function loadPyodide(options = {}) {
  const ours = downloads.take(absolute(manifest.ours)).then((response) => response.arrayBuffer());
  const python = await downloads.during(() =>
    pyodide.loadPyodide({
      lockFileContents: options.lockFileURL ? undefined : manifest.lock,
      packageBaseUrl: absolute(manifest.pyodide),
      ...options,
      indexURL: absolute(manifest.pyodide),
      stdLibURL: absolute(manifest.library),
      env: { ...options.env, PYTHONPATH: [OURS, options.env?.PYTHONPATH].filter(Boolean).join(":") },
      fsInit: async (/** @type {any} */ files, /** @type {any} */ places) => {
        files.writeFile(OURS, new Uint8Array(await ours));
        await options.fsInit?.(files, places);
      },
    }),
  );
  python.registerJsModule("tollbridge_pump", pump);
  return python;
}
