// @ts-check
/**
 * Starts Pyodide with what the build prepared: the compiled standard library, our Python beside it
 * on `sys.path`, and no list of packages to fetch. A `pyscript.toml` can name neither; it names this
 * module as its interpreter instead. `boot.mjs` starts Pyodide through it as well.
 *
 * The downloads begin as soon as this module runs, which the page's head may see to, and are handed
 * to Pyodide when it asks. None of its Python runs before all of them are checked.
 */
import { absolute, Downloads } from "./downloads.mjs";
import manifest from "./manifest.mjs";
import * as pump from "./sse_pump.mjs";

const OURS = "/lib/tollbridge.zip";
const { folder, library, lock, ours, wasm } = manifest.pyodide;

const downloads = new Downloads([wasm, library, ours], wasm);
downloads.checked.catch(() => {}); // said by `during`
const pyodide = await import(absolute(folder + "pyodide.mjs"));
export const version = pyodide.version;

/** @param {Record<string, any>} options What Pyodide's own function takes. */
export async function loadPyodide(options = {}) {
  const archive = downloads.take(absolute(ours)).then((response) => response.arrayBuffer());
  const python = await downloads.during(() =>
    pyodide.loadPyodide({
      lockFileContents: options.lockFileURL ? undefined : lock,
      packageBaseUrl: absolute(folder),
      ...options,
      indexURL: absolute(folder),
      stdLibURL: absolute(library),
      env: { ...options.env, PYTHONPATH: [OURS, options.env?.PYTHONPATH].filter(Boolean).join(":") },
      fsInit: async (/** @type {any} */ files, /** @type {any} */ places) => {
        files.writeFile(OURS, new Uint8Array(await archive));
        await downloads.checked;
        await options.fsInit?.(files, places);
      },
    }),
  );
  python.registerJsModule("tollbridge_pump", pump);
  return python;
}
