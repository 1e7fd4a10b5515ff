"""What happens when a payment is taken back after its credits were used."""

from tests.ledger.book import Book, a_grant


def test_what_is_left_of_a_grant_goes_first():
    """Other grants are touched only for what was spent."""
    book = Book(a_grant("bought", 5, created_at=2), a_grant("trial", 5, created_at=1))
    with book.open() as account:
        account.claw_back("bought")
    assert book.left() == {"trial": 5}
    assert book.gate.debt == 0
    assert book.gate.granted == 5


def test_what_was_spent_comes_from_other_grants():
    """Two of five were spent, so two more go from elsewhere."""
    book = Book(a_grant("bought", 5, created_at=1), a_grant("trial", 5, created_at=2))
    with book.open() as account:
        account.take(2)
        account.claw_back("bought")
    assert book.left() == {"trial": 3}
    assert book.written("claw_back") == [("bought", -3), ("trial", -2)]


def test_what_nothing_covers_becomes_debt():
    """The balance stands at zero, and the rest is owed."""
    book = Book(a_grant("bought", 5))
    with book.open() as account:
        account.take(4)
        account.claw_back("bought")
    assert (book.gate.available, book.gate.debt) == (0, 4)
    assert [entry.debt for entry in book.journal if entry.kind == "debt"] == [4]


def test_a_new_grant_pays_debt_first():
    """Only what is beyond the debt can be used."""
    book = Book(a_grant("bought", 5))
    with book.open() as account:
        account.take(4)
        account.claw_back("bought")
    with book.open() as account:
        account.add(a_grant("next", 3))
    assert (book.gate.available, book.gate.debt) == (0, 1)
    with book.open() as account:
        account.add(a_grant("more", 3))
    assert (book.gate.available, book.gate.debt) == (2, 0)
    assert book.written("repay") == [("next", -3), ("more", -1)]


def test_a_credit_that_returns_pays_debt_first():
    """A running call's credit counted as spent; when it comes back, it pays."""
    book = Book(a_grant("bought", 5))
    with book.open() as account:
        takes = account.take(2)
        account.claw_back("bought")
    assert book.gate.debt == 2
    with book.open() as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
    assert (book.gate.available, book.gate.debt) == (0, 0)


def test_a_credit_that_returns_to_a_clawed_back_grant_stays():
    """Its worth was taken from another grant, so that the user gets it back here."""
    book = Book(a_grant("bought", 5, created_at=1), a_grant("trial", 5, created_at=2))
    with book.open() as account:
        takes = account.take(2)
        account.claw_back("bought")
    assert book.gate.available == 3
    with book.open() as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
    assert book.left() == {"bought": 2, "trial": 3}
    with book.open() as account:
        assert account.take(5) is not None


def test_it_expires_there_as_well():
    """A grant that was clawed back keeps its moment."""
    book = Book(a_grant("bought", 5, expires_at=100), a_grant("trial", 5))
    with book.open() as account:
        takes = account.take(2)
        account.claw_back("bought")
    with book.open() as account:
        account.give_back(takes, kind="void", key="void:c:1", call_id="c", attempt=1)
    assert book.gate.expires_at == 100
    with book.open(100) as account:
        assert account.available == 3


def test_a_second_claw_back_takes_nothing():
    """A grant is taken back once."""
    book = Book(a_grant("bought", 5, created_at=1), a_grant("trial", 5, created_at=2))
    for _ in range(2):
        with book.open() as account:
            account.claw_back("bought")
    assert book.left() == {"trial": 5}


def test_a_grant_that_expired_is_not_clawed_back():
    """Nothing of it is left to take, and its time was over by itself."""
    book = Book(a_grant("bought", 5, expires_at=100), a_grant("trial", 5))
    with book.open() as account:
        account.take(2)
    with book.open(100) as account:
        account.claw_back("bought")
    assert book.left() == {"trial": 5}
    assert book.gate.debt == 0
