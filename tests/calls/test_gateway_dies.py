"""The last two rows of the table: the gateway dies in the middle of a call.

Death is shown on a copy of its data folder, taken while the call runs: that is what a power cut
leaves behind. `test_killed.py` kills a real process.
"""

import shutil

from tests.calls.outcome import check_form
from tests.support.scripted_provider import Answer, Never
from tests.support.world import open_world


async def die_and_start_again(tmp_path, scripted, *, headers_came):
    """Have a gateway die during a call; return receipt, balance and differences of the next one."""
    alive, left_behind = tmp_path / "alive", tmp_path / "left_behind"
    async with open_world(alive) as world:
        visitor = await world.sign_in()
        world.provider.answers(scripted)
        async with await world.raw_call(visitor) as connection:
            await world.provider.next_request()
            if headers_came:
                assert (await connection.read_head()).status == 200
            shutil.copytree(alive, left_behind)
    async with open_world(left_behind) as world:
        receipt = await world.newest_receipt(visitor)
        check_form(receipt)
        return receipt, await world.balance(visitor), await world.verify()


async def test_before_the_settle_it_is_swept(tmp_path):
    """The next start gives the hold back."""
    scripted = Answer(before=[Never()])
    receipt, balance, differences = await die_and_start_again(
        tmp_path, scripted, headers_came=False
    )
    assert (receipt["state"], receipt["credits_charged"]) == ("swept", 0)
    assert (balance, differences) == (20, [])


async def test_after_the_settle_it_is_lost(tmp_path):
    """What the page may hold stays charged, and the receipt says that nobody saw its end."""
    scripted = Answer(chunks=[b"begun", Never()])
    receipt, balance, differences = await die_and_start_again(tmp_path, scripted, headers_came=True)
    assert (receipt["state"], receipt["credits_charged"]) == ("lost", 1)
    assert (balance, differences) == (19, [])


async def test_many_are_swept_at_once(tmp_path):
    """More calls than one commit of the sweep takes are all given back."""
    alive, left_behind = tmp_path / "alive", tmp_path / "left_behind"
    calls = 600
    async with open_world(alive) as world:
        visitor = await world.sign_in()
        await world.grant(visitor, calls)
        world.provider.always(Answer(before=[Never()]))
        connections = [await world.raw_call(visitor) for _ in range(calls)]
        for _ in connections:
            await world.provider.next_request()
        shutil.copytree(alive, left_behind)
        for connection in connections:
            connection.leave()
    async with open_world(left_behind) as world:
        assert await world.balance(visitor) == 20 + calls
        assert await world.verify() == []
