"""The address of a PostgreSQL database: what of it may be shown, what another program is told."""

from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from tollbridge.gateway.secret import Secret

# Words of an address that are secret, beside the password before the host.
_SECRET_WORDS = ("password", "sslpassword")


def shown(url: Secret) -> str:
    """Return host and database, for a person; neither user nor password."""
    parts = urlsplit(url.reveal())
    words = dict(parse_qsl(parts.query))
    host = parts.netloc.rpartition("@")[2] or words.get("host", "localhost")
    name = parts.path.lstrip("/") or words.get("dbname") or words.get("database") or ""
    return f"{host}/{unquote(name)}"


def without_password(url: Secret) -> tuple[str, Secret | None]:
    """Return the address as it may stand in a program's arguments, and the password apart."""
    parts = urlsplit(url.reveal())
    words = parse_qsl(parts.query, keep_blank_values=True)
    found = _password(parts) or dict(words).get("password")
    before, at, host = parts.netloc.rpartition("@")
    user = before.partition(":")[0]
    kept = [(name, value) for name, value in words if name not in _SECRET_WORDS]
    bare = parts._replace(netloc=user + at + host, query=urlencode(kept, quote_via=quote))
    # urlunsplit drops the slashes before an empty host, with which libpq wants it.
    text = f"{bare.scheme}://{bare.netloc}{bare.path}" + (f"?{bare.query}" if bare.query else "")
    return text, None if found is None else Secret(found)


def _password(parts: SplitResult) -> str | None:
    _, colon, password = parts.netloc.rpartition("@")[0].partition(":")
    return unquote(password) if colon else None
