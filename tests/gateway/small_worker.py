"""A worker that is no gateway: `small_worker LISTENER FOLDER LINE`.

It answers each connection with its process id, and `stay` with a last word once that is asked for.
A file in the folder decides how the next one begins: `cannot` (its text is said to the parent),
`dies`, `hangs`, or, once it serves, `stays` (SIGTERM does nothing).
"""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

from tollbridge.gateway.worker_process import Line


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say who answers; whoever stays is served to his end."""
    writer.write(b"%d\n" % os.getpid())
    if await reader.readline() == b"stay\n":
        writer.write(b"stays\n")
        await reader.readline()
        writer.write(b"done\n")
    writer.close()


async def main(listener: int, folder: Path, descriptor: int) -> None:
    """Serve until SIGTERM, then until everybody who stays has gone."""
    line = Line(descriptor)
    if (folder / "cannot").exists():
        line.say_why((folder / "cannot").read_text())
        sys.exit(1)
    if (folder / "dies").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    if (folder / "hangs").exists():
        await asyncio.Event().wait()
    asked = asyncio.Event()
    answers = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers.add(asyncio.current_task())
        await answer(reader, writer)

    server = await asyncio.start_server(serve, sock=socket.socket(fileno=listener))
    if not (folder / "stays").exists():
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    else:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    line.say_ready()
    await asked.wait()
    server.close()
    await asyncio.sleep(0)  # who has just connected is there then
    await asyncio.gather(*answers)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
