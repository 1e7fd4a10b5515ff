"""What runs inside the page: reading events, telling many listeners, the counter's frame."""

from playwright.async_api import Page, expect

from building.bench.figures import Figure, median, ratio
from building.bench.goals import figure

EVENTS = 10_000
EVENT_BYTES = 100
SUBSCRIBERS = 1_000
ANSWER_MS = 60_000

# A burst: every event is there before the first is read. The plain reader does what a good one in
# JavaScript does: decode, cut at blank lines, keep the rest.
_EVENTS = """async ([events, bytes]) => {
    const event = new TextEncoder().encode("data: " + "x".repeat(bytes - 8) + "\\n\\n");
    const burst = () => new Response(new ReadableStream({
        start(controller) {
            for (let i = 0; i < events; i++) controller.enqueue(event);
            controller.close();
        },
    }));
    const plain = async (response) => {
        const reader = response.body.getReader();
        const decoder = new TextDecoder();
        let rest = "", count = 0;
        for (;;) {
            const {done, value} = await reader.read();
            if (done) return count;
            const parts = (rest + decoder.decode(value, {stream: true})).split("\\n\\n");
            rest = parts.pop();
            for (const part of parts) count += part.slice(6).length > 0;
        }
    };
    const timed = async (read) => {
        const response = burst(), began = performance.now();
        const count = await read(response);
        if (count !== events) throw new Error(`${count} events were read`);
        return (performance.now() - began) / events * 1000;
    };
    return [await timed(plain), await timed(globalThis.tollbridgeCountEvents)];
}"""

# Frames are counted, and noted when the counter and the first words change.
_WATCH = """() => {
    const seen = globalThis.seenFrames = {frame: 0};
    const tick = () => { seen.frame += 1; requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
    const watch = (selector, changed) => new MutationObserver(changed).observe(
        document.querySelector(selector), {childList: true, characterData: true, subtree: true});
    watch("#counter", () => { seen.counter ??= seen.frame; });
    watch("#log", () => {
        const words = document.querySelector("#log [data-role=assistant] [data-part=words]");
        if (words?.textContent) seen.words ??= seen.frame;
    });
}"""


async def measure_events(page: Page, *, rounds: int) -> list[Figure]:
    """Read the same burst with Python and with plain JavaScript, in turn."""
    await page.evaluate(_EVENTS, [EVENTS, EVENT_BYTES])  # once to warm both
    turns = [await page.evaluate(_EVENTS, [EVENTS, EVENT_BYTES]) for _ in range(rounds)]
    javascript_us, python_us = (median([turn[which] for turn in turns]) for which in (0, 1))
    return [
        figure("events.javascript_us", javascript_us, "us"),
        figure("events.python_us", python_us, "us"),
        figure("events.python_to_javascript", ratio(python_us, javascript_us), "x"),
    ]


async def measure_store(page: Page, *, rounds: int) -> list[Figure]:
    """Change one value that a thousand nodes show."""
    turns = [await page.evaluate("n => tollbridgeStoreUs(n)", SUBSCRIBERS) for _ in range(rounds)]
    return [figure("store.us_per_subscriber", median(turns), "us")]


async def measure_frame(page: Page) -> list[Figure]:
    """Ask once, and see in which frame the counter falls and in which the first words come."""
    await page.evaluate(_WATCH)
    await page.locator("#draft").fill("What is a toll bridge?")
    await page.locator("#send").click()
    answer = page.locator("#log article").last
    await expect(answer).to_have_attribute("data-state", "done", timeout=ANSWER_MS)
    seen = await page.evaluate("seenFrames")
    return [figure("frame.counter_behind_words", seen["counter"] - seen["words"], "frames")]
