"""nginx twice: the plain proxy to compare with, and the provider that answers in one piece."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from building.bench.client import Target
from building.bench.payloads import QUESTION, answer
from building.bench.processes import Process, free_port, started

# As long as a benchmark lasts, no connection is to be closed for its age.
_FRAME = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  tcp_nodelay on;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{http}
}}
"""


def mock_config(folder: Path, port: int) -> str:
    """A server that answers everything with the same JSON."""
    body = answer().decode()
    server = f"""\
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    default_type application/json;
    location / {{ return 200 '{body}'; }}
  }}"""
    return _FRAME.format(folder=folder, http=server)


def proxy_config(folder: Path, port: int, upstreams: dict[str, int]) -> str:
    """A proxy that sends `/NAME/…` to NAME's port and puts a key in.

    That is all that can be done without counting. Connections upstream are kept, and
    streams are not gathered, as in the gateway.
    """
    pools = "\n".join(
        f"  upstream {name} {{ server 127.0.0.1:{upstream}; keepalive 512; "
        "keepalive_requests 1000000000; }"
        for name, upstream in upstreams.items()
    )
    locations = "\n".join(
        f"""\
    location /{name}/ {{
      proxy_pass http://{name}/;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Authorization "Bearer provider-key";
      proxy_buffering off;
    }}"""
        for name in upstreams
    )
    server = f"""\
  server {{
    listen 127.0.0.1:{port} backlog=1024;
{locations}
  }}"""
    return _FRAME.format(folder=folder, http=f"{pools}\n{server}")


@contextlib.contextmanager
def json_mock(folder: Path, *, core: int) -> Iterator[int]:
    """Run the provider that answers in one piece; yields its port."""
    port = free_port()
    with _running("the mock", folder, mock_config(folder, port), core):
        yield port


@contextlib.contextmanager
def proxy(folder: Path, upstreams: dict[str, int], *, core: int) -> Iterator[tuple[Process, int]]:
    """Run the proxy; yields it and its port."""
    port = free_port()
    with _running("nginx", folder, proxy_config(folder, port, upstreams), core) as process:
        yield process, port


def target(port: int, upstream: str, body: bytes = QUESTION) -> Target:
    """A call of an upstream through the proxy."""
    return Target("nginx", port, f"/{upstream}/v1/chat/completions", body)


@contextlib.contextmanager
def _running(name: str, folder: Path, config: str, core: int) -> Iterator[Process]:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "nginx.conf"
    path.write_text(config)
    command: list[str | Path] = ["nginx", "-c", path, "-p", folder, "-e", folder / "error.log"]
    with started(name, command, core=core, log_file=folder / "output.log", env={}) as process:
        yield process
