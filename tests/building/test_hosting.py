"""After a site is built its builder is told what is left to do."""

import subprocess
import sys
from pathlib import Path

import pytest

from building.hosting import next_steps, widget_tag

PAGE = '<meta name="tollbridge-paywall" content="pw_app">'
GATEWAY = "https://gateway.example.com"


def test_the_origin_is_to_be_listed() -> None:
    """The line names the page's own paywall, and can be typed once the origin is known."""
    told = next_steps(PAGE, GATEWAY)
    assert "\n  tollbridge paywall set pw_app --origin https://" in told
    assert "https as well" not in told


def test_a_page_that_names_no_paywall_gets_a_word_to_replace() -> None:
    """Or one whose paywall would be no word for a shell."""
    for page in ("", '<meta name="tollbridge-paywall" content="$(x)">'):
        assert "paywall set PAYWALL --origin" in next_steps(page, GATEWAY)


def test_a_page_of_the_gateway_s_own_origin_needs_no_list() -> None:
    """What a static host needs is said instead."""
    told = next_steps(PAGE, "")
    assert "--gateway https://" in told
    assert "paywall set" not in told


@pytest.mark.parametrize(
    ("gateway_url", "warned"),
    [
        ("http://gateway.example.com", True),
        ("http://10.0.0.7:8642", True),
        ("http://localhost:8642", False),
        ("http://127.0.0.1:8642", False),
        ("https://gateway.example.com", False),
    ],
)
def test_a_gateway_without_tls_is_remarked_on(gateway_url: str, warned: bool) -> None:
    """A browser blocks such calls before anybody learns of them."""
    assert ("the gateway needs https as well" in next_steps(PAGE, gateway_url)) == warned


def build(out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Build a site as `build.py` has it built."""
    command = [sys.executable, "-m", "building.site", "--out", str(out), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_build_for_elsewhere_says_what_is_left(tmp_path: Path) -> None:
    """For the paywall that the page names; a build for `run` keeps quiet."""
    done = build(tmp_path / "dist", "--gateway", GATEWAY)
    assert done.returncode == 0, done.stderr
    assert "tollbridge paywall set pw_demo --origin https://" in done.stdout
    quiet = build(tmp_path / "site")
    assert quiet.returncode == 0
    assert len(quiet.stdout.splitlines()) == 1


@pytest.mark.parametrize("url", ["gateway.example.com", "https://a.example/base", "https://[::1"])
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, url: str) -> None:
    """No trace, and nothing is written."""
    done = build(tmp_path / "dist", "--gateway", url)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("cannot build the page: a gateway's URL looks like https://")
    assert not (tmp_path / "dist").exists()


def test_the_widget_s_tag_can_be_copied() -> None:
    """W-M5: with the version, its hash and the page's paywall; only the site is left to fill in."""
    told = widget_tag(PAGE, "v1.2.3/widget.js", "sha384-abc")
    assert 'integrity="sha384-abc"' in told
    assert '/v1.2.3/widget.js" data-paywall-id="pw_app"' in told
