"""A provider as a page sees it: what it can call, and what that costs. No address, no key."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Provider:
    """A provider that a paywall offers.

    Attributes:
        id: What a call names, such as `prov_chat`.
        preset: How its API speaks, such as `openai-chat` or `http`.
        path: The path of a call, such as `v1/chat/completions`; "" where the owner named what may
            be called, which `allow` tells.
        allow: What may be called: method and path, such as `POST v1/chat/completions`; a `*`
            stands for one or more segments.
        models: The models that may be named; empty where any may, or where there are none.
        query_type: The credits that a call takes.
        cost: Whole credits for a call; with a `path`, for a call of it.
        sign_in_required: Whether this user must sign in with a name before calling it.
    """

    __slots__ = (
        "allow",
        "cost",
        "id",
        "models",
        "path",
        "preset",
        "query_type",
        "sign_in_required",
    )

    def __init__(
        self,
        id: str,
        *,
        preset: str,
        query_type: str,
        cost: int,
        path: str = "",
        allow: "list[str] | None" = None,
        models: "list[str] | None" = None,
        sign_in_required: bool = False,
    ) -> None:
        """Make a provider; see the class for the fields."""
        self.id = id
        self.preset = preset
        self.path = path
        self.allow = allow or []
        self.models = models or []
        self.query_type = query_type
        self.cost = cost
        self.sign_in_required = sign_in_required

    def to_json(self) -> "dict[str, Any]":
        """Return the item of a `providers` list."""
        return {
            "id": self.id,
            "preset": self.preset,
            "path": self.path,
            "allow": list(self.allow),
            "models": list(self.models),
            "query_type": self.query_type,
            "cost": self.cost,
            "sign_in_required": self.sign_in_required,
        }

    @classmethod
    def from_json(cls, value: object) -> "Provider":
        """Read an item of a `providers` list; unknown fields are accepted.

        Raises:
            ValueError: `value` is no object, lacks a field that it must have, or has another type
                in one.
        """
        if not isinstance(value, dict):
            raise ValueError(f"not a provider: {value!r}")
        texts = [value.get(name) for name in ("id", "preset", "query_type")]
        texts.append(value.get("path", ""))
        lists = [value.get("allow", []), value.get("models", [])]
        cost, sign_in_required = value.get("cost"), value.get("sign_in_required", False)
        if (
            not _are_texts(texts)
            or not all(isinstance(items, list) and _are_texts(items) for items in lists)
            or not isinstance(cost, int)
            or isinstance(cost, bool)
            or not isinstance(sign_in_required, bool)
        ):
            raise ValueError(f"not a provider: {value!r}")
        return cls(
            value["id"],
            preset=value["preset"],
            query_type=value["query_type"],
            cost=cost,
            path=value.get("path", ""),
            allow=list(lists[0]),
            models=list(lists[1]),
            sign_in_required=sign_in_required,
        )

    def __eq__(self, other: object) -> bool:
        """Compare every field."""
        return isinstance(other, Provider) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        """Hash by the id; equal providers have the same."""
        return hash(self.id)

    def __repr__(self) -> str:
        """Show what a person would ask for."""
        return f"<Provider {self.id}: {self.preset}, {self.cost} of {self.query_type}>"


def read_providers(value: object) -> list[Provider]:
    """Read a `providers` list.

    Raises:
        ValueError: `value` is no list of providers.
    """
    if not isinstance(value, list):
        raise ValueError(f"not a list of providers: {value!r}")
    return [Provider.from_json(item) for item in value]


def _are_texts(values: "list[Any]") -> bool:
    return all(isinstance(value, str) for value in values)
