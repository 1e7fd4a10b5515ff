// Telegram's client, as far as a Mini App knows it: takes note of what the page asks of it. Run in
// the page before its own scripts; what the client says is `Telegram.WebView.receiveEvent`.
(() => {
  const posted = [];
  const waiting = new Set();
  globalThis.client = {
    posted,
    /** What was last asked under a name; undefined where nothing was. */
    last: (name) => posted.filter((event) => event.name === name).at(-1)?.data,
    /** The same, once it has these fields. */
    until: (name, fields) =>
      new Promise((resolve) => {
        const look = () => {
          const data = client.last(name);
          const fits = data !== undefined && Object.keys(fields).every((key) => data[key] === fields[key]);
          if (!fits) return false;
          waiting.delete(look);
          resolve(data);
          return true;
        };
        if (!look()) waiting.add(look);
      }),
  };
  globalThis.TelegramWebviewProxy = {
    postEvent(name, text) {
      posted.push({ name, data: JSON.parse(text) });
      for (const look of [...waiting]) look();
    },
  };
})();
