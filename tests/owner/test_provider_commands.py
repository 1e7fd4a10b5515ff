"""`tollbridge provider`: add, list, test, switch off and on."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.command_line import CommandLine
from tests.support.stored import everything_stored

KEY = "sk-provider-0123456789"
CHAT = ("--preset", "openai-chat", "--model", "gpt-x", "--query-type", "standard")


def add(*words: str, provider_id: str = "prov_one") -> tuple[str, ...]:
    """Return the words that add a provider to `pw_one`."""
    return ("provider", "add", provider_id, "--paywall", "pw_one", *words)


def http(base_url: str, *words: str) -> tuple[str, ...]:
    """Return the words that add a provider of the preset http on this machine."""
    what = ("--preset", "http", "--allow", "POST v1/things/*", "--query-type", "standard")
    return add(*what, "--base-url", base_url, "--allow-private", *words)


class Api(BaseHTTPRequestHandler):
    """Answers GET with what its server was told, and notes what it was sent."""

    def do_GET(self) -> None:
        """Answer."""
        self.server.seen.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def serving(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, str]]]]]:
    """Serve an API that answers with `status`; gives its address and what it is sent."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.status, server.seen = status, []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.seen  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_preset_knows_most(owner: CommandLine) -> None:
    """What was not said is the preset's."""
    assert owner.make(*add(*CHAT)) == {
        **owner.make("provider", "list")["providers"][0],
        "id": "prov_one",
        "paywall_id": "pw_one",
        "preset": "openai-chat",
        "base_url": "https://api.openai.com",
        "query_type": "standard",
        "cost": 1,
        "cost_for": [],
        "models": ["gpt-x"],
        "allow": ["POST v1/chat/completions"],
        "charge_on": "headers",
        "max_output_tokens": 1024,
        "max_body_bytes": 1_048_576,
        "first_byte_timeout_s": None,
        "idle_timeout_s": None,
        "key_header": "authorization",
        "key": None,
        "allow_private": False,
        "anonymous_allowed": True,
        "only_templates": False,
        "enabled": True,
    }


def test_every_option_is_kept(owner: CommandLine) -> None:
    """As it was said."""
    words = ("--cost", "3", "--max-body-bytes", "5000", "--key-header", "X-Key")
    times = ("--first-byte-timeout-s", "9", "--idle-timeout-s", "8", "--charge-on", "complete")
    more = ("--allow", "GET v1/things")
    made = owner.make(*http("http://127.0.0.1:9/api", *words, *times, *more))
    assert made["base_url"] == "http://127.0.0.1:9/api"
    assert made["allow"] == ["POST v1/things/*", "GET v1/things"]
    assert (made["cost"], made["max_body_bytes"], made["key_header"]) == (3, 5000, "x-key")
    assert (made["first_byte_timeout_s"], made["idle_timeout_s"]) == (9, 8)
    assert (made["charge_on"], made["max_output_tokens"]) == ("complete", None)
    assert made["allow_private"] is True


def test_costs_and_the_limit_of_output_are_kept_and_shown(owner: CommandLine) -> None:
    """In the order that they were said, in JSON and in words."""
    costs = ("--cost-for", "GET v1/free/*=0", "--cost-for", "post /v1/dear = 30")
    words = http("http://127.0.0.1:9", "--allow", "GET v1/*", "--allow", "POST v1/*", *costs)
    assert owner.make(*words)["cost_for"] == ["GET v1/free/*=0", "POST v1/dear=30"]
    assert "GET v1/free/*=0, POST v1/dear=30" in owner.run(*words).output
    limited = add(*CHAT, "--max-output-tokens", "4000", provider_id="prov_two")
    assert owner.make(*limited)["max_output_tokens"] == 4000
    assert "4000" in owner.run(*limited).output
    assert "1, GET v1/free/*=0, POST v1/dear=30" in owner.run("provider", "list").output
    listed = owner.make("provider", "list")["providers"]
    assert [one["max_output_tokens"] for one in listed] == [None, 4000]


@pytest.mark.parametrize("preset", ["openai-responses", "openai-embeddings"])
def test_the_other_apis_of_openai_are_presets(owner: CommandLine, preset: str) -> None:
    """With their one path each."""
    made = owner.make(*add("--preset", preset, *CHAT[2:]))
    assert made["allow"] == [f"POST v1/{preset.removeprefix('openai-')}"]
    assert made["base_url"] == "https://api.openai.com"


