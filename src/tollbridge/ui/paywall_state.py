"""What the upgrade dialog decides: what it waits for, what it says, what it remembers. Pure."""

import json

from tollbridge.sdk import Balance, PaywallError, QuotaExceededError
from tollbridge.ui.strings.causes import cause_of
from tollbridge.ui.strings.counter import no_trial_text
from tollbridge.ui.strings.paywall import (
    BY_HAND_TITLE,
    KEPT,
    KEPT_AND_SENT,
    NOTHING_COUNTED,
    PROBLEM_TITLE,
    SIGNED_OUT,
    held_text,
    quota_title,
)

LOADING = "loading"
ERROR = "error"
LAYOUT = "layout"
GRANTED = "granted"


class PaywallState:
    """How the dialog is. It never changes; another state is another object.

    Attributes:
        open: Whether it stands.
        view: `loading`, `error` (the balances could not be read), `layout`, `granted` (the moment
            between a credit's coming and its closing), None while it is closed.
        error: Why the balances could not be read, or the last code not be redeemed; else None.
        processing: Whether a code is being redeemed.
    """

    __slots__ = ("error", "open", "processing", "view")

    def __init__(
        self,
        open: bool = False,
        view: "str | None" = None,
        error: "PaywallError | None" = None,
        processing: bool = False,
    ) -> None:
        """Make a state; see the class for the fields."""
        self.open = open
        self.view = view
        self.error = error
        self.processing = processing

    def __eq__(self, other: object) -> bool:
        """Compare all four fields; an error is equal to itself alone."""
        return (
            isinstance(other, PaywallState)
            and (self.open, self.view, self.processing)
            == (other.open, other.view, other.processing)
            and self.error is other.error
        )

    def __hash__(self) -> int:
        """Hash by what is compared."""
        return hash((self.open, self.view, self.processing))

    def __repr__(self) -> str:
        """Show what it is, as a log needs it."""
        return f"<PaywallState {self.view or 'closed'}{' processing' if self.processing else ''}>"


class Lack:
    """What is missing, measured against what there was: the 402, or the moment of an opening.

    Attributes:
        query_type: The type that ran out; "" where any type helps.
    """

    def __init__(self, balances: "list[Balance] | None", query_type: str, *, refused: bool) -> None:
        """Take what there was.

        Args:
            balances: The balances then; None where they are not known yet.
            query_type: The type that ran out, "" for any.
            refused: Whether a call was refused for it. Then any rise helps, that of credits which
                were held and came back too. Else only a grant counts, and the first credit.
        """
        self.query_type = query_type
        self._refused = refused
        self._before = None if balances is None else {row.type: row for row in balances}

    def ended_by(self, balances: "list[Balance]") -> "tuple[Balance, int] | None":
        """Return (balance, credits added) where these balances end the lack, else None.

        The number is 0 where nothing was granted: a held credit came back. Balances that come
        first of all where none were known end nothing; they are what later ones are held against.
        """
        if self._before is None:
            self._before = {row.type: row for row in balances}
            return None
        for row in balances:
            before = self._before.get(row.type) or Balance(row.type, 0)
            if self.query_type not in ("", row.type) or row.count <= before.count:
                continue
            was_granted = row.granted > before.granted or not row.version
            if was_granted or self._refused or before.count <= 0:
                return row, row.count - before.count if was_granted else 0
        return None


def lack_of(error: QuotaExceededError) -> Lack:
    """Return what a 402 says is missing."""
    balances = error.balances or ([error.current_balance] if error.current_balance else [])
    return Lack(balances, error.query_type, refused=True)


def quota_sentence(error: QuotaExceededError) -> str:
    """Return what ran out."""
    balance = _balance_of(error)
    granted, left = (balance.granted, balance.count) if balance else (0, 0)
    return quota_title(error.query_type, granted, left)


def _balance_of(error: QuotaExceededError) -> "Balance | None":
    for balance in error.balances:
        if balance.type == error.query_type:
            return balance
    return error.current_balance


class Words:
    """What the dialog says beside the balances.

    Attributes:
        title: Its heading.
        lead: Sentences below it.
        command: What an operator can type to help, "" where nobody said.
        offers: Whether there is anything here that can be topped up.
    """

    __slots__ = ("command", "lead", "offers", "title")

    def __init__(self, title: str, lead: list[str], command: str, offers: bool) -> None:
        """Take the parts."""
        self.title = title
        self.lead = lead
        self.command = command
        self.offers = offers


def words_for(
    reason: "PaywallError | None",
    title: str,
    *,
    balances: "list[Balance] | None",
    no_trial: str,
    signed_out: bool,
    sends: bool,
) -> Words:
    """Return what the dialog says.

    Args:
        reason: Why it stands: a 402, another refusal, or None where a person asked for it.
        title: The caller's own title, "" for ours.
        balances: What is left; None while that is not known.
        no_trial: Why the account came without free credits, "" where it did not.
        signed_out: Whether nobody is signed in.
        sends: Whether the page sends the refused message by itself as soon as there are credits.
    """
    refused = isinstance(reason, QuotaExceededError)
    lead = []
    if isinstance(reason, QuotaExceededError):
        if title:
            lead.append(quota_sentence(reason))
        title = title or quota_sentence(reason)
        if held_text(reason.held):
            lead.append(held_text(reason.held))
    elif reason is not None:
        title = title or PROBLEM_TITLE
        lead.append(cause_of(reason.code, reason.status, reason.message))
    uncounted = balances is not None and not balances and not refused
    if uncounted:
        lead.append(SIGNED_OUT if signed_out else NOTHING_COUNTED)
    elif no_trial and not any([row.granted for row in balances or []]):
        lead.append(no_trial_text(no_trial))
    if refused:
        lead.append(KEPT_AND_SENT if sends else KEPT)
    command = reason.hint if isinstance(reason, QuotaExceededError) else ""
    return Words(title or BY_HAND_TITLE, lead, command, not uncounted)


def closed_types(text: str) -> list[str]:
    """Read for which types a person has closed the dialog; [] for what cannot be read."""
    try:
        value = json.loads(text or "[]")
    except ValueError:
        return []
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def closed_text(types: list[str]) -> str:
    """Write them down, "" for none."""
    return json.dumps(types) if types else ""
