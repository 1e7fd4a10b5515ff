"""Storage keeps text; where there is no page, in memory."""

from tollbridge.sdk.storage import LocalStorage, MemoryStorage, default_storage


async def test_memory_keeps_and_forgets() -> None:
    """What is set is there until it is removed; removing nothing is harmless."""
    storage = MemoryStorage()
    assert await storage.get_item("a") is None
    await storage.set_item("a", "1")
    await storage.set_item("a", "2")
    assert await storage.get_item("a") == "2"
    await storage.remove_item("a")
    await storage.remove_item("a")
    assert await storage.get_item("a") is None


def test_outside_a_page_each_client_has_memory_of_its_own() -> None:
    """On a server two clients never share a session by accident."""
    one, other = default_storage(), default_storage()
    assert isinstance(one, MemoryStorage)
    assert not isinstance(one, LocalStorage)
    assert one is not other
