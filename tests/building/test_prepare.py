"""What `build.py` does before anything is installed, and what it says when it cannot."""

import sys
from pathlib import Path

import pytest

from building import prepare, steps
from building.programs import (
    CHROMIUM,
    PGBOUNCER,
    POSTGRES,
    Program,
    find_postgres,
    programs_complaint,
)


@pytest.mark.parametrize(
    ("version", "has_npm", "said"),
    [
        ("v20.20.2", True, None),
        ("v18.0.0", True, None),
        ("v17.9.1", True, "Node.js here is v17.9.1: install Node.js 18 or newer."),
        ("", False, "Node.js is missing: install Node.js 18 or newer with npm."),
        ("v20.20.2", False, "npm is missing: install Node.js 18 or newer with npm."),
        ("nightly", True, "Node.js here is nightly: install Node.js 18 or newer."),
    ],
)
def test_node_is_asked_for_by_version(version: str, has_npm: bool, said: str | None) -> None:
    """Node 18 will do; anything else is named together with what to install."""
    assert prepare.node_complaint(version, has_npm=has_npm) == said


@pytest.mark.parametrize(
    ("is_root", "apt_get", "fits"),
    [
        (True, "/usr/bin/apt-get", None),
        (False, "/usr/bin/apt-get", "install it (as root: apt-get install chromium)"),
        (True, None, "install it (the package chromium)"),
        (False, None, "install it (the package chromium)"),
    ],
)
def test_a_program_is_installed_only_by_root(
    is_root: bool, apt_get: str | None, fits: str | None
) -> None:
    """Without the right to install, one sentence says what to install."""
    said = programs_complaint([CHROMIUM], is_root=is_root, apt_get=apt_get)
    assert said is None if fits is None else fits in (said or "")


def test_all_that_is_missing_is_named_at_once() -> None:
    """Nobody installs one program only to hear of the next."""
    said = programs_complaint(
        [CHROMIUM, POSTGRES, PGBOUNCER], is_root=False, apt_get="/usr/bin/apt-get"
    )
    assert said == (
        "Chromium and PostgreSQL 15 or newer and PgBouncer cannot be found here: install them "
        "(as root: apt-get install chromium postgresql pgbouncer) and run this again."
    )
    assert programs_complaint([], is_root=False, apt_get=None) is None


def test_what_is_found_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every program found, no `apt-get` is asked: there is none here."""
    monkeypatch.setenv("PATH", str(tmp_path))
    here = Program("Here", "here", lambda: True)
    gone = Program("Gone", "gone", lambda: None)
    prepare.prepare_programs([here])
    with pytest.raises(steps.CannotPrepare, match=r"^Gone cannot be found here: .*\.$"):
        prepare.prepare_programs([here, gone])


def test_no_server_of_the_system_is_made(tmp_path: Path) -> None:
    """Debian's packages are told before they come; what somebody wrote there stays."""
    settings = tmp_path / "postgresql-common" / "createcluster.conf"
    prepare.forbid_cluster(settings)
    assert settings.read_text() == "create_main_cluster = false\n"
    settings.write_text("ssl = on\n")
    prepare.forbid_cluster(settings)
    assert settings.read_text() == "ssl = on\n"


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [(("14", "15", "9.6"), "15"), (("15", "17", "16"), "17"), (("14",), None), ((), None)],
)
def test_the_newest_postgres_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, versions: tuple[str, ...], chosen: str | None
) -> None:
    """Of several major versions the newest, and none that is too old."""
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in versions:
        programs = tmp_path / version / "bin"
        programs.mkdir(parents=True)
        (programs / "initdb").touch()
    found = find_postgres(tmp_path)
    assert found == (tmp_path / chosen / "bin" if chosen else None)


@pytest.mark.parametrize(("version", "is_found"), [("14.12", False), ("15.18 (Debian)", True)])
def test_a_postgres_on_the_path_tells_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, is_found: bool
) -> None:
    """Where Debian keeps none, PATH is asked, and its version counts."""
    program = tmp_path / "initdb"
    program.write_text(f"#!/bin/sh\necho 'initdb (PostgreSQL) {version}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert find_postgres(tmp_path) == (tmp_path if is_found else None)


def test_a_python_without_ensurepip_names_the_package() -> None:
    """Debian's Python without python3-venv is met with the command that helps."""
    assert prepare.venv_complaint(has_pip=True) is None
    assert "apt-get install python3-venv" in (prepare.venv_complaint(has_pip=False) or "")


def test_no_node_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Node learns so at once, before anything is fetched."""
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(steps.CannotPrepare, match=r"^Node\.js is missing: .*\.$"):
        prepare.prepare_runtimes(tmp_path)


def test_an_old_node_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is read from the program that would be used."""
    (tmp_path / "package-lock.json").write_text("{}")
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v16.3.0\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(steps.CannotPrepare, match=r"^Node\.js here is v16\.3\.0: "):
        prepare.prepare_runtimes(tmp_path)


def test_what_is_stamped_is_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the stamps of this lock file, neither Node nor the network is asked for."""
    lock = tmp_path / "package-lock.json"
    lock.write_text("{}")
    (tmp_path / "node_modules").mkdir()
    key = steps.fingerprint(lock.read_bytes())
    steps.stamp(tmp_path / "node_modules" / ".stamp-runtimes", key)
    monkeypatch.setenv("PATH", str(tmp_path))
    prepare.prepare_runtimes(tmp_path)
    lock.write_text("{} ")
    with pytest.raises(steps.CannotPrepare):
        prepare.prepare_runtimes(tmp_path)


def test_a_failed_command_gives_its_last_words() -> None:
    """What pip or npm said last is what a person needs; the pages before it are not."""
    program = "import sys; print('\\n'.join(f'{n} lines' for n in range(9))); sys.exit(3)"
    with pytest.raises(steps.CannotPrepare) as caught:
        steps.run([sys.executable, "-c", program], what="pip install")
    lines = str(caught.value).splitlines()
    assert lines[0] == "pip install failed; its last words:"
    assert [line.strip() for line in lines[1:]] == [f"{n} lines" for n in range(4, 9)]


def test_a_message_repeated_is_said_once() -> None:
    """Pip's warning for every try does not push its reason out of sight."""
    tries = [f"WARNING: Retrying after no answer, {n} left: {'x' * 400}" for n in (2, 1, 0)]
    said = steps.tail("\n".join([*tries, "", "ERROR: no such package"]))
    assert [line[:44] for line in said] == [tries[2][:44], "ERROR: no such package"]
    assert len(said[0]) == 300


def test_a_fingerprint_tells_its_parts_apart() -> None:
    """Moving a character from one part to the next is a change."""
    assert steps.fingerprint("ab", "c") != steps.fingerprint("a", "bc")
    assert steps.fingerprint("ab", b"c") == steps.fingerprint(b"ab", "c")


def test_what_only_saves_time_is_tried_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it cannot be had the work goes on, and the next run does not ask for it again."""
    monkeypatch.setenv("PATH", str(tmp_path))
    looked = []
    gone = Program("Gone", "gone", lambda: looked.append(1))
    tried = tmp_path / "tried"
    prepare.prefer_program(gone, tried=tried)
    assert tried.exists()
    installing = len(looked)
    prepare.prefer_program(gone, tried=tried)
    assert len(looked) == installing + 1  # looked for, and that was all


def test_what_is_there_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person may have installed it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    prepare.prefer_program(Program("Here", "here", lambda: True), tried=tmp_path / "tried")
    assert not (tmp_path / "tried").exists()
