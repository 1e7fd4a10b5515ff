"""What happens to credits when their time is over."""

from tests.ledger.book import Book, a_grant
from tollbridge.gateway.ledger.values import Take


def test_credits_are_gone_from_the_moment_they_expire():
    """One millisecond before they can be used, at the moment itself they cannot."""
    book = Book(a_grant("a", 2, expires_at=100), a_grant("b", 3))
    with book.open(99) as account:
        assert account.available == 5
    with book.open(100) as account:
        assert account.available == 3
    assert book.written("expire") == [("a", -2)]
    assert (book.gate.available, book.gate.granted) == (3, 3)


def test_the_gate_knows_when_the_next_grant_expires():
    """A hold passes the gate alone only until then, also when another grant is seated."""
    book = Book(a_grant("a", 2, priority=1), a_grant("b", 3, expires_at=100))
    assert book.gate.seated_grant == "a"
    assert book.gate.expires_at == 100


def test_a_grant_that_is_used_up_still_expires():
    """The sum of live grants, which the page shows, falls when its time is over."""
    book = Book(a_grant("a", 2, expires_at=100), a_grant("b", 3))
    with book.open() as account:
        account.take(2)
    assert book.gate.granted == 5
    with book.open(100):
        pass
    assert book.gate.granted == 3
    assert book.written("expire") == []


def test_a_grant_that_has_expired_already_adds_nothing():
    """It is written down, ended, and worth nothing."""
    book = Book(a_grant("a", 2))
    with book.open(100) as account:
        account.add(a_grant("late", 5, expires_at=100))
    assert (book.gate.available, book.gate.granted) == (2, 2)
    assert book.grants["late"].ended_at == 100
    assert book.written("expire") == [("late", -5)]


def test_an_expired_grant_pays_no_debt():
    """Credits that are worth nothing cannot pay for anything."""
    book = Book(a_grant("a", 2))
    with book.open() as account:
        account.take(2)
        account.claw_back("a")
    assert book.gate.debt == 2
    with book.open(100) as account:
        account.add(a_grant("late", 5, expires_at=100))
    assert book.gate.debt == 2


def test_a_credit_that_returns_to_an_expired_grant_vanishes():
    """It goes back to its own grant and expires with it."""
    book = Book(a_grant("a", 2, expires_at=100), a_grant("b", 1))
    with book.open() as account:
        takes = account.take(3)
    assert takes == (Take("a", 2), Take("b", 1))
    with book.open(100) as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
    assert book.left() == {"b": 1}
    assert book.written("void") == [("a", 2), ("b", 1)]
    assert book.written("expire") == [("a", -2)]


def test_a_credit_that_returns_to_an_expired_grant_vanishes_although_the_clock_stepped_back():
    """What has been seen to expire does not come to life again."""
    book = Book(a_grant("a", 2, expires_at=100))
    with book.open() as account:
        takes = account.take(1)
    with book.open(100):
        pass
    with book.open(99) as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
        assert account.available == 0
    assert book.left() == {}


def test_a_credit_that_returns_to_a_clawed_back_grant_may_be_used_until_its_time_is_over():
    """A claw-back ends a grant before its time, and is no expiry."""
    book = Book(a_grant("a", 2, expires_at=100), a_grant("b", 2))
    with book.open(50) as account:
        takes = account.take(1)
        account.claw_back("a")
    with book.open(99) as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
    assert book.left() == {"a": 1, "b": 1}
