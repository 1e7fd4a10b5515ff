"""A provider survives the wire, and what is none is refused."""

import json

from tests.support.everywhere.testing import cases, raises
from tollbridge.wire import Provider, read_providers

CHAT = {"id": "prov_chat", "preset": "openai-chat", "query_type": "standard", "cost": 1}


def test_a_provider_survives_the_wire() -> None:
    """What is written is read back equal, through JSON text."""
    provider = Provider(
        "prov_chat",
        preset="openai-chat",
        query_type="standard",
        cost=2,
        path="v1/chat/completions",
        allow=["POST v1/chat/completions"],
        models=["gpt-a", "gpt-b"],
        sign_in_required=True,
    )
    read = Provider.from_json(json.loads(json.dumps(provider.to_json())))
    assert read == provider
    assert hash(read) == hash(provider)
    assert read.models == ["gpt-a", "gpt-b"]


def test_unknown_fields_are_accepted_and_missing_ones_have_a_meaning() -> None:
    """A newer gateway may say more, an older one less."""
    said = {"colour": "green"}
    said.update(CHAT)
    read = Provider.from_json(said)
    assert (read.path, read.allow, read.models, read.sign_in_required) == ("", [], [], False)


def test_two_providers_differ_by_any_field() -> None:
    """The same id at another price is another offer."""
    dearer = dict(CHAT)
    dearer["cost"] = 2
    assert Provider.from_json(CHAT) == Provider.from_json(CHAT)
    assert Provider.from_json(CHAT) != Provider.from_json(dearer)
    assert Provider.from_json(CHAT) != "prov_chat"


@cases(
    ("field", "wrong"),
    [
        ("id", None),
        ("id", 5),
        ("preset", None),
        ("query_type", ["standard"]),
        ("cost", None),
        ("cost", "1"),
        ("cost", 1.0),
        ("cost", True),
        ("path", None),
        ("allow", "POST v1"),
        ("allow", [1]),
        ("models", {}),
        ("models", [None]),
        ("sign_in_required", "no"),
    ],
)
def test_what_is_no_provider_is_refused(field: str, wrong: object) -> None:
    """A wrong type is an error and not a guess."""
    said: dict[str, object] = {}
    said.update(CHAT)
    said[field] = wrong
    with raises(ValueError, says="not a provider"):
        Provider.from_json(said)


def test_a_list_of_providers_is_read_in_its_order() -> None:
    """Its order is the owner's; what is no list is refused."""
    second = dict(CHAT)
    second["id"] = "prov_another"
    assert [p.id for p in read_providers([CHAT, second])] == ["prov_chat", "prov_another"]
    for wrong in (None, {}, "providers", [None]):
        with raises(ValueError, says="not a"):
            read_providers(wrong)
