"""`tollbridge serve`: the gateway itself."""

from pathlib import Path

import click

from tollbridge.gateway.owner.commands.running import data_dir_option, find_settings
from tollbridge.gateway.settings import WORKERS_MAX


@click.command()
@click.option("--host", help="Address to listen on; default TOLLBRIDGE_HOST, else 127.0.0.1.")
@click.option(
    "--port", type=click.IntRange(0, 65535), help="Default TOLLBRIDGE_PORT, else 8642; 0: any."
)
@data_dir_option
@click.option(
    "--workers",
    type=click.IntRange(1, WORKERS_MAX),
    help="Processes that serve, on PostgreSQL; default TOLLBRIDGE_WORKERS, else 1.",
)
@click.option("--demo", is_flag=True, help="With the paywall pw_demo and a provider of its own.")
@click.option(
    "--real-providers",
    is_flag=True,
    help="With OPENAI_API_KEY and ANTHROPIC_API_KEY of the environment, for the models that "
    "TOLLBRIDGE_OPENAI_MODELS and TOLLBRIDGE_ANTHROPIC_MODELS name.",
)
@click.option(
    "--anonymous", is_flag=True, help="Real providers serve users who have not signed in, too."
)
def serve(
    host: str | None,
    port: int | None,
    data_dir: Path | None,
    workers: int | None,
    demo: bool,
    real_providers: bool,
    anonymous: bool,
) -> None:
    """Start the gateway."""
    # Only this command needs the server; the others start faster without it.
    from tollbridge.gateway.serve import run

    run(
        find_settings(data_dir, host=host, port=port, workers=workers),
        demo=demo,
        real_providers=real_providers,
        anonymous=anonymous,
    )
