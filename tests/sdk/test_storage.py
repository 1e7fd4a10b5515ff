"""Storage keeps text."""

from tollbridge.sdk.storage import MemoryStorage


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
