/**
 * Compresses files with brotli, which Python's standard library cannot.
 *
 * In: on standard input [{source, target, quality}, …].
 */
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const compress = promisify(brotliCompress);

async function write({ source, target, quality }) {
  const content = readFileSync(source);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: quality,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  writeFileSync(target, await compress(content, { params }));
}

await Promise.all(JSON.parse(readFileSync(0, "utf8")).map(write));
