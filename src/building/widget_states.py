"""The named states of the widget; see `states.py`."""

from playwright.async_api import expect

from building.scene import ANSWER_MS, PROSE, PYTHON_MS, Scene, take


async def widget(scene: Scene) -> None:
    """The widget's launcher on a page that sells something."""
    await scene.page.goto("./widget-demo.html")
    await expect(scene.page.locator("tollbridge-widget .launcher")).to_be_visible()


async def widget_answered(scene: Scene) -> None:
    """The widget's panel with a question and its answer."""
    await widget(scene)
    await scene.page.locator("tollbridge-widget .launcher").click()
    await ask_widget(scene, PROSE)
    answer = scene.page.locator("tollbridge-widget article").last
    await expect(answer).to_have_attribute("data-state", "done", timeout=ANSWER_MS)


async def widget_quota(scene: Scene) -> None:
    """No credit was left for the question: the notice on the panel."""
    await widget(scene)
    await scene.page.locator("tollbridge-widget .launcher").click()
    left = scene.page.locator("tollbridge-widget [data-part=left]")
    await expect(left).to_contain_text("20", timeout=PYTHON_MS)
    await take(scene, 20)
    await ask_widget(scene, "One question more")
    notice = scene.page.locator("tollbridge-widget [data-part=credits] .notice")
    await expect(notice).to_be_visible(timeout=ANSWER_MS)


async def ask_widget(scene: Scene, text: str) -> None:
    """Write a question into the widget and press Enter."""
    draft = scene.page.locator("tollbridge-widget textarea")
    await draft.fill(text)
    await draft.press("Enter")
