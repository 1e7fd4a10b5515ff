"""Settings come from the environment, and a mistake in one is said in a sentence."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import LIMITS, NAMES, Limits, read_settings


def test_nothing_needs_to_be_set():
    """An empty environment is a gateway on this machine alone."""
    settings = read_settings({})
    assert (settings.host, settings.port, settings.data_dir) == ("127.0.0.1", 8642, Path("var"))
    assert settings.limits == Limits()
    assert (settings.limits.user_early_leaves, settings.limits.first_byte_s) == (5, 300)
    assert settings.issuer == "http://localhost:8642"
    assert (settings.site_dir, settings.master_key) == (None, None)
    assert (settings.beat_s, settings.silent_s, settings.trusted_proxies) == (5, 20, ())
    assert (settings.metrics_token, settings.metrics_port) == (None, None)


def test_what_is_set_counts():
    """Each setting reaches its field."""
    settings = read_settings(
        {
            "TOLLBRIDGE_HOST": "0.0.0.0",
            "TOLLBRIDGE_PORT": "0",
            "TOLLBRIDGE_DATA_DIR": "/srv/tollbridge",
            "TOLLBRIDGE_PUBLIC_URL": "https://gw.example/",
            "TOLLBRIDGE_SITE_DIR": "dist",
            "TOLLBRIDGE_MASTER_KEY_FILE": "key",
            "TOLLBRIDGE_LIMIT_IDLE_S": "7",
            "TOLLBRIDGE_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "TOLLBRIDGE_BEAT_S": "1",
            "TOLLBRIDGE_SILENT_S": "2",
            "TOLLBRIDGE_METRICS_TOKEN": "let-me-in",
            "TOLLBRIDGE_LOG_FORMAT": "json",
            "TOLLBRIDGE_REQUEST_LOG_DAYS": "0",
            "TOLLBRIDGE_WORKERS": "3",
            "TOLLBRIDGE_DATABASE_URL": "postgresql://me:hidden@db/x",
            "TOLLBRIDGE_GRACE_S": "60",
            "PATH": "/bin",
        }
    )
    assert (settings.host, settings.port) == ("0.0.0.0", 0)
    assert (settings.data_dir, settings.site_dir) == (Path("/srv/tollbridge"), Path("dist"))
    assert settings.master_key_file == Path("key")
    assert settings.issuer == "https://gw.example"
    assert settings.limits.idle_s == 7
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert (settings.beat_s, settings.silent_s) == (1, 2)
    assert "let-me-in" not in repr(settings)
    assert (settings.workers, settings.grace_s) == (3, 60)
    assert settings.database_url is not None
    assert settings.database_url.reveal() == "postgresql://me:hidden@db/x"
    assert "hidden" not in repr(settings)
    assert (settings.log_format, settings.request_log_days) == ("json", 0)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("PROT", "PORT"),
        ("DATADIR", "DATA_DIR"),
        ("LIMIT_USER_EARLY_LEAVE", "LIMIT_USER_EARLY_LEAVES"),
        ("MASTERKEY", "MASTER_KEY"),
        ("limit_idle_s", "LIMIT_"),
        ("", ""),
    ],
)
def test_an_unknown_name_is_an_error_that_names_the_nearest(wrong, right):
    """A typing mistake does not leave a limit at its default unnoticed."""
    with pytest.raises(StartError) as caught:
        read_settings({f"TOLLBRIDGE_{wrong}": "1"})
    assert f"unknown setting TOLLBRIDGE_{wrong};" in str(caught.value)
    assert f"did you mean TOLLBRIDGE_{right}" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "http", "TOLLBRIDGE_PORT is 'http'; it must be a whole number"),
        ("PORT", "80.5", "it must be a whole number"),
        ("PORT", "65536", "TOLLBRIDGE_PORT is 65536; it must be from 0 to 65535"),
        ("PORT", "-1", "it must be from 0 to 65535"),
        ("WORKERS", "0", "it must be from 1 to 1024"),
        ("WORKERS", "1025", "it must be from 1 to 1024"),
        ("DATABASE_URL", "mysql://db/x", "must be like postgresql://"),
        ("GRACE_S", "0", "TOLLBRIDGE_GRACE_S is 0; it must be from 1 to 3600"),
        ("GRACE_S", "3601", "it must be from 1 to 3600"),
        ("LIMIT_IDLE_S", "0", "TOLLBRIDGE_LIMIT_IDLE_S is 0; it must be from 1 to 1000000000"),
        ("TRUSTED_PROXIES", "10.0.0.1/8", "which is no network such as 10.0.0.0/8"),
        ("BEAT_S", "0", "it must be from 1 to 3600"),
        ("SILENT_S", "9", "it must be at least twice TOLLBRIDGE_BEAT_S"),
        ("METRICS_PORT", "http", "it must be a whole number"),
        ("LOG_FORMAT", "xml", "TOLLBRIDGE_LOG_FORMAT is 'xml'; it must be one of"),
        ("REQUEST_LOG_DAYS", "-1", "it must be from 0 to 3650"),
        ("LIMIT_IDLE_S", "none", "TOLLBRIDGE_LIMIT_IDLE_S is 'none'; it must be a whole number"),
    ],
)
def test_a_malformed_value_is_an_error_that_shows_it(name, value, said):
    """The sentence has the name, the value, and what would be right."""
    with pytest.raises(StartError, match=said):
        read_settings({f"TOLLBRIDGE_{name}": value})


@pytest.mark.parametrize("name", LIMITS)
def test_off_lifts_a_limit(name):
    """Each enforced limit can be lifted, and only that one is, with the one that follows it."""
    limits = read_settings({f"TOLLBRIDGE_LIMIT_{name}": "off"}).limits
    assert getattr(limits, name.lower()) is None
    lifted = {name, "ORIGIN_TRIAL_CREDITS"} if name == "PAYWALL_TRIAL_CREDITS" else {name}
    others = [other.lower() for other in LIMITS if other not in lifted]
    assert all(getattr(limits, other) == getattr(Limits(), other) for other in others)


def test_every_limit_is_a_setting():
    """What the program limits, the operator can change."""
    assert {name.lower() for name in LIMITS} == set(Limits.__dataclass_fields__)
    assert all(f"LIMIT_{name}" in NAMES for name in LIMITS)


def test_settings_do_not_change():
    """They are read once."""
    with pytest.raises(FrozenInstanceError):
        read_settings({}).port = 1


def test_a_master_key_is_not_shown():
    """Settings can be logged whole."""
    settings = read_settings({"TOLLBRIDGE_MASTER_KEY": "c2VjcmV0"})
    assert "c2VjcmV0" not in repr(settings)
    assert settings.master_key.reveal() == "c2VjcmV0"


@pytest.mark.parametrize("name", ["HOST", "DATA_DIR", "MASTER_KEY", "PUBLIC_URL"])
def test_an_empty_value_is_an_error(name):
    """An unset variable in a script must not open every address or make a new master key."""
    with pytest.raises(StartError, match=f"TOLLBRIDGE_{name} is empty"):
        read_settings({f"TOLLBRIDGE_{name}": ""})