def test_an_unknown_query_type_is_made(owner: CommandLine) -> None:
    """Without trial credits; a known one keeps its own."""
    owner.make(*add(*CHAT[:-1], "premium"))
    owner.make(*add(*CHAT, provider_id="prov_two"))
    types = owner.make("paywall", "show", "pw_one")["query_types"]
    assert types == {"premium": 0, "standard": 20}


def test_a_key_is_read_once_and_stored_sealed(owner: CommandLine) -> None:
    """It is shown nowhere and stands in no file."""
    result = owner.run(*add(*CHAT, "--key-env", "MY_KEY"), environment={"MY_KEY": KEY})
    assert result.exit_code == 0
    assert "*** in authorization" in result.output
    listed = owner.run("provider", "list").output + owner.run("provider", "list", "--json").output
    assert KEY not in result.output + listed
    assert owner.make("provider", "list")["providers"][0]["key"] == "***"
    assert KEY.encode() not in everything_stored(owner.folder)


def test_an_unset_variable_is_an_error(owner: CommandLine) -> None:
    """Nothing is written then."""
    for environment in ({}, {"MY_KEY": ""}):
        sentence = owner.refuse(*add(*CHAT, "--key-env", "MY_KEY"), environment=environment)
        assert sentence == "the environment variable MY_KEY is not set"
    assert owner.make("provider", "list") == {"providers": []}


def test_what_cannot_be_is_refused_without_showing_the_key(owner: CommandLine) -> None:
    """The sentence is about the value, and a key is never shown."""
    sentence = owner.refuse(*add(*CHAT, "--key-env", "K"), environment={"K": "sk secret"})
    assert "key" in sentence
    assert "secret" not in sentence
    assert "'end'" in owner.refuse(*add(*CHAT, "--charge-on", "end"))
    assert "'GET v1/x'" in owner.refuse(*add(*CHAT, "--cost-for", "GET v1/x"))
    assert "'GET v1/x=0' is for no call" in owner.refuse(*add(*CHAT, "--cost-for", "GET v1/x=0"))
    assert "is 0" in owner.refuse(*add(*CHAT, "--max-output-tokens", "0"))
    assert "preset http" in owner.refuse(*http("http://127.0.0.1:9", "--max-output-tokens", "5"))
    assert "cost" in owner.refuse(*add(*CHAT, "--cost", "-1"))
    assert "https" in owner.refuse(*add(*CHAT, "--base-url", "http://api.example"))
    assert "allow" in owner.refuse(*add("--preset", "http", *CHAT[4:], "--base-url", "https://a.b"))
    assert owner.refuse(*add(*CHAT), "--paywall", "pw_none") == "There is no paywall 'pw_none'."
    assert owner.run(*add("--preset", "ftp", *CHAT[2:])).exit_code == 2
    assert owner.make("provider", "list") == {"providers": []}


def test_adding_again_replaces_within_the_paywall(owner: CommandLine) -> None:
    """The key too: a provider has what its last command said."""
    owner.make(*add(*CHAT, "--key-env", "K"), environment={"K": KEY})
    result = owner.run(*add(*CHAT, "--cost", "2"))
    assert result.output.startswith("Provider prov_one is replaced.")
    (only,) = owner.make("provider", "list")["providers"]
    assert (only["cost"], only["key"]) == (2, None)
    owner.make("paywall", "create", "pw_two")
    assert "another paywall" in owner.refuse(*add(*CHAT), "--paywall", "pw_two")
    assert owner.make("paywall", "show", "pw_two")["query_types"] == {}


def test_providers_are_listed_by_paywall(owner: CommandLine) -> None:
    """All of them, or one paywall's."""
    assert owner.run("provider", "list").output == "No providers.\n"
    owner.make(*add(*CHAT))
    owner.make("paywall", "create", "pw_two")
    owner.make(*add(*CHAT, provider_id="prov_two"), "--paywall", "pw_two")
    listed = owner.make("provider", "list", "--paywall", "pw_two")["providers"]
    assert [one["id"] for one in listed] == ["prov_two"]
    assert len(owner.make("provider", "list")["providers"]) == 2
    assert "pw_none" in owner.refuse("provider", "list", "--paywall", "pw_none")
    lines = owner.run("provider", "list").output.splitlines()
    assert lines[1].split() == [
        *("prov_one", "pw_one", "openai-chat", "https://api.openai.com"),
        *("standard", "1", "1024", "-", "enabled"),
    ]


