"""The Mini App in a site: Telegram's script from our origin, and a mock only where it is wanted."""

import re

from building.site import ROOT, site_files
from tollbridge.gateway.identity.telegram_bots import MOCK_TOKEN


def test_page_and_gateway_know_the_same_token() -> None:
    """TG-M11: the demo's gateway is given what the mock signs with."""
    source = (ROOT / "static" / "telegram_mock.mjs").read_text("utf-8")
    assert re.findall(r'^const TOKEN = "(.*)";$', source, re.MULTILINE) == [MOCK_TOKEN]


def test_a_site_that_is_copied_elsewhere_has_nothing_of_it() -> None:
    """TG-M11: unless it is asked for."""
    files = site_files(ROOT)
    assert not [name for name in files if "mock" in name]
    assert b"mock" not in files["miniapp.html"]
    assert not [name for name, content in files.items() if MOCK_TOKEN.encode() in content]
    asked = site_files(ROOT, mock_telegram=True)
    assert [name for name in asked if name.endswith("/telegram_mock.mjs")]
    assert b"telegram_mock.mjs" in asked["miniapp.html"]


def test_telegrams_script_comes_from_our_own_origin() -> None:
    """As it is in the pinned package, checked by the browser, and named by no other host."""
    files = site_files(ROOT)
    (name,) = (name for name in files if name.endswith("/telegram-web-app.js"))
    package = ROOT / "node_modules" / "@twa-dev" / "sdk" / "dist" / "telegram-web-apps.js"
    assert files[name] == package.read_bytes()
    page = files["miniapp.html"].decode()
    assert re.search(rf'<script src="\./{re.escape(name)}"[^>]* integrity="sha384-', page)
    assert "telegram.org" not in page.replace("https://web.telegram.org", "")
