"""Secrets at rest: sealed under the master key, which is the operator's to keep.

AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D); every other key is derived from the
master key with HKDF-SHA256 (RFC 5869), so that no key serves two purposes.
"""

import base64
import binascii
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.settings import PREFIX, Settings

KEY_BYTES = 32
FILE_NAME = "master.key"

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(StartError):
    """Something sealed does not open: another master key, another context, or damaged."""


class Sealer:
    """Seals secrets, and derives keys for other purposes."""

    def __init__(self, master_key: bytes) -> None:
        """Work under a master key of 32 bytes.

        Raises:
            ValueError: It has another length.
        """
        if len(master_key) != KEY_BYTES:
            raise ValueError(f"a master key has {KEY_BYTES} bytes, not {len(master_key)}")
        self._master_key = master_key
        self._cipher = AESGCM(self.subkey("sealing"))

    def seal(self, text: str, context: str) -> bytes:
        """Return `text` sealed: a version byte, the nonce, the ciphertext with its tag.

        Args:
            text: The secret.
            context: What it is and whose; it opens in the same context only.
        """
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), context.encode())

    def open(self, blob: bytes, context: str) -> str:
        """Return what `seal` was given.

        Raises:
            SealBroken: It was not sealed like this; the message says what to do, nothing more.
        """
        if blob[:1] != _VERSION or len(blob) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise _broken(context)
        nonce, sealed = blob[1 : 1 + _NONCE_BYTES], blob[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, context.encode()).decode()
        except InvalidTag:
            raise _broken(context) from None

    def subkey(self, purpose: str) -> bytes:
        """Return 32 bytes that belong to one purpose; always the same for one master key."""
        derivation = HKDF(
            algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"tollbridge:{purpose}".encode()
        )
        return derivation.derive(self._master_key)

    def __repr__(self) -> str:
        """Show nothing."""
        return "<Sealer>"


def _broken(context: str) -> SealBroken:
    return SealBroken(
        f"what is stored as {context} does not open with this master key; start with the key that "
        f"the database was made with ({PREFIX}MASTER_KEY, {PREFIX}MASTER_KEY_FILE or {FILE_NAME} "
        "in the data directory)"
    )


def load_master_key(settings: Settings, make: bool) -> bytes:
    """Return the master key: from the environment, a named file, or the data directory.

    Args:
        settings: Names at most one of key and file.
        make: Where neither is named and the data directory has none yet, make one: 32 random
            bytes in base64, readable by this user only. Two processes that start together get the
            same.

    Raises:
        StartError: There is none, or it is no key. The message says where, never what.
    """
    if settings.master_key is not None and settings.master_key_file is not None:
        raise StartError(f"set either {PREFIX}MASTER_KEY or {PREFIX}MASTER_KEY_FILE, not both")
    if settings.master_key is not None:
        return _decode(settings.master_key.reveal(), f"{PREFIX}MASTER_KEY")
    path = settings.master_key_file or settings.data_dir / FILE_NAME
    try:
        if make and settings.master_key_file is None and not path.exists():
            _make_file(path)
        return _decode(path.read_text(encoding="ascii", errors="replace"), str(path))
    except FileNotFoundError:
        raise StartError(
            f"there is no master key at {path}; the first start of the gateway makes one in its "
            "data directory"
        ) from None
    except OSError as error:
        raise StartError(f"the master key at {path} is out of reach: {error.strerror}") from None


def _decode(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise StartError(f"the master key in {where} is not base64") from None
    if len(key) != KEY_BYTES:
        raise StartError(
            f"the master key in {where} has {len(key)} bytes; it must have {KEY_BYTES}"
        )
    return key


def _make_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written elsewhere and then linked: whoever sees the file sees all of it, and the first wins.
    draft = path.with_name(f".{FILE_NAME}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
