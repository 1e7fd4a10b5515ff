// @ts-check
/**
 * Telegram for a desktop's browser: `miniapp.html?mock=telegram` opens the Mini App as a client of
 * Telegram would, with launch data that it signs itself, and plays the client around the page.
 *
 * For development: `build.py run` puts it into the site, `dist` leaves it out. What it signs is good
 * only at a gateway that was given this very token, as `serve --demo` is for its own paywall; and
 * because everybody can read it here, whom it signs in is anonymous there.
 *
 * Further words of the address: `id` (whose launch it is), `theme` (`light` or `dark`), `version`
 * (which interface the client speaks), `language`.
 */

const TOKEN = "1:tollbridge-mock-token-which-everybody-knows";
const HEADER_PX = 44; // what the header covers of the page, which the page has to spare
const BUTTON_PX = 56; // what the large button takes away from it

const THEMES = {
  light: {
    bg_color: "#ffffff",
    text_color: "#000000",
    hint_color: "#707579",
    link_color: "#3390ec",
    button_color: "#3390ec",
    button_text_color: "#ffffff",
    secondary_bg_color: "#f4f4f5",
    header_bg_color: "#ffffff",
    section_bg_color: "#ffffff",
    accent_text_color: "#3390ec",
    destructive_text_color: "#e53935",
    bottom_bar_bg_color: "#ffffff",
  },
  dark: {
    bg_color: "#17212b",
    text_color: "#f5f5f5",
    hint_color: "#708499",
    link_color: "#6ab3f3",
    button_color: "#5288c1",
    button_text_color: "#ffffff",
    secondary_bg_color: "#232e3c",
    header_bg_color: "#17212b",
    section_bg_color: "#1d2935",
    accent_text_color: "#6ab2f2",
    destructive_text_color: "#ec3942",
    bottom_bar_bg_color: "#17212b",
  },
};

const asked = new URLSearchParams(location.search);
const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @param {BufferSource} key @param {string} text */
async function hmac(key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes(text)));
}

/** What Telegram would hand to the app now, signed as Telegram signs it. */
async function launchData() {
  const user = {
    id: Number(asked.get("id") ?? 42),
    first_name: "Mock",
    language_code: asked.get("language") ?? "en",
  };
  const fields = {
    auth_date: String(Math.floor(Date.now() / 1000)),
    query_id: `mock-${crypto.randomUUID()}`,
    user: JSON.stringify(user),
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  const secret = await hmac(bytes("WebAppData"), TOKEN);
  const signed = await hmac(secret, lines.sort().join("\n"));
  const hash = [...signed].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return new URLSearchParams({ ...fields, hash }).toString().replaceAll("+", "%20");
}

/** Open the page anew, as a client does: what it has to know stands behind the `#`. */
async function launch() {
  sessionStorage.clear(); // a closed app leaves none behind
  const told = new URLSearchParams({
    tgWebAppData: await launchData(),
    tgWebAppVersion: asked.get("version") ?? "8.0",
    tgWebAppPlatform: "mock",
    tgWebAppThemeParams: JSON.stringify(THEMES[theme]),
  });
  location.hash = told.toString();
  location.reload();
}

/** @type {"light" | "dark"} */
let theme = asked.get("theme") === "dark" ? "dark" : "light";
let mainButtonPx = 0;

/** @param {string} event @param {object} [data] */
const tell = (event, data) => /** @type {any} */ (globalThis).Telegram.WebView.receiveEvent(event, data);
const tellTheme = () => tell("theme_changed", { theme_params: THEMES[theme] });
const tellViewport = () =>
  tell("viewport_changed", {
    height: innerHeight - mainButtonPx,
    is_expanded: true,
    is_state_stable: true,
  });
const tellInsets = () =>
  tell("content_safe_area_changed", { top: HEADER_PX, bottom: 0, left: 0, right: 0 });

/** @param {string} label @param {() => void} pressed */
function button(label, pressed) {
  const node = document.createElement("button");
  node.type = "button";
  node.textContent = label;
  node.addEventListener("click", pressed);
  return node;
}

/** The client around the page: a bar above it, a large button below. */
function playClient() {
  const back = button("‹ Back", () => tell("back_button_pressed"));
  back.hidden = true;
  const name = document.createElement("span");
  name.textContent = "Mock Telegram";
  const scheme = button("Theme", () => {
    theme = theme === "dark" ? "light" : "dark";
    tellTheme();
  });
  const close = button("Close", () => {
    if (!asksBeforeClosing || confirm("Changes that you made may not be saved.")) closed();
  });
  const bar = document.createElement("aside");
  bar.className = "mock-bar";
  bar.setAttribute("aria-label", "Mock Telegram");
  bar.append(back, name, scheme, close);
  const main = button("", () => tell("main_button_pressed"));
  main.className = "mock-main";
  main.hidden = true;
  /** A dialog that is open takes all presses of the page, so the client stands in it. */
  const stand = () =>
    setTimeout(() => (document.querySelector("dialog:modal") ?? document.body).append(bar, main));
  stand();

  let asksBeforeClosing = false;
  const closed = () => {
    document.body.replaceChildren(button("Open the app again", launch));
    document.body.className = "mock-closed";
  };
  /** What the page asks of its client, by the names of Telegram's own events. */
  const answers = {
    web_app_request_theme: tellTheme,
    web_app_request_viewport: tellViewport,
    web_app_request_content_safe_area: tellInsets,
    web_app_setup_back_button: ({ is_visible }) => {
      back.hidden = !is_visible;
      stand();
    },
    web_app_setup_main_button: ({ is_visible, is_active, is_progress_visible, text, color, text_color }) => {
      main.hidden = !is_visible;
      mainButtonPx = is_visible ? BUTTON_PX : 0;
      if (is_visible) {
        main.textContent = is_progress_visible ? "…" : text;
        main.disabled = !is_active;
        Object.assign(main.style, { background: color, color: text_color });
      }
      document.documentElement.toggleAttribute("data-mock-main", is_visible);
      stand();
      tellViewport();
    },
    web_app_setup_closing_behavior: ({ need_confirmation }) => (asksBeforeClosing = need_confirmation),
    web_app_open_link: ({ url }) => open(url, "_blank", "noopener"),
    web_app_close: closed,
  };
  /** @type {any} */ (globalThis).TelegramWebviewProxy = {
    /** @param {string} event @param {string} data */
    postEvent: (event, data) => /** @type {any} */ (answers)[event]?.(JSON.parse(data)),
  };
  addEventListener("resize", tellViewport);
  tellTheme();
  tellInsets();
  tellViewport();
}

if (asked.get("mock") === "telegram") {
  // A reload is one of the same launch, as it is in Telegram.
  if (location.hash.includes("tgWebAppData=")) playClient();
  else await launch();
}
