// @ts-check
/**
 * Reads a body ahead, so that Python awaits once for all that came and not once for each chunk.
 *
 * In Pyodide an await of a promise costs about fifteen times what a plain JavaScript reader needs
 * for an event of 100 bytes; in a burst of events that would be nearly all of the time. The host
 * registers this module for Python under the name `tollbridge_pump`; without it the SDK reads chunk
 * by chunk.
 */

/** Above this nothing more is read until Python took it: a slow reader still slows the sender. */
export const AHEAD_BYTES_MAX = 256 * 1024;

// A turn of the event loop. Not a timer: those wait for milliseconds, and for a second in a tab that
// nobody looks at.
const { port1, port2 } = new MessageChannel();
/** @type {((value?: unknown) => void)[]} */
const waiting = [];
port1.onmessage = () => {
  waiting.shift()?.();
  if (!waiting.length) keepAlive(false);
};
keepAlive(false);

function turn() {
  return new Promise((resolve) => {
    waiting.push(resolve);
    keepAlive(true);
    port2.postMessage(0);
  });
}

/**
 * Under Node a port that listens keeps the process alive: only while somebody waits for it.
 * @param {boolean} alive
 */
function keepAlive(alive) {
  const port = /** @type {{ref?: () => void, unref?: () => void}} */ (/** @type {unknown} */ (port1));
  alive ? port.ref?.() : port.unref?.();
}

/** Reads ahead; spelt like the reader of a `ReadableStream`. */
class AheadReader {
  /** @param {ReadableStream<Uint8Array>} body */
  constructor(body) {
    this.reader = body.getReader();
    /** @type {Uint8Array[]} */
    this.chunks = [];
    this.bytes = 0;
    this.ended = false;
    /** @type {unknown} */
    this.error = undefined;
    this.failed = false;
    /** Wakes the one who waits for bytes. @type {() => void} */
    this.arrived = () => {};
    /** Wakes the one who waits for room. @type {() => void} */
    this.taken = () => {};
    this.fill();
  }

  async fill() {
    try {
      while (!this.ended) {
        const { done, value } = await this.reader.read();
        if (done) break;
        if (this.ended) return;
        this.chunks.push(value);
        this.bytes += value.length;
        this.arrived();
        while (this.bytes > AHEAD_BYTES_MAX && !this.ended) {
          await new Promise((resolve) => { this.taken = () => resolve(undefined); });
        }
      }
    } catch (error) {
      this.failed = !this.ended;
      this.error = error;
    }
    this.ended = true;
    this.arrived();
  }

  /**
   * All that came since the last time, as soon as there is something. What came before a failure is
   * given before the failure is.
   * @returns {Promise<{done: boolean, value: Uint8Array | undefined}>}
   */
  async read() {
    while (!this.chunks.length && !this.ended) {
      await new Promise((resolve) => { this.arrived = () => resolve(undefined); });
    }
    // What belongs to the same burst is here after a turn; MicroPython would come back before it.
    if (!this.ended && this.bytes <= AHEAD_BYTES_MAX) await turn();
    if (this.chunks.length) return { done: false, value: this.take() };
    if (this.failed) throw this.error;
    return { done: true, value: undefined };
  }

  take() {
    const [first, ...others] = this.chunks;
    let value = first;
    if (others.length) {
      value = new Uint8Array(this.bytes);
      let at = 0;
      for (const chunk of this.chunks) {
        value.set(chunk, at);
        at += chunk.length;
      }
    }
    this.chunks = [];
    this.bytes = 0;
    this.taken();
    return value;
  }

  /** Stops, and drops what nobody took; a reading that waits ends. */
  cancel() {
    this.ended = true;
    this.chunks = [];
    this.bytes = 0;
    this.arrived();
    this.taken();
    return this.reader.cancel();
  }
}

/**
 * Takes a body over.
 * @param {ReadableStream<Uint8Array>} body not locked: what throws here unwinds MicroPython
 */
export function readAhead(body) {
  return new AheadReader(body);
}
