"""What a tab keeps over a reload: texts in `sessionStorage`, gone when the tab is closed.

What has to outlive it stands in `localStorage`, where whoever uses the device next may find it.
"""

import js

from tollbridge.sdk import platform

DRAFT = "tollbridge-draft"  # `static/early.mjs` keeps the same before Python is up
TRANSCRIPT = "tollbridge-transcript"
BLOCKED = "tollbridge-blocked"
CHOICE = "tollbridge-choice"


async def kept(key: str) -> str:
    """Return the text under `key`, "" where there is none or the browser keeps nothing."""
    return await _kept("sessionStorage", key)


async def keep(key: str, text: str) -> bool:
    """Keep `text` under `key`, nothing where it is "".

    Returns:
        False where the browser refused: storage is blocked, or full. What stood there stays.
    """
    return await _keep("sessionStorage", key, text)


async def kept_on_device(key: str) -> str:
    """Do as `kept`, for what outlives the tab."""
    return await _kept("localStorage", key)


async def keep_on_device(key: str, text: str) -> bool:
    """Do as `keep`, for what outlives the tab."""
    return await _keep("localStorage", key, text)


def keep_at_once(key: str, text: str) -> None:
    """Do as `keep` on a page that is being left, where nothing can be waited for.

    Only after a `keep` went through: a browser that refuses is not heard here.
    """
    js_storage = js.sessionStorage
    if platform.MICROPYTHON:
        # What throws would unwind it, so through a promise, which runs before the page goes.
        js.Promise.resolve(text).then(js_storage.setItem.bind(js_storage, key))
        return
    try:  # Pyodide would keep a promise waiting for a turn that never comes
        js_storage.setItem(key, text)
    except platform.JsException:
        pass  # full by now: what stood there stays


async def _kept(area: str, key: str) -> str:
    try:
        value = await platform.web_storage(area, "getItem", key)
    except (platform.JsException, LookupError):
        return ""
    return "" if platform.is_nullish(value) else str(value)


async def _keep(area: str, key: str, text: str) -> bool:
    try:
        if text:
            await platform.web_storage(area, "setItem", key, text)
        else:
            await platform.web_storage(area, "removeItem", key)
    except (platform.JsException, LookupError):
        return False
    return True
