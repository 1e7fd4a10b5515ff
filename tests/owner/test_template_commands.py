"""`tollbridge template`: add, list, show, remove; and closing a provider to anything else."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

PROVIDER = (
    *("provider", "add", "prov_one", "--paywall", "pw_one"),
    *("--preset", "openai-chat", "--model", "gpt-x", "--query-type", "standard"),
)
ADD = ("template", "add", "tpl_ask", "--paywall", "pw_one", "--provider", "prov_one")
QUESTION = ("--variable", "question=2000")
PROMPT = ("--model", "gpt-x", "--system", "Be brief.", "--user", "Docs: {{question}}")


@pytest.fixture
def shop(owner: CommandLine) -> CommandLine:
    """The command line on a folder with a paywall and its provider."""
    owner.make(*PROVIDER)
    return owner


def body_file(folder: Path, body: object) -> str:
    """Write a body, and return where it is."""
    file = folder.parent / "body.json"
    file.write_text(json.dumps(body), "utf-8")
    return str(file)


def test_a_template_is_added_in_short_form(shop: CommandLine) -> None:
    """A prompt becomes the body of the provider's API."""
    made = shop.make(*ADD, *QUESTION, *PROMPT, "--max-output-tokens", "300", "--stream")
    created_at = made.pop("created_at")
    assert created_at.endswith("Z")
    assert made == {
        "id": "tpl_ask",
        "paywall_id": "pw_one",
        "provider_id": "prov_one",
        "path": "v1/chat/completions",
        "variables": {"question": 2000},
        "body": {
            "model": "gpt-x",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Docs: {{question}}"},
            ],
            "max_completion_tokens": 300,
            "stream": True,
        },
    }
    assert shop.make("template", "show", "tpl_ask") == {**made, "created_at": created_at}
    assert shop.make("template", "list") == {"templates": [{**made, "created_at": created_at}]}


def test_a_template_is_added_from_a_file(shop: CommandLine) -> None:
    """Every character comes back, on either store."""
    body = {"model": "gpt-x", "messages": [{"content": "{{a}} Grüße 🌍 \u0000 \ud800 {{b}}"}]}
    file = body_file(shop.folder, body)
    made = shop.make(*ADD, "--variable", "a=1", "--variable", "b=2", "--body", file)
    assert made["body"] == body
    assert made["variables"] == {"a": 1, "b": 2}
    assert shop.make("template", "show", "tpl_ask")["body"] == body


def test_it_is_said_in_words(shop: CommandLine) -> None:
    """What it asks, whom, and what a page may send; its body with `show`."""
    said = [
        "  provider   prov_one",
        "  path       v1/chat/completions",
        "  variables  question=2000",
    ]
    lines = shop.run(*ADD, *QUESTION, *PROMPT).output.splitlines()
    assert lines == ["Template tpl_ask is added.", *said]
    assert shop.run(*ADD, *QUESTION, *PROMPT).output.splitlines()[0] == (
        "Template tpl_ask is replaced."
    )
    shown = shop.run("template", "show", "tpl_ask").output
    assert shown.splitlines()[:4] == ["Template tpl_ask", *said]
    assert '"content": "Docs: {{question}}"' in shown
    listed = shop.run("template", "list").output.splitlines()
    assert [line.split() for line in listed] == [
        ["template", "paywall", "provider", "path", "variables"],
        ["tpl_ask", "pw_one", "prov_one", "v1/chat/completions", "question=2000"],
    ]


def test_a_template_is_removed(shop: CommandLine) -> None:
    """And then it is not there."""
    shop.make(*ADD, *QUESTION, *PROMPT)
    assert shop.make("template", "remove", "tpl_ask") == {"id": "tpl_ask", "removed": True}
    assert shop.run("template", "list").output == "No templates.\n"
    for words in (("show", "tpl_ask"), ("remove", "tpl_ask"), ("show", "tpl_ä")):
        assert shop.refuse("template", *words) == f"There is no template {words[1]}."


def test_the_list_is_one_paywalls_where_that_is_asked_for(shop: CommandLine) -> None:
    """Another paywall's templates are another's."""
    shop.make(*ADD, *QUESTION, *PROMPT)
    shop.make("paywall", "create", "pw_two", "--query-type", "standard=0")
    assert shop.make("template", "list", "--paywall", "pw_two") == {"templates": []}
    assert len(shop.make("template", "list", "--paywall", "pw_one")["templates"]) == 1
    assert shop.refuse("template", "list", "--paywall", "pw_x") == "There is no paywall 'pw_x'."


def test_a_template_asks_a_provider_of_its_own_paywall(shop: CommandLine) -> None:
    """And its id is taken once."""
    shop.make("paywall", "create", "pw_two", "--query-type", "standard=0")
    other = [word.replace("pw_one", "pw_two") for word in (*ADD, *QUESTION, *PROMPT)]
    assert shop.refuse(*other) == "The paywall pw_two has no provider prov_one."
    shop.make(*ADD, *QUESTION, *PROMPT)
    theirs = [word.replace("_one", "_two") for word in PROVIDER]
    shop.make(*theirs)
    taken = [word.replace("_one", "_two") for word in (*ADD, *QUESTION, *PROMPT)]
    assert shop.refuse(*taken) == "the id 'tpl_ask' belongs to another paywall's template"
    none = [word.replace("prov_one", "prov_none") for word in (*ADD, *QUESTION, *PROMPT)]
    assert shop.refuse(*none) == "There is no provider prov_none."
    assert len(shop.make("template", "list")["templates"]) == 1


def test_what_the_provider_would_refuse_is_told_to_the_owner(shop: CommandLine) -> None:
    """With the rule's own words, which no page reads."""
    wrong = [word.replace("gpt-x", "gpt-dear") for word in PROMPT]
    assert shop.refuse(*ADD, *QUESTION, *wrong) == (
        "This provider does not allow the model 'gpt-dear'."
    )
    assert shop.refuse(*ADD, *PROMPT).startswith("the body has a place for 'question'")
    assert shop.make("template", "list") == {"templates": []}


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--model", "gpt-x"),
        ("--user", "Hello"),
        ("--body", "-", "--model", "gpt-x"),
        ("--body", "-", "--stream"),
        ("--body", "/nowhere/body.json"),
        (*PROMPT, "--variable", "question"),
        (*PROMPT, "--variable", "question=many"),
        (*PROMPT, *QUESTION, *QUESTION),
        (*PROMPT, *QUESTION, "--max-output-tokens", "0"),
    ],
)
def test_a_wrong_use_is_said_to_be(shop: CommandLine, words: tuple[str, ...]) -> None:
    """With exit code 2."""
    assert shop.run(*ADD, *words).exit_code == 2
    assert shop.make("template", "list") == {"templates": []}


def test_a_provider_is_closed_and_opened(shop: CommandLine) -> None:
    """When it is added, or later and without its key."""
    assert shop.make("provider", "list")["providers"][0]["only_templates"] is False
    assert shop.make(*PROVIDER, "--only-templates")["only_templates"] is True
    opened = shop.make("provider", "set", "prov_one", "--only-templates", "off")
    assert opened["only_templates"] is False
    closed = shop.run("provider", "set", "prov_one", "--only-templates", "on")
    assert closed.output == "Provider prov_one can be called through templates only.\n"
    assert shop.make("provider", "list")["providers"][0]["only_templates"] is True
    assert shop.run("provider", "list").output.rstrip().endswith("templates only")
    said = shop.refuse("provider", "set", "prov_none", "--only-templates", "on")
    assert said == "There is no provider prov_none."
    assert shop.run("provider", "set", "prov_one").exit_code == 2
