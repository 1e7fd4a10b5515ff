"""What the README tells a newcomer to type does what it says."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.readme import README, command_lines
from tollbridge.gateway.demo import read_real_providers
from tollbridge.gateway.settings import NAMES, PREFIX

ROOT = README.parent


def test_the_owners_commands_work_in_the_order_they_stand_in(tmp_path: Path) -> None:
    """A paywall, a provider with a key and its template come out of the lines as they stand."""
    line = CommandLine(tmp_path)
    lines = [shlex.split(text)[1:] for text in command_lines(".venv/bin/tollbridge")]
    made = [words for words in lines if words[0] != "serve"]
    assert [" ".join(words[:2]) for words in made] == [
        *("paywall create", "provider add", "template add", "provider set")
    ]
    for words in made:
        line.make(*words, environment={"OPENAI_API_KEY": "sk-readme"})
    (provider,) = line.make("provider", "list")["providers"]
    assert provider["id"] == "prov_chat"
    assert "sk-readme" not in str(provider)
    (template,) = line.make("template", "list")["templates"]
    assert template["id"] == "tpl_ask"


@pytest.mark.parametrize("text", command_lines("build.py"))
def test_build_py_knows_the_commands(text: str) -> None:
    """Each line's command has a help, and that help names the options of the line."""
    words = shlex.split(text)
    command, options = words[2], [word for word in words[3:] if word.startswith("--")]
    told = subprocess.run(
        [sys.executable, ROOT / "build.py", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert all(option in told for option in options)


def test_the_exported_keys_make_the_providers_it_names() -> None:
    """The two `export` lines are what `--real-providers` reads."""
    environment = {
        name: value
        for line in command_lines("export")
        for name, _, value in (word.partition("=") for word in shlex.split(line)[1:])
    }
    environment |= {name: "sk-readme" for name, value in environment.items() if value == "…"}
    made = {provider.provider_id for provider in read_real_providers(environment, anonymous=False)}
    assert made == {"prov_openai_chat", "prov_anthropic_messages"}
    assert all(provider_id in README.read_text("utf-8") for provider_id in made)


def test_every_setting_it_names_exists() -> None:
    """No setting in the README is an invention."""
    words = README.read_text("utf-8").replace("`", " ").replace("=", " ").split()
    named = {word.strip(".,;()").removeprefix(PREFIX) for word in words if word.startswith(PREFIX)}
    assert named
    assert named <= set(NAMES)


def test_every_path_it_names_exists() -> None:
    """The map at its end leads somewhere."""
    text = README.read_text("utf-8")
    named = [word for word in text.split("`") if word.startswith(("src/", "tests/", "static/"))]
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []
