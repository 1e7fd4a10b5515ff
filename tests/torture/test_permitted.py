"""What the table permits, read anew: exactly one outcome where nothing happened at once."""

import pytest

from tollbridge.gateway.torture.history import Visit
from tollbridge.gateway.torture.verdict import Evidence, Outcome, permitted

MODES = ("headers", "first_byte", "complete")
COST = 3

WHOLE = {"status": 200, "bytes_sent": 10, "finished": True}
BODILESS = {"status": 204, "bytes_due": False, "finished": True}
CUT_FIRST = {"status": 200}
CUT_LATER = {"status": 200, "bytes_sent": 5}
REFUSED = {"status": 500, "bytes_sent": 5, "finished": True}
RESET = {}


def allowed(mode, done, *, left_at=None, **known):
    """Return the permitted outcomes as words: `ok 3`."""
    visit = None if done is None else Visit(0, 0.0, left_at=left_at, **done)
    evidence = Evidence(mode, COST, visit, **known)
    return {f"{outcome.state} {outcome.charged}" for outcome in permitted(evidence)}


@pytest.mark.parametrize(
    ("done", "headers", "first_byte", "complete"),
    [
        (WHOLE, "ok 3", "ok 3", "ok 3"),
        (BODILESS, "ok 3", "ok 3", "ok 3"),
        (REFUSED, "failed 0", "failed 0", "failed 0"),
        (RESET, "failed 0", "failed 0", "failed 0"),
        (CUT_FIRST, "broken 0", "failed 0", "broken 0"),
        (CUT_LATER, "broken 3", "broken 3", "broken 0"),
    ],
)
def test_what_the_provider_does_alone_has_one_outcome(done, headers, first_byte, complete):
    """Nobody left, nothing was killed: the table has one row for it."""
    assert [allowed(mode, done) for mode in MODES] == [{headers}, {first_byte}, {complete}]


@pytest.mark.parametrize(
    ("done", "headers", "first_byte", "complete"),
    [
        (RESET, {"aborted 0"}, {"aborted 0"}, {"aborted 0"}),
        (CUT_FIRST, {"aborted 0", "aborted 3"}, {"aborted 0"}, {"aborted 0"}),
        (CUT_LATER, *[{"aborted 0", "aborted 3"}] * 3),
    ],
)
def test_a_page_that_leaves_while_the_provider_works(done, headers, first_byte, complete):
    """Whether the settle came first bounds what it costs; early leaves are all given back here."""
    found = [allowed(mode, done, left_at=1.0, left=True) for mode in MODES]
    assert found == [headers, first_byte, complete]


@pytest.mark.parametrize("mode", MODES)
def test_a_page_that_leaves_with_a_byte_in_its_hands_pays(mode):
    """Then nothing but the charge is left."""
    seen = {"saw_head": True, "saw_byte": True, "left": True}
    assert allowed(mode, CUT_LATER, left_at=1.0, **seen) == {"aborted 3"}


def test_a_limited_early_leave_may_be_charged():
    """With `USER_EARLY_LEAVES` at a number, the sixth is."""
    found = allowed("headers", RESET, left_at=1.0, left=True, leaves_limited=True)
    assert found == {"aborted 0", "aborted 3"}


@pytest.mark.parametrize("mode", MODES)
def test_leaving_and_finishing_at_once(mode):
    """The one race without a kill: the page left, or the answer had come to its end."""
    assert "ok 3" in allowed(mode, WHOLE, left=True)
    assert "aborted 3" in allowed(mode, WHOLE, left=True)


@pytest.mark.parametrize(
    ("mode", "seen", "outcomes"),
    [
        ("headers", {}, {"swept 0", "lost 3"}),
        ("headers", {"saw_head": True}, {"lost 3"}),
        ("first_byte", {}, {"swept 0", "lost 3"}),
        ("first_byte", {"saw_head": True}, {"lost 3"}),
        ("complete", {}, {"swept 0"}),
        ("complete", {"saw_head": True, "saw_byte": True}, {"swept 0"}),
    ],
)
def test_a_kill_in_the_middle(mode, seen, outcomes):
    """Swept before the settle, lost after it; a head in a caller's hands proves the settle."""
    assert allowed(mode, CUT_LATER, left_at=1.0, killed=True, **seen) == outcomes


@pytest.mark.parametrize("mode", MODES)
def test_a_kill_never_frees_a_whole_answer(mode):
    """Who holds the end has paid."""
    seen = {"saw_head": True, "saw_byte": True, "saw_end": True}
    assert allowed(mode, WHOLE, killed=True, **seen) == {"ok 3", "lost 3"}


def test_a_kill_before_the_provider_was_asked():
    """Held and no more, or refused without a witness."""
    assert allowed("headers", None, killed=True) == {"swept 0"}
    assert allowed("headers", None, killed=True, unheard=True) == {"swept 0", "refused 0"}


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_that_is_cut_for_no_reason_is_not_permitted(mode):
    """The gateway closed the provider's connection; nobody had left, no limit was reached."""
    assert allowed(mode, CUT_LATER, left_at=1.0) == set()


@pytest.mark.parametrize(
    ("mode", "outcomes"),
    [
        ("headers", {"failed 0", "broken 0", "broken 3"}),
        ("first_byte", {"failed 0", "broken 3"}),
        ("complete", {"failed 0", "broken 0"}),
    ],
)
def test_a_stream_that_we_cut(mode, outcomes):
    """As if the provider had broken off there, wherever that was."""
    assert allowed(mode, CUT_LATER, left_at=1.0, cut=True) == outcomes


def test_a_second_break_off_stays_charged():
    """A call is reversed at most once."""
    assert allowed("headers", CUT_FIRST, reversed_before=True) == {"broken 3"}
    assert allowed("first_byte", CUT_FIRST, reversed_before=True) == {"failed 0"}
    assert allowed("complete", CUT_FIRST, reversed_before=True) == {"broken 0"}


def test_a_refusal_is_nothing_else():
    """Who was told 402 was not charged."""
    evidence = Evidence("headers", 1, saw_refusal=True)
    assert permitted(evidence) == {Outcome("refused", 0)}


def test_a_refusal_is_enough_for_the_gateway():
    """It may close the provider's connection as soon as it has the head of a refusal."""
    assert allowed("headers", {"status": 302}, left_at=1.0) == {"failed 0"}


@pytest.mark.parametrize("mode", MODES)
def test_a_store_that_was_away_may_have_refused(mode):
    """Nothing is charged then; but who holds what was settled before is charged all the same."""
    assert {"failed 0", "broken 0", "ok 3"} <= allowed(mode, WHOLE, away=True)
    assert allowed(mode, WHOLE, away=True, saw_head=True, saw_byte=True, saw_end=True) == {"ok 3"}
    assert "aborted 0" in allowed(mode, CUT_LATER, left_at=1.0, left=True, away=True)
    assert "failed 0" not in allowed(mode, WHOLE)


def test_a_settle_that_nobody_knows_of_is_taken_back_once():
    """A call that was reversed before keeps it."""
    assert "failed 3" in allowed("headers", WHOLE, away=True, reversed_before=True)
    assert "failed 3" not in allowed("headers", WHOLE, away=True)
