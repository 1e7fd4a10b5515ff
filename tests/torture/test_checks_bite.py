"""Each check of the table finds what it is there for: a sound history with one thing falsified."""

from dataclasses import replace

import pytest

from tests.torture.histories import KILLED_AT, START, sound_book
from tollbridge.gateway.torture.history import Receipt, Send, Visit
from tollbridge.gateway.torture.judging import examine


def judged(book, **stored):
    """Return the names of the checks that differ."""
    return {check.name for check in examine(book.history, book.stored(**stored)) if not check.ok}


def change(book, nonce, **fields):
    """Falsify the newest attempt of a call in the store."""
    place = max(n for n, row in enumerate(book.rows) if row.call_id == f"call_{nonce}")
    book.rows[place] = replace(book.rows[place], **fields)


def call_of(book, nonce):
    """Return a call of the book."""
    return next(call for call in book.history.calls if call.nonce == nonce)


def test_a_sound_history_passes():
    """Every check looks at something and finds nothing."""
    book = sound_book()
    checks = examine(book.history, book.stored())
    assert [(check.name, check.differences) for check in checks if not check.ok] == []
    assert all(check.looked_at for check in checks)


@pytest.mark.parametrize(
    ("nonce", "fields"),
    [
        ("aaaa", {"state": "aborted"}),  # nobody left
        ("aaaa", {"state": "lost"}),  # it had ended long before the kill
        ("cccc", {"entry": "settled"}),  # early leaves are not limited in this life
        ("eeee", {"entry": "settled"}),  # not a byte came
        ("ffff", {"state": "lost", "entry": "settled"}),  # the end had not come
        ("dddd", {"state": "failed", "entry": "voided"}),  # it was refused
        ("bbbb", {"amount": 1}),  # it costs 3
    ],
)
def test_an_attempt_that_the_table_does_not_allow(nonce, fields):
    """A state or a charge that nothing explains is seen."""
    book = sound_book()
    change(book, nonce, **fields)
    found = judged(book)
    assert found & {"attempts are what the table says", "attempts that somebody made"}


def test_a_whole_answer_that_is_not_charged():
    """A caller holds it, the store has given the credit back."""
    book = sound_book()
    change(book, "aaaa", entry="voided", state="failed")
    assert "whole answers are charged once" in judged(book)


def test_a_key_that_is_charged_twice():
    """The first attempt's charge stands beside the second's."""
    book = sound_book()
    place = next(n for n, row in enumerate(book.rows) if row.call_id == "call_bbbb")
    book.rows[place] = replace(book.rows[place], entry="settled", state="ok")
    assert {"a key is charged once", "whole answers are charged once"} <= judged(book)


def test_two_attempts_without_a_key():
    """Who sends no key is asked for once."""
    book = sound_book()
    book.row(call_of(book, "aaaa"), 1.01, "failed", "voided", attempt=2)
    assert "a key is charged once" in judged(book)


def test_a_request_that_nothing_was_held_for():
    """The provider was asked before, or without, a hold."""
    book = sound_book()
    call_of(book, "cccc").visits.append(Visit(1, START + 5))
    assert "held before the provider is asked" in judged(book)


def test_a_request_that_nobody_made():
    """The provider got something that no caller sent."""
    book = sound_book()
    book.history.strays = 1
    assert judged(book) == {"held before the provider is asked"}


def test_a_request_that_was_sent_twice_under_one_hold():
    """Only a reused connection that died before any byte is tried once more."""
    book = sound_book()
    call = call_of(book, "aaaa")
    call.visits.insert(0, Visit(0, START + 1.06, ended_at=START + 1.07))
    call.visits[1].number = call.sends[0].visit = 1
    assert judged(book) == {"held before the provider is asked"}
    call.visits[0].reused = True
    assert judged(book) == set()
    call.visits[0].status = 500
    assert judged(book) == {"held before the provider is asked"}


def test_an_attempt_that_was_asked_for_before_the_one_that_it_waited_for():
    """Two gateways got a key at once: what came between belongs to the attempt that was open."""
    book = sound_book()
    (first,) = [row for row in book.rows if row.call_id == "call_bbbb" and row.attempt == 1]
    (second,) = [row for row in book.rows if row.call_id == "call_bbbb" and row.attempt == 2]
    book.rows[book.rows.index(second)] = replace(second, held_ms=first.held_ms - 7)
    sends = call_of(book, "bbbb").sends
    sends[1].started_at = sends[0].started_at
    assert judged(book) == set()


