// @ts-check
/**
 * The Mini App before Python: Telegram's client keeps a placeholder over the page until it is told
 * that there is something to see, and the painted skeleton is. Everything else that is asked of the
 * client is Python's, in `ui/dom/telegram.py`.
 */

/** Telegram's own script is above this one on the page. @type {any} */
const app = /** @type {any} */ (globalThis).Telegram?.WebApp;

app?.ready();
app?.expand();
if (app?.isVersionAtLeast("6.1")) {
  // By name and not by value, so that they follow when the person changes the theme.
  app.setHeaderColor("bg_color");
  app.setBackgroundColor("bg_color");
}
