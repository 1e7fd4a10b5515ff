"""The gateway that shared tests talk to, steered from the test, wherever the test runs.

The gateway itself is `tests.support.steering` on CPython: in the same process, or behind a socket
of the process that started the interpreter. So what it is to answer is said in steps, which are
lists that JSON can carry.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    Step = list[Any]

PAYWALL = "pw_test"
PROVIDER = "prov_things"
OWNER_KEY = "sk_test_0123456789abcdef"

# Whole answers: what the gateway itself would say, and a connection that breaks off at once.
USUAL: "list[Step]" = [["usual"]]
CUT: "list[Step]" = [["hang_up"]]


def json_answer(body: object, status: int = 200, headers: "dict[str, str] | None" = None) -> "Step":
    """Answer with JSON."""
    return ["json", body, status, headers or {}]


def refusal(code: str, message: str = "", status: int = 0) -> "Step":
    """Answer with an error of the gateway's own; its status is the code's unless it is given."""
    return ["refuse", code, message, status]


def start(status: int, headers: "dict[str, str] | None" = None) -> "Step":
    """Send status and headers."""
    return ["start", status, headers or {}]


def send(chunk: bytes, times: int = 1) -> "Step":
    """Send a chunk of the body, perhaps again and again."""
    return ["send", chunk.hex(), times]


def end(chunk: bytes = b"") -> "Step":
    """Send the last of the body. An answer that never gets here is cut."""
    return ["end", chunk.hex()]


def wait_for(name: str) -> "Step":
    """Go on when the test says so: `await contract.go_on(name)`."""
    return ["wait_for", name]


def until_left(chunk: bytes = b"") -> "Step":
    """Do nothing until the client is gone; with a chunk, send that until then."""
    return ["until_left", chunk.hex()]


def echo() -> "Step":
    """Send the request's body back."""
    return ["echo"]


def change(by: int) -> "Step":
    """Change the caller's balance, as a reversal does."""
    return ["change", by]


class Sent:
    """A request as it reached the gateway.

    Attributes:
        method: `GET` or `POST`.
        address: Path and query as they were sent.
        query: The query's values by name.
        headers: Values by name in lower case.
        body: Its bytes.
    """

    def __init__(self, seen: "dict[str, Any]") -> None:
        """Read what the gateway tells of a request."""
        self.method: str = seen["method"]
        self.address: str = seen["address"]
        self.query: dict[str, str] = seen["query"]
        self.headers: dict[str, str] = seen["headers"]
        self.body: bytes = bytes.fromhex(seen["body"])


class Contract:
    """A gateway that speaks the published contract, as a test steers it.

    An endpoint is the last word of its path, such as `refresh`, `signin`, `balances`; `call` is a
    metered call.
    """

    def __init__(self, steer: "Callable[..., Awaitable[Any]]") -> None:
        """Take the way to the gateway: an async callable of a command's name and arguments."""
        self._steer = steer

    async def answers(self, endpoint: str, *answers: "list[Step]") -> None:
        """Have an endpoint give these answers in turn; the last one stays. None: the usual one."""
        await self._steer("answers", endpoint, list(answers) or [USUAL])

    async def goes_on(self, *steps: "Step") -> None:
        """Have charged calls answer with these steps, after their headers."""
        await self._steer("goes_on", list(steps))

    async def says_of_charges(self, *headers: "str | dict[str, str]") -> None:
        """Have charged calls carry these headers in turn; the last ones stay.

        `exact` is what our gateway says, `type_only` what the published contract's says, `untold`
        says nothing of what a call cost.
        """
        await self._steer("says_of_charges", list(headers))

    async def requests_to(self, endpoint: str) -> list[Sent]:
        """Return the requests to an endpoint so far; to all of them for `""`."""
        told = await self._steer("requests_to", endpoint)
        return [Sent(seen) for seen in told]

    async def count(self, endpoint: str = "") -> int:
        """Return how many requests there were to an endpoint; to all of them for `""`."""
        return len(await self.requests_to(endpoint))

    async def until(self, endpoint: str, times: int = 1) -> None:
        """Return once there were so many requests to an endpoint."""
        await self._steer("until", endpoint, times)

    async def until_left(self, number: int = 0, *, endpoint: str = "call") -> None:
        """Return once the client of a request to an endpoint, counted from 0, is gone."""
        await self._steer("until_left", number, endpoint)

    async def hold(self, endpoint: str) -> None:
        """Keep an endpoint's answers back until `release`; they are decided before."""
        await self._steer("hold", endpoint)

    async def release(self, endpoint: str) -> None:
        """Let the answers of an endpoint go."""
        await self._steer("release", endpoint)

    async def go_on(self, name: str) -> None:
        """Let the answers go on that `wait_for` this name, now or later."""
        await self._steer("go_on", name)

    async def change(self, by: int, user: str = "user_1") -> None:
        """Change a user's balance; a new version stands for it."""
        await self._steer("change", user, by)

    async def give(self, user: str, type: str, count: int, version: int, granted: int) -> None:
        """Give a user, who may be new, a balance of one more type."""
        await self._steer("give", user, type, count, version, granted)

    async def forgets_versions(self) -> None:
        """Have it number no change of a balance, as the published contract's gateway."""
        await self._steer("forgets_versions")

    async def expire_access(self) -> None:
        """End every access token."""
        await self._steer("expire_access")

    async def end_sessions(self) -> None:
        """End every session: no refresh token is good any more."""
        await self._steer("end_sessions")

    async def failures(self) -> list[str]:
        """Return what went wrong inside the gateway; every test ends with none."""
        failures: list[str] = await self._steer("failures")
        return failures
