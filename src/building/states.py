"""The named states of the page: how each is reached, as a visitor would reach it.

Shared by `build.py shots`, which photographs them for a person to look at, and by the browser
tests, which ask the same states about contrast, targets and whatever else a script can measure.
"""

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from building.scene import ANSWER_MS, PROSE, PYTHON_MS, Scene, hold_runtime, take
from building.widget_states import widget, widget_answered, widget_quota


async def start(scene: Scene) -> None:
    """The skeleton, while the runtime's files are held back."""
    await hold_runtime(scene.page)
    await scene.page.goto("./")


async def start_waiting(scene: Scene) -> None:
    """A message was sent before Python was up."""
    await start(scene)
    await scene.page.locator("#draft").fill("Am I early?")
    await scene.page.locator("#send").click()
    await expect(scene.page.locator("#log article")).to_have_attribute("data-state", "waiting")


async def start_slow(scene: Scene) -> None:
    """Ten seconds without progress: the plain explanation."""
    await scene.page.clock.install()
    await start(scene)
    await scene.page.clock.run_for(11_000)


async def start_failed(scene: Scene) -> None:
    """A file of the runtime is missing."""
    await scene.page.route("**/pyodide.asm.wasm*", lambda route: route.abort())
    await scene.page.goto("./")
    await expect(scene.page.locator("#slow-start")).to_be_visible(timeout=PYTHON_MS)


async def ready(scene: Scene) -> None:
    """Python runs, the visitor is signed in, every credit is there."""
    await scene.page.goto("./")
    await expect(scene.page.locator("#counter")).to_contain_text("20 of 20 left", timeout=PYTHON_MS)


async def streaming(scene: Scene) -> None:
    """An answer that is still coming."""
    await ready(scene)
    await scene.ask("Go on for ever", model="demo-endless")
    await expect(scene.page.locator("#log article").last).to_contain_text("12 ", timeout=ANSWER_MS)


async def answered(scene: Scene) -> None:
    """One question, answered to its end with everything that Markdown has."""
    await ready(scene)
    await scene.ask(PROSE)
    await scene.last("done")


async def variants(scene: Scene) -> None:
    """A second answer to the same question."""
    await ready(scene)
    await scene.ask("What is a toll bridge?")
    await scene.last("done")
    await scene.page.locator("#log article").last.locator("[data-part=retry]").click()
    await expect(scene.page.get_by_text("2 / 2")).to_be_visible(timeout=ANSWER_MS)
    await scene.last("done")


async def editing(scene: Scene) -> None:
    """A sent message is open for editing."""
    await ready(scene)
    await scene.ask("What is a tol bridge?")
    await scene.last("done")
    first = scene.page.locator("#log article").first
    await first.hover()
    await first.locator("[data-part=edit]").click()


async def stopped(scene: Scene) -> None:
    """An answer that the visitor stopped."""
    await streaming(scene)
    await scene.page.keyboard.press("Escape")
    await scene.last("stopped")


async def broken(scene: Scene) -> None:
    """An answer that broke off in the middle."""
    await ready(scene)
    await scene.ask("Will this arrive?", model="demo-cut")
    await scene.last("broken")


async def limited(scene: Scene) -> None:
    """A 429 of the provider's, with its countdown."""
    await ready(scene)
    await scene.ask("Too much?", model="demo-429")
    await scene.last("failed")


async def far_up(scene: Scene) -> None:
    """The visitor reads further up while an answer comes: the way down is offered."""
    await ready(scene)
    await scene.ask(PROSE)
    await scene.last("done")
    await scene.ask("Go on for ever", model="demo-endless")
    await scene.last("streaming")  # before it, the new message would take the visitor down again
    await scene.page.locator("#scroller").evaluate("node => node.scrollTo(0, 0)")
    await expect(scene.page.locator("#latest")).to_be_visible()


async def menu(scene: Scene) -> None:
    """The menu of the bar."""
    await answered(scene)
    await scene.page.locator("#more").click()


async def shortcuts(scene: Scene) -> None:
    """What the keyboard can do."""
    await ready(scene)
    await scene.page.keyboard.press("?")
    await expect(scene.page.locator("#shortcuts")).to_be_visible()


async def low(scene: Scene) -> None:
    """Few credits are left."""
    await ready(scene)
    await take(scene, 17)
    await scene.ask("How many are left?")
    await scene.last("done")


async def quota(scene: Scene) -> None:
    """No credit was left for the message: the dialog."""
    await ready(scene)
    await take(scene, 20)
    await scene.ask("One question more")
    await expect(scene.page.get_by_role("dialog")).to_be_visible(timeout=ANSWER_MS)


async def voucher_wrong(scene: Scene) -> None:
    """A code that nobody gave out."""
    await quota(scene)
    dialog = scene.page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("TB-NOT-A-CODE")
    await dialog.get_by_role("button", name="Redeem").click()
    await expect(dialog.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")


async def quota_closed(scene: Scene) -> None:
    """The dialog was closed: the message is kept, and a later one finds the notice."""
    await quota(scene)
    await scene.page.keyboard.press("Escape")
    await expect(scene.page.get_by_role("dialog")).to_be_hidden()
    await scene.page.locator("#send").click()
    await expect(scene.page.locator("#quota")).to_be_visible(timeout=ANSWER_MS)


async def credits(scene: Scene) -> None:
    """The dialog, opened by hand while there are credits."""
    await ready(scene)
    await scene.page.locator("#counter").click()
    await expect(scene.page.get_by_role("dialog")).to_be_visible()


async def offline(scene: Scene) -> None:
    """The connection is gone."""
    await answered(scene)
    await scene.page.context.set_offline(True)
    await scene.page.locator("#draft").fill("Is anybody there?")


async def unreachable(scene: Scene) -> None:
    """The page is there, its gateway is not."""
    await scene.page.route("**/api/**", lambda route: route.abort())
    await scene.page.goto("./")
    await expect(scene.page.locator("#problem")).to_be_visible(timeout=PYTHON_MS)


async def right_to_left(scene: Scene) -> None:
    """The same page for a language that is written from right to left."""
    await answered(scene)
    await scene.page.evaluate("document.documentElement.dir = 'rtl'")
    await scene.page.locator("#draft").fill("מה זה גשר אגרה?")


async def lost(scene: Scene) -> None:
    """An address that leads nowhere."""
    await scene.page.goto("./no/such/page")


STATES: dict[str, Callable[[Scene], Awaitable[None]]] = {
    "start": start,
    "start-waiting": start_waiting,
    "start-slow": start_slow,
    "start-failed": start_failed,
    "ready": ready,
    "streaming": streaming,
    "answered": answered,
    "variants": variants,
    "editing": editing,
    "stopped": stopped,
    "broken": broken,
    "limited": limited,
    "far-up": far_up,
    "menu": menu,
    "shortcuts": shortcuts,
    "low": low,
    "quota": quota,
    "voucher-wrong": voucher_wrong,
    "quota-closed": quota_closed,
    "credits": credits,
    "offline": offline,
    "unreachable": unreachable,
    "right-to-left": right_to_left,
    "widget": widget,
    "widget-answered": widget_answered,
    "widget-quota": widget_quota,
    "lost": lost,
}
