"""The answer of a synchronous transport, for the SDK: nothing in it has to be waited for."""


class ReadReply:
    """A reply whose body was read already, or is somebody else's to read.

    See `tollbridge.sdk.transport.Reply`.
    """

    js = None

    def __init__(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Take the answer; `body` is what the SDK may read of it."""
        self.status = status
        self.headers = headers
        self._rest = body

    async def read(self) -> bytes | None:
        """Return the body, then None."""
        rest, self._rest = self._rest, b""
        return rest or None

    def abort(self) -> None:
        """Do nothing: whoever sent it closes it."""

    async def close(self) -> None:
        """Do nothing, as `abort`."""
