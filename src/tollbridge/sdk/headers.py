"""Headers: read without regard to case, and checked before they are sent. Pure."""

from tollbridge.sdk.errors import ConfigError
from tollbridge.wire.headers import API_KEY, PROTECTED, USER_ID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"


class Headers:
    """The headers of an answer. Names are read without regard to case.

    A name that came several times holds its values joined by ", ".
    """

    def __init__(self, pairs: "Iterable[tuple[str, str]]" = ()) -> None:
        """Take (name, value) pairs."""
        self._values: dict[str, str] = {}
        for name, value in pairs:
            name = name.lower()
            earlier = self._values.get(name)
            self._values[name] = value if earlier is None else f"{earlier}, {value}"

    def get(self, name: str, default: str = "") -> str:
        """Return the value of `name`, or `default`.

        In a page of another origin only what the gateway exposes can be read.
        """
        return self._values.get(name.lower(), default)

    def items(self) -> list[tuple[str, str]]:
        """Return (name in lower case, value) pairs."""
        return list(self._values.items())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __repr__(self) -> str:
        return f"<Headers {sorted(self._values)}>"


def callers_headers(given: object) -> dict[str, str]:
    """Return what the caller of `call()` may send, names in lower case.

    What the SDK sets itself is dropped here, so that no value of the caller's survives where the
    SDK has none.

    Raises:
        ConfigError: `invalid_argument`: no mapping, or a name or value that HTTP cannot carry.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ConfigError("invalid_argument", f"headers must be a dict, not {given!r}")
    checked = {}
    for name, value in given.items():
        if not isinstance(name, str) or not name or any(c not in _TOKEN for c in name.lower()):
            raise ConfigError("invalid_argument", f"{name!r} cannot be the name of a header")
        if not isinstance(value, str) or any(not _is_printable(char) for char in value):
            # The value is not shown: it may be a secret.
            raise ConfigError(
                "invalid_argument", f"the header {name!r} must be a str of printable ASCII"
            )
        if name.lower() not in PROTECTED:
            checked[name.lower()] = value.strip()
    return checked


def trusted_headers(user_id: "str | None", api_key: "str | None") -> dict[str, str]:
    """Return what a trusted server sends where it has no token."""
    trusted = {}
    if user_id is not None:
        trusted[USER_ID] = user_id
        if api_key is not None:
            trusted[API_KEY] = api_key
    return trusted


def _is_printable(char: str) -> bool:
    return " " <= char <= "~" or char == "\t"