def test_a_provider_is_switched_off_and_on(owner: CommandLine) -> None:
    """By its id alone, again and again."""
    owner.make(*add(*CHAT))
    for word, enabled in (("disable", False), ("disable", False), ("enable", True)):
        answer = owner.make("provider", word, "prov_one")
        assert answer == {"id": "prov_one", "enabled": enabled}
        assert owner.make("provider", "list")["providers"][0]["enabled"] is enabled
    assert owner.refuse("provider", "disable", "prov_none") == "There is no provider prov_none."


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_provider_that_answers_passes_the_test(owner: CommandLine, status: int) -> None:
    """Reachable, with its status and how long it took; the stored key went with it."""
    with serving(status) as (url, seen):
        owner.make(*http(f"{url}/api", "--key-env", "K"), environment={"K": KEY})
        answer = owner.make("provider", "test", "prov_one")
        assert 0 <= answer.pop("ms") < 30_000
        assert answer == {
            "id": "prov_one",
            "ok": True,
            "reachable": True,
            "status": status,
            "problem": None,
        }
        ((path, headers),) = seen
        assert path == "/api"
        assert headers["authorization"] == f"Bearer {KEY}"
        assert f"answers {status} after" in owner.run("provider", "test", "prov_one").output


@pytest.mark.parametrize(
    ("preset", "header", "value"),
    [
        ("openai-chat", "authorization", f"Bearer {KEY}"),
        ("openai-responses", "authorization", f"Bearer {KEY}"),
        ("openai-embeddings", "authorization", f"Bearer {KEY}"),
        ("openai-compatible", "authorization", f"Bearer {KEY}"),
        ("anthropic-messages", "x-api-key", KEY),
    ],
)
def test_a_language_model_is_asked_for_its_models(
    owner: CommandLine, preset: str, header: str, value: str
) -> None:
    """With the header that its preset carries the key in, and nothing is spent."""
    with serving(200) as (url, seen):
        words = ("--preset", preset, "--model", "m", "--query-type", "standard")
        words += ("--base-url", url, "--allow-private", "--key-env", "K")
        owner.make(*add(*words), environment={"K": KEY})
        assert owner.make("provider", "test", "prov_one")["ok"] is True
        ((path, headers),) = seen
        assert path == "/v1/models"
        assert headers[header] == value
        assert ("anthropic-version" in headers) is (preset == "anthropic-messages")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_fails_the_test(owner: CommandLine, status: int) -> None:
    """Exit code 1, in words and in JSON."""
    with serving(status) as (url, _):
        owner.make(*http(url))
        sentence = owner.refuse("provider", "test", "prov_one")
        assert sentence == f"The provider refuses the key: it answers {status}."
        result = owner.run("provider", "test", "prov_one", "--json")
        assert result.exit_code == 1
        answer = json.loads(result.stdout)
        assert (answer["ok"], answer["reachable"], answer["status"]) == (False, True, status)
        assert answer["problem"] == sentence


def test_a_provider_that_is_not_there_fails_the_test(owner: CommandLine) -> None:
    """Exit code 1, and why."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        owner.make(*http(f"http://127.0.0.1:{unused.getsockname()[1]}"))
        assert owner.refuse("provider", "test", "prov_one") == (
            "The provider refused the connection."
        )
        result = owner.run("provider", "test", "prov_one", "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert (answer["reachable"], answer["status"]) == (False, None)
    assert owner.refuse("provider", "test", "prov_none") == "There is no provider prov_none."


def test_a_wrong_master_key_opens_nothing(owner: CommandLine) -> None:
    """The sentence says so, for adding as for testing."""
    owner.make(*add(*CHAT, "--key-env", "K"), environment={"K": KEY})
    other = {"TOLLBRIDGE_MASTER_KEY": "A" * 43 + "=", "K": KEY}
    words = add(*CHAT, "--key-env", "K", provider_id="prov_two")
    assert "master key is not the one" in owner.refuse(*words, environment=other)
    assert "master key is not the one" in owner.refuse(
        "provider", "test", "prov_one", environment=other
    )