def test_an_attempt_without_a_caller():
    """The store has a call that nobody made."""
    book = sound_book()
    change(book, "aaaa", user_id="user_9", call_id="call_zzzz")
    assert "attempts that somebody made" in judged(book)


def test_a_header_that_is_not_true():
    """A caller was told another charge than the store has."""
    book = sound_book()
    call_of(book, "bbbb").sends[1].charged = 1
    assert judged(book) == {"X-Credits-Charged is true"}


def test_an_error_that_tells_a_charge():
    """What failed costs nothing, and says so."""
    book = sound_book()
    call_of(book, "bbbb").sends[0].charged = 3
    assert judged(book) == {"X-Credits-Charged is true"}


def test_bytes_that_nobody_sent():
    """They are not the beginning of the provider's answer."""
    book = sound_book()
    call_of(book, "aaaa").sends[0].faithful = False
    assert judged(book) == {"bytes are the provider's"}


def test_more_bytes_than_were_sent():
    """A caller holds what the provider had not sent yet."""
    book = sound_book()
    call_of(book, "aaaa").visits[0].bytes_sent = 5
    assert "bytes are the provider's" in judged(book)


def test_a_broken_answer_that_looks_whole():
    """The provider never came to its end."""
    book = sound_book()
    call_of(book, "aaaa").visits[0].finished = False
    assert "bytes are the provider's" in judged(book)


def test_a_journal_that_is_unsound():
    """What `ledger verify` says is passed on."""
    assert judged(sound_book(), unsound=["off by one"]) == {"the journal equals the balances"}


@pytest.mark.parametrize("falsified", [{"lowest": -1}, {"debt": 1}])
def test_a_balance_below_zero(falsified):
    """Neither in a balance nor as a debt."""
    assert judged(sound_book(), **falsified) == {"no balance is below zero"}


def test_a_credit_that_is_lost():
    """Granted, but neither left nor spent."""
    book = sound_book()
    left = {**book.stored().left, "user_1": book.stored().left["user_1"] - 1}
    assert judged(book, left=left) == {"granted = left + expired + charged"}


def test_credits_that_agree_with_the_store_but_not_with_the_callers():
    """A charge that the store books consistently, for an answer that nobody got."""
    book = sound_book()
    change(book, "eeee", entry="settled")
    assert "granted = left + expired + charged" in judged(book)


def test_a_call_that_still_runs():
    """After the last start nothing may be open."""
    book = sound_book()
    assert judged(book, open_calls=["call_aaaa"]) == {"no hold is left, no call runs"}


def test_a_fault_that_is_told():
    """`internal_error` is nothing that a sound gateway says here."""
    book = sound_book()
    told = {"status": 500, "source": "gateway", "complete": True, "call_id": "call_bbbb"}
    call_of(book, "bbbb").sends.append(Send(0, START + 3, START + 3, code="internal_error", **told))
    assert judged(book) == {"answers that have a reason"}


def test_a_call_without_an_end():
    """Somebody waited in vain."""
    book = sound_book()
    call_of(book, "aaaa").sends[0].hung = True
    assert judged(book) == {"answers that have a reason"}


def test_a_charge_that_was_told_and_is_not_there():
    """409 `call_already_charged` binds the gateway."""
    book = sound_book()
    call = call_of(book, "bbbb")
    told = {"status": 409, "source": "gateway", "complete": True, "call_id": "call_bbbb"}
    charged = Send(0, START + 5, START + 5, code="call_already_charged", **told)
    call.sends.append(charged)
    assert judged(book) == set()
    call.sends.pop(1)  # nobody holds the answer
    change(book, "bbbb", entry="voided", state="failed")
    assert "answers that have a reason" in judged(book)


def test_a_refusal_that_left_no_row():
    """Each 402 is a row."""
    book = sound_book()
    call = call_of(book, "dddd")
    call.sends.append(replace(call.sends[0]))
    assert "answers that have a reason" in judged(book)


@pytest.mark.parametrize("told", [None, Receipt("call_bbbb", "failed", 0)])
def test_a_receipt_that_is_not_true(told):
    """Asked by the key, the gateway tells of another attempt, or of none."""
    book = sound_book()
    call_of(book, "bbbb").receipt = told
    assert judged(book) == {"receipts by key and by id"}


def test_a_receipt_that_differs_by_id():
    """Key and id lead to the same."""
    book = sound_book()
    call_of(book, "bbbb").same_by_id = False
    assert judged(book) == {"receipts by key and by id"}


def leave_early(book, count, entry):
    """Have so many callers leave early in the second life, where five are given back."""
    for number in range(count):
        call = book.call(f"{entry}{number}", deeds=("slow-head",))
        at = 70 + number
        book.send(call, at, life=1, took=0.15, left=True, call_id=f"call_{call.nonce}")
        book.visit(call, at, left_at=START + at + 0.2)
        book.row(call, at, "aborted", entry, life=1)


@pytest.mark.parametrize(
    ("voided", "settled", "differs"),
    # One early leave of the first life counts as well.
    [(4, 0, False), (5, 0, True), (4, 2, False), (3, 1, True)],
)
def test_early_leaves(voided, settled, differs):
    """Neither more nor fewer are given back than the setting says."""
    book = sound_book()
    leave_early(book, voided, "voided")
    leave_early(book, settled, "settled")
    assert judged(book) == ({"early leaves given back"} if differs else set())


def test_a_process_that_ended_by_itself():
    """A gateway that crashed, and one that took itself for dead."""
    book = sound_book()
    book.history.lives[1].exit_code = -11
    assert judged(book) == {"a process is an epoch"}
    book.history.lives[1].exit_code = 0
    assert judged(book, epochs=["epoch_0", "epoch_1", "epoch_2"]) == {"a process is an epoch"}


def test_a_kill_does_not_excuse_what_came_before():
    """What had ended seconds before the kill is judged as if there had been none."""
    book = sound_book()
    call = call_of(book, "ffff")
    call.sends[0].ended_at = call.visits[0].ended_at = call.visits[0].left_at = KILLED_AT - 10
    call.sends[0].started_at = call.visits[0].came_at = KILLED_AT - 11
    change(book, "ffff", held_ms=int((KILLED_AT - 11) * 1000))
    assert "attempts that somebody made" in judged(book)


@pytest.mark.parametrize(("behind_s", "excused"), [(1, True), (20, False)])
def test_an_end_that_was_not_written_before_the_kill(behind_s, excused):
    """It is excused only where the store had written no later one for as long."""
    book = sound_book()
    change(book, "gggg", state="lost")
    call = book.call("hhhh")
    book.read(call, 48 - behind_s)
    book.answer(call, 48 - behind_s)
    book.row(call, 48 - behind_s, "lost", "settled")
    later = book.call("iiii")
    book.read(later, 47.5)
    book.answer(later, 47.5)
    book.row(later, 47.5, "ok", "settled")
    assert judged(book) == (set() if excused else {"attempts are what the table says"})


def refuse(book):
    """Have a call refused since the store took nothing; it has left a number behind."""
    call = book.call("hhhh")
    told = {"status": 503, "source": "gateway", "code": "ledger_unavailable"}
    book.send(call, 20, complete=True, **told)
    book.row(call, 20, "failed", "voided")
    change(book, "hhhh", amount=0)


@pytest.mark.parametrize(("away", "excused"), [((19, 22), True), ((24, 26), False), (None, False)])
def test_a_store_that_refused(away, excused):
    """Only while it was away; that excuses nothing before or after."""
    book = sound_book()
    refuse(book)
    book.history.away = [] if away is None else [(START + away[0], START + away[1])]
    found = judged(book)
    assert (found == set()) == excused
    assert ("answers that have a reason" in found) != excused


def test_gateways_that_run_at_once_count_early_leaves_together():
    """Each has given three back, the limit is five."""
    book = sound_book()
    book.history.together = True
    book.history.lives = [replace(life, early_leaves=5) for life in book.history.lives]
    for number in range(5):
        call = book.call(f"ii{number}", deeds=("slow-head",))
        life = number % 2
        book.send(call, 70 + number, life=life, took=0.15, left=True)
        book.visit(call, 70 + number, left_at=START + 70 + number + 0.2)
        book.row(call, 70 + number, "aborted", "voided", life=life)
    assert "early leaves given back" in judged(book)


def test_an_epoch_that_nobody_lived_in():
    """A start that met no database does not shift whose epoch is whose; else it is a difference."""
    book = sound_book()
    epochs = ["epoch_x", "epoch_0", "epoch_1"]
    assert "a process is an epoch" in judged(book, epochs=epochs)
    book.history.away = [(START + 900, START + 901)]
    assert judged(book, epochs=epochs) == set()
