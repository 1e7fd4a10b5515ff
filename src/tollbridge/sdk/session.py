"""A session and its user: values, and how they are read from the gateway and kept. Pure."""

import json

from tollbridge.sdk.errors import PaywallError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class User:
    """Who is signed in.

    Attributes:
        id: The gateway's id of the user.
        email: The address, None for an anonymous user.
        is_anonymous: Whether the user never said who they are.
        no_trial: Why the gateway gave no trial credits: `address`, `origin`, `paywall`, another
            word of its own; "" where it gave them, or there are none to give.
    """

    __slots__ = ("email", "id", "is_anonymous", "no_trial")

    def __init__(
        self,
        id: str,
        email: "str | None" = None,
        is_anonymous: bool = False,
        no_trial: str = "",
    ) -> None:
        """Make a user; see the class for the fields."""
        self.id = id
        self.email = email
        self.is_anonymous = is_anonymous
        self.no_trial = no_trial

    def to_json(self) -> "dict[str, Any]":
        """Return the user as it is stored."""
        stored = {"id": self.id, "email": self.email, "is_anonymous": self.is_anonymous}
        if self.no_trial:
            stored["no_trial"] = self.no_trial
        return stored

    @classmethod
    def from_json(cls, value: object) -> "User | None":
        """Read a user; None for what is none."""
        if not isinstance(value, dict) or not isinstance(value.get("id"), str):
            return None
        email, no_trial = value.get("email"), value.get("no_trial")
        return cls(
            value["id"],
            email if isinstance(email, str) else None,
            value.get("is_anonymous") is True,
            no_trial if isinstance(no_trial, str) else "",
        )

    def is_like(self, other: "User | None") -> bool:
        """Return whether the other one is the same user with the same fields."""
        return other is not None and self.to_json() == other.to_json()

    def __repr__(self) -> str:
        return f"<User {self.id}{' anonymous' if self.is_anonymous else ''}>"


class Session:
    """A signed-in user's tokens. It never changes; a refresh makes another one.

    Attributes:
        access_token: Goes with every request; None after a reload, until the first refresh.
        refresh_token: Makes the next access token; also in storage.
        expires_at: When the access token ends, in seconds since 1970 by this machine's clock; 0
            where there is none.
        user: Whose it is; None where nobody said.
        sign_in_id: Names the sign-in that began it, on this machine; a refresh carries it over. Not
            secret: tabs tell each other by it which session was ended.
    """

    __slots__ = ("access_token", "expires_at", "refresh_token", "sign_in_id", "user")

    def __init__(
        self,
        access_token: "str | None",
        refresh_token: str,
        expires_at: float,
        user: "User | None",
        sign_in_id: str = "",
    ) -> None:
        """Make a session; see the class for the fields."""
        self.access_token = access_token
        self.refresh_token = refresh_token
        self.expires_at = expires_at
        self.user = user
        self.sign_in_id = sign_in_id

    @property
    def is_anonymous(self) -> bool:
        """Whether its user is anonymous."""
        return self.user is not None and self.user.is_anonymous

    def is_users(self, other: "Session | None") -> bool:
        """Return whether both are sessions of the same user, or both of nobody known."""
        if other is None:
            return False
        one, another = self.user, other.user
        return (one.id if one else None) == (another.id if another else None)

    def has_other_tokens(self, other: "Session") -> bool:
        """Return whether the tokens of two sessions differ."""
        return (self.access_token, self.refresh_token) != (other.access_token, other.refresh_token)

    def begun_as(self, sign_in_id: str) -> "Session":
        """Return the same session, begun by that sign-in."""
        return Session(
            self.access_token, self.refresh_token, self.expires_at, self.user, sign_in_id
        )

    def joined_by(self, stored: "Session") -> "Session":
        """Return what another tab stored of the same user, with our access token, which is good on.

        Tabs that took each other's refresh for the end of their own token would refresh for ever.
        """
        joined = Session(
            self.access_token,
            stored.refresh_token,
            self.expires_at,
            stored.user,
            stored.sign_in_id,
        )
        return self if joined.to_text() == self.to_text() else joined

    @classmethod
    def from_answer(
        cls, body: object, *, user: "User | None", now_s: float, sign_in_id: str = ""
    ) -> "Session":
        """Read the tokens of a sign-in or a refresh; a refresh brings no user, so give the old one.

        The end is counted from `expires_in` and our own clock: the two machines' clocks may differ.

        Raises:
            PaywallError: `unknown`: these are no tokens.
        """
        if not isinstance(body, dict):
            body = {}
        access_token, refresh_token = body.get("access_token"), body.get("refresh_token")
        lasts_s = body.get("expires_in")
        if (
            not isinstance(access_token, str)
            or not isinstance(refresh_token, str)
            or isinstance(lasts_s, bool)
            or not isinstance(lasts_s, (int, float))
        ):
            # The body is not shown: it may hold a token.
            raise PaywallError("unknown", "The gateway's answer to a sign-in holds no tokens.")
        new_user = User.from_json(body.get("user"))
        if new_user is not None:
            new_user.no_trial = _read_no_trial(body.get("trial"))
        return cls(access_token, refresh_token, now_s + lasts_s, new_user or user, sign_in_id)

    def to_text(self) -> str:
        """Return what is stored: no access token, it stays in memory."""
        user = self.user.to_json() if self.user else None
        stored = {"refresh_token": self.refresh_token, "user": user}
        if self.sign_in_id:
            stored["sign_in_id"] = self.sign_in_id
        return json.dumps(stored)

    @classmethod
    def from_text(cls, text: "str | None") -> "Session | None":
        """Read what was stored; None for nothing and for what cannot be read."""
        try:
            value = json.loads(text or "null")
        except ValueError:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("refresh_token"), str):
            return None
        user, sign_in_id = User.from_json(value.get("user")), value.get("sign_in_id")
        if not isinstance(sign_in_id, str):  # from before sign-ins had names: one name for all tabs
            sign_in_id = user.id if user is not None else ""
        return cls(None, value["refresh_token"], 0, user, sign_in_id)

    def __repr__(self) -> str:
        return f"<Session of {self.user!r}>"


def _read_no_trial(trial: object) -> str:
    """Return why a sign-in gave no trial credits, "" where it gave them or does not say."""
    if not isinstance(trial, dict) or trial.get("granted") is not False:
        return ""
    reason = trial.get("reason")
    return reason if isinstance(reason, str) and reason else "unknown"
