"""A small history that is sound, to be falsified in one place by each test."""

from dataclasses import replace

from tollbridge.gateway.torture.deeds import body
from tollbridge.gateway.torture.history import (
    Call,
    Given,
    History,
    Life,
    Receipt,
    Row,
    Send,
    Stored,
    Visit,
)

START = 1_700_000_000.0
KILLED_AT = START + 50


class Book:
    """Writes a history and what a sound store says of it, call by call."""

    def __init__(self) -> None:
        """Begin with two lives, of which the first was killed; five early leaves in the second."""
        self.history = History(
            lives=[Life(0, None, START, killed_at=KILLED_AT), Life(1, 5, START + 60, exit_code=0)]
        )
        self.rows: list[Row] = []

    def call(self, name, *, keyed=False, mode="headers", cost=1, deeds=("fine",), user="user_1"):
        """Begin a call."""
        made = Call(name, user, f"prov_{mode}_{cost}", mode, cost, keyed, deeds)
        self.history.calls.append(made)
        return made

    def send(self, call, at, *, life=0, took=1.0, **seen):
        """Send it; without more, nobody answers."""
        made = Send(life, START + at, START + at + took, **seen)
        call.sends.append(made)
        return made

    def read(self, call, at, *, visit=0, life=0, charged=True):
        """Send it and hold the whole of a good answer."""
        whole = len(body(call.nonce, visit, call.deed(visit)))
        seen = {"status": 200, "call_id": f"call_{call.nonce}", "complete": True}
        told = call.cost if charged and call.charge_on != "complete" else None
        where = {"visit": visit, "bytes_held": whole, "charged": told}
        return self.send(call, at, life=life, **seen, **where)

    def visit(self, call, at, **done):
        """Have it come to the provider, a little after it was sent."""
        number = len(call.visits)
        made = Visit(number, START + at + 0.1, ended_at=START + at + 0.2, **done)
        call.visits.append(made)
        return made

    def answer(self, call, at):
        """Have it come to the provider, who answers as it was asked to, whole."""
        number = len(call.visits)
        deed = call.deed(number)
        size = len(body(call.nonce, number, deed))
        return self.visit(call, at, status=deed.status, bytes_sent=size, finished=True)

    def row(self, call, at, state, entry, *, life=0, attempt=1):
        """Write the attempt as a sound store has it."""
        held = int((START + at + 0.05) * 1000)
        swept_at = int((START + 60) * 1000)
        amount = 0 if entry == "refused" else call.cost
        made = Row(
            f"call_{call.nonce}",
            attempt,
            call.user_id,
            call.provider_id,
            f"epoch_{life}",
            held,
            entry,
            state,
            amount,
            call.keyed,
            swept_at if state in ("swept", "lost") else held + 500,
        )
        self.rows.append(made)
        return made

    def ask(self, call):
        """Have the receipt asked for, which a sound gateway tells from the newest attempt."""
        rows = [row for row in self.rows if row.call_id == f"call_{call.nonce}"]
        call.asked = True
        if rows:
            call.receipt = Receipt(rows[-1].call_id, rows[-1].state, rows[-1].charged)

    def stored(self, **other):
        """Return what a sound store says, with everybody's credits given and counted."""
        spent = {}
        for row in self.rows:
            spent[row.user_id] = spent.get(row.user_id, 0) + row.charged
        self.history.given = [Given(user, 100, None) for user in spent]
        made = Stored(
            rows=self.rows,
            epochs=["epoch_0", "epoch_1"],
            left={user: 90 - charged for user, charged in spent.items()},
            expired=dict.fromkeys(spent, 10),
            debt=0,
            lowest=0,
            open_calls=[],
            unsound=[],
        )
        return replace(made, **other)


def sound_book() -> Book:
    """Return a history with a call of every kind, all as they should be."""
    book = Book()
    whole = book.call("aaaa")
    book.read(whole, 1)
    book.answer(whole, 1)
    book.row(whole, 1, "ok", "settled")

    repeated = book.call("bbbb", keyed=True, deeds=("fault", "fine"), cost=3)
    refusal = {"status": 500, "call_id": "call_bbbb", "charged": 0, "source": "provider"}
    book.send(repeated, 2, complete=True, visit=0, bytes_held=1, **refusal)
    book.answer(repeated, 2)
    book.row(repeated, 2, "failed", "voided")
    book.read(repeated, 4, visit=1)
    book.answer(repeated, 4)
    book.row(repeated, 4, "ok", "settled", attempt=2)
    book.ask(repeated)

    left = book.call("cccc", deeds=("slow-head",))
    book.send(left, 6, took=0.15, left=True)
    book.visit(left, 6, left_at=START + 6.2)
    book.row(left, 6, "aborted", "voided")

    dry = book.call("dddd", user="user_2")
    told = {"status": 402, "source": "gateway", "code": "not-enough-queries"}
    book.send(dry, 8, complete=True, call_id="call_dddd", charged=0, **told)
    book.row(dry, 8, "refused", "refused")

    cut = book.call("eeee", deeds=("cut-first",))
    book.send(cut, 9, status=200, call_id="call_eeee", charged=1)
    book.visit(cut, 9, status=200)
    book.row(cut, 9, "broken", "reversed")

    kept_up = book.call("gggg")
    book.read(kept_up, 48)
    book.answer(kept_up, 48)
    book.row(kept_up, 48, "ok", "settled")

    killed = book.call("ffff", mode="complete")
    book.send(killed, 49.8, took=0.25)
    book.visit(killed, 49.8, left_at=KILLED_AT)
    book.row(killed, 49.8, "swept", "voided")
    return book
