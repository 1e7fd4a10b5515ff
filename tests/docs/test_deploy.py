"""What `docs/deploy` shows is what the programs understand, as far as it can be run here."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from tollbridge.gateway.owner.commands import app
from tollbridge.gateway.settings import NAMES, PREFIX, read_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def compose():
    """Read the file as Compose does, its anchors resolved."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def lines_of(unit, key):
    """List what a unit gives for a key."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), flags=re.MULTILINE)


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_setting_named_is_one(path):
    """A name that is not known would stop the start."""
    names = set(re.findall(rf"{PREFIX}([A-Z_]+)", path.read_text()))
    assert names <= {*NAMES}, path.name


def test_the_settings_of_compose_are_taken():
    """Each of the gateways starts with them."""
    services = compose()["services"]
    gateways = [service for name, service in services.items() if name.startswith("gateway-")]
    assert len(gateways) == 2
    for gateway in gateways:
        settings = read_settings(gateway["environment"])
        assert (settings.workers, settings.grace_s) == (2, 60)
        grace_s = int(gateway["stop_grace_period"].removesuffix("s"))
        assert grace_s > settings.grace_s


def test_compose_names_what_there_is():
    """Secrets, volumes, files and services that it refers to."""
    file = compose()
    for service in file["services"].values():
        assert set(service.get("secrets", ())) <= set(file["secrets"])
        assert set(service.get("depends_on", ())) <= set(file["services"])
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in file["volumes"] or (DEPLOY / source).is_file()
        build = service.get("build")
        if build:
            assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()


def test_the_command_of_compose_hands_the_password_over(tmp_path):
    """The shell line reads the secret and becomes the gateway."""
    (tmp_path / "database").write_text("s3cret\n")
    program = tmp_path / "tollbridge"
    program.write_text('#!/bin/sh\necho "$TOLLBRIDGE_DATABASE_URL" "$@"\n')
    program.chmod(0o755)
    sh, dash_c, line = compose()["services"]["gateway-1"]["command"]
    line = line.replace("$$", "$").replace("/run/secrets", str(tmp_path))
    said = subprocess.run(
        [sh, dash_c, line],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "postgresql://tollbridge:s3cret@database/tollbridge serve\n"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_units_run_commands_that_there_are(unit):
    """The words after the program are a command with its arguments."""
    (command,) = lines_of(unit, "ExecStart")
    words = re.search(r"/opt/tollbridge/bin/tollbridge ([a-z]+)", command)
    assert words is not None
    result = CliRunner().invoke(app, [words[1], "--help"])
    assert result.exit_code == 0, result.output


def test_systemd_waits_longer_than_the_gateway():
    """Else running answers would be cut off in the middle of their grace."""
    unit = DEPLOY / "tollbridge.service"
    given = dict(line.split("=", 1) for line in lines_of(unit, "Environment"))
    (stop_s,) = lines_of(unit, "TimeoutStopSec")
    assert int(stop_s) > int(given["TOLLBRIDGE_GRACE_S"])


def test_the_image_installs_what_is_locked():
    """Files that it copies are there, and the page is built by the one door."""
    text = (DEPLOY / "Containerfile").read_text()
    for source in re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())
    assert "--require-hashes -r requirements/gateway.txt" in text
    assert "python3 build.py dist" in text
