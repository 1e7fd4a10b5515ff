"""Which credits go first."""

import pytest

from tests.ledger.book import Book, a_grant
from tollbridge.gateway.ledger.values import Take


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(
            a_grant("a", 1, priority=10, category="paid", created_at=9),
            a_grant("b", 1, priority=50, category="promotional", expires_at=5),
            id="a lower priority number before everything else",
        ),
        pytest.param(
            a_grant("a", 1, expires_at=5, category="paid", created_at=9),
            a_grant("b", 1, expires_at=6, category="promotional"),
            id="what expires sooner",
        ),
        pytest.param(
            a_grant("a", 1, expires_at=5, category="paid", created_at=9),
            a_grant("b", 1, category="promotional"),
            id="what expires at all",
        ),
        pytest.param(
            a_grant("a", 1, category="promotional", created_at=9),
            a_grant("b", 1, category="paid"),
            id="promotional before paid",
        ),
        pytest.param(
            a_grant("b", 1, created_at=1), a_grant("a", 1, created_at=2), id="the older one"
        ),
    ],
)
def test_credits_are_used_in_the_published_order(first, second):
    """Priority, soonest expiry, promotional before paid, oldest: whichever came in first."""
    for grants in ((first, second), (second, first)):
        book = Book(*grants)
        with book.open() as account:
            assert account.take(1) == (Take(first.grant_id, 1),)


def test_a_cost_may_span_grants():
    """What one grant cannot cover alone is taken from the next ones as well."""
    book = Book(a_grant("old", 2, created_at=1), a_grant("new", 5, created_at=2))
    with book.open() as account:
        assert account.take(3) == (Take("old", 2), Take("new", 1))
    assert book.left() == {"new": 4}
    assert (book.gate.available, book.gate.granted) == (4, 7)


def test_too_few_credits_change_nothing():
    """A cost is covered whole or not at all."""
    book = Book(a_grant("a", 2))
    with book.open() as account:
        assert account.take(3) is None
    assert book.left() == {"a": 2}


def test_a_cost_of_nothing_takes_nothing():
    """A free call passes an empty account."""
    book = Book()
    with book.open() as account:
        assert account.take(0) == ()


def test_a_negative_cost_is_a_mistake():
    """Taking less than nothing would make credits."""
    book = Book(a_grant("a", 2))
    with book.open() as account, pytest.raises(ValueError, match="-1 credits"):
        account.debit(-1, key="debit:x")
    assert book.left() == {"a": 2}


def test_an_owner_takes_credits_in_the_same_order_and_for_good():
    """A debit spans grants like a hold, and each part is in the journal."""
    book = Book(a_grant("old", 2, created_at=1), a_grant("new", 5, created_at=2))
    with book.open() as account:
        assert account.debit(3, key="debit:x")
    assert book.written("debit") == [("old", -2), ("new", -1)]


def test_the_grant_that_is_next_sits_at_the_gate():
    """The gate shows the grant that the next hold takes from, whose own row then says 0."""
    book = Book(a_grant("new", 5, created_at=2), a_grant("old", 2, created_at=1))
    assert (book.gate.seated_grant, book.gate.seated_left) == ("old", 2)
    assert book.grants["old"].remaining == 0
    assert book.gate.available == 7


def test_every_closing_raises_the_version():
    """Whoever compares two versions knows which balance is the newer one."""
    book = Book(a_grant("a", 5))
    before = book.gate.version
    with book.open() as account:
        account.take(1)
    assert book.gate.version == before + 1
