"""What the tests of metered calls share.

What holds, settles and gives back credits runs on both stores. How requests and answers travel,
and what is decided without a store, would only be found twice.
"""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.support.stores import Store, run_once

ON_BOTH = {
    "test_balance_is_empty",
    "test_charge_on_complete",
    "test_charge_on_first_byte",
    "test_failures_limit",
    "test_faults_of_ours",
    "test_fencing",
    "test_lost_commits",
    "test_page_leaves_early",
    "test_page_leaves_later",
    "test_provider_breaks_off",
    "test_quota_body",
    "test_races",
    "test_repeats",
    "test_settled_before_the_answer",
    "test_strange_ids",
    "test_store_refuses",
    "test_templates",
    "test_we_cut_it",
}


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run on the loop that `serve` runs on; its transports are not asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """See `ON_BOTH`."""
    run_once(metafunc, ON_BOTH)


@pytest.fixture(autouse=True)
def _in_a_store(store: Store) -> None:
    """Have what a test opens be in the store that it runs on."""
