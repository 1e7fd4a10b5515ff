"""Our wheel, installed by `micropip` from the gateway's own origin into pages that are not ours."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from building.packages import WHEELS
from building.site import ROOT
from tests.browser.conftest import PYTHON_UP_MS, Gateway, OpenTab, origin_of
from tests.support.static_host import static_host
from tollbridge import __version__

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

_PLAIN = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module">
import { loadPyodide } from "./pyodide/pyodide.mjs";
const python = await loadPyodide({ stdLibURL: "./pyodide/python_stdlib.zip" });
await python.loadPackage(new URL("./micropip.whl", location).href);
await python.runPythonAsync(await (await fetch("./use.py")).text());
</script>
<body></body>
"""
_PYSCRIPT = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<script type="module" src="./pyscript/core.js"></script>
<script type="py" src="./use.py" config="./pyscript.toml"></script>
<body></body>
"""
_CONFIG = """interpreter = "./pyodide/pyodide.mjs"
plugins = ["!donkey", "!py-editor", "!py-game", "!py-terminal", "!codemirror"]
[files]
"./micropip.whl" = "./*"
"""
_USE = """
import micropip
await micropip.install("{wheel}")
import js
from tollbridge.sdk import AuthClient, BillingClient
app = {{"paywall_id": "pw_demo", "api_origin": "{origin}"}}
auth = AuthClient(**app)
billing = BillingClient(auth=auth, **app)
await auth.sign_in_anonymously()
answer = await billing.create_api_gateway_client().call(
    provider_id="prov_demo_chat",
    path="v1/chat/completions",
    body={{"model": "demo", "messages": [{{"role": "user", "content": "Hello!"}}]}},
)
await answer.json()
left = (await billing.get_balances(force=True))[0].count
js.document.body.dataset.left = str(left)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def elsewhere(
    gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """A host with the stock runtimes, `micropip`, and two pages that somebody else has written."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "node_modules" / "pyodide", folder / "pyodide")
    shutil.copytree(ROOT / "node_modules" / "@pyscript" / "core" / "dist", folder / "pyscript")
    (micropip,) = (ROOT / WHEELS).glob("micropip-*.whl")
    shutil.copy(micropip, folder / "micropip.whl")
    wheel = f"{gateway.url}/tollbridge-{__version__}-py3-none-any.whl"
    use = _USE.format(wheel=wheel, origin=gateway.url)
    texts = {
        "plain.html": _PLAIN,
        "pyscript.html": _PYSCRIPT,
        "pyscript.toml": _CONFIG,
        "use.py": use,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "_headers").write_text("", "utf-8")
    async with static_host(folder) as origin:
        yield origin


@pytest.mark.parametrize("page", ["plain", "pyscript"])
async def test_a_page_installs_it_and_calls(
    page: str, gateway: Gateway, elsewhere: str, open_tab: OpenTab
) -> None:
    """Signed in, called and counted from another origin, with the runtime as its package has it."""
    tab = await open_tab(f"{elsewhere}/{page}.html")
    body = tab.page.locator("body")
    await expect(body).to_have_attribute("data-left", "19", timeout=PYTHON_UP_MS)
    assert tab.origins - {""} == {elsewhere, origin_of(gateway.url)}
    assert tab.complaints == []
