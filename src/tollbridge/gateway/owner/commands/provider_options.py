"""The options that say what a provider is; `make_provider` checks what they say."""

import os
from collections.abc import Callable
from functools import reduce
from typing import Any

import click

from tollbridge.gateway.errors import StartError
from tollbridge.gateway.providers.presets import (
    MAX_BODY_BYTES_DEFAULT,
    MAX_OUTPUT_TOKENS_DEFAULT,
    PRESETS,
)
from tollbridge.gateway.providers.provider_fields import CHARGE_ON
from tollbridge.gateway.secret import Secret

CLOSED = "It is called through templates only, and pages see it in no list."

_OPTIONS = (
    click.option("--paywall", "paywall_id", required=True, metavar="ID"),
    click.option("--preset", required=True, type=click.Choice(list(PRESETS))),
    click.option(
        "--base-url",
        default="",
        metavar="URL",
        help="Without /v1, the page's path has it; may be left out where the preset knows it.",
    ),
    click.option(
        "--key-env",
        metavar="VAR",
        help="The environment variable that holds the key; read once, now, and stored sealed.",
    ),
    click.option(
        "--query-type", required=True, metavar="TYPE", help="An unknown one is made, without trial."
    ),
    click.option("--cost", type=int, default=1, show_default=True, help="Credits for a call."),
    click.option(
        "--cost-for",
        multiple=True,
        metavar="RULE=N",
        help="Credits for some calls instead, such as 'GET v1/things/*=0'; the first that fits "
        "counts; repeat.",
    ),
    click.option(
        "--model", "models", multiple=True, metavar="M", help="A model that may be named; repeat."
    ),
    click.option(
        "--max-output-tokens",
        type=int,
        metavar="N",
        help=f"What a page may ask for at most, by default {MAX_OUTPUT_TOKENS_DEFAULT}; not for "
        "embeddings and http.",
    ),
    click.option("--max-body-bytes", type=int, default=MAX_BODY_BYTES_DEFAULT, show_default=True),
    click.option(
        "--allow",
        multiple=True,
        metavar="RULE",
        help="For the preset http: method and path that may be called, such as "
        "'POST v1/things/*' (* is one or more segments); repeat.",
    ),
    click.option(
        "--charge-on",
        default="headers",
        show_default=True,
        metavar="|".join(CHARGE_ON),
        help="What of a good answer must be here before a call is charged.",
    ),
    click.option("--first-byte-timeout-s", type=int),
    click.option("--idle-timeout-s", type=int),
    click.option(
        "--key-header", default="", metavar="NAME", help="Where the key goes out; see the preset."
    ),
    click.option(
        "--allow-private", is_flag=True, help="It may be in a private network, and without TLS."
    ),
    click.option("--only-templates", is_flag=True, help=CLOSED),
)


def options_of_a_provider(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; their names are the arguments of `make_provider`."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def read_key(variable: str) -> Secret:
    """Read a provider's key from the environment.

    Raises:
        StartError: The variable is not set, or empty.
    """
    value = os.environ.get(variable)
    if not value:
        raise StartError(f"the environment variable {variable} is not set")
    return Secret(value)
