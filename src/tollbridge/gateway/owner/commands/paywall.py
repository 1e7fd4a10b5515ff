"""`tollbridge paywall`: the owner's apps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from tollbridge.gateway.data_folder import database_file
from tollbridge.gateway.database import Script, lock
from tollbridge.gateway.owner.commands.printing import columns, credits, show
from tollbridge.gateway.owner.commands.running import (
    Open,
    data_dir_option,
    find_settings,
    json_option,
    run,
)
from tollbridge.gateway.paywalls import (
    Paywall,
    check_query_type,
    check_trial_credits,
    create_paywall,
    need_paywall,
    read_origin,
    store_paywall,
)
from tollbridge.gateway.paywalls.paywall import TRIAL_CREDITS_MAX
from tollbridge.gateway.settings import PREFIX, Limits

ANY_ORIGIN = "any"
DEFAULT = "default"

# None where nothing was said; else the number, or None in it for the gateway's own.
OriginCredits = tuple[int | None] | None

name_option = click.option("--name", help="What people read.")
origin_option = click.option(
    "--origin",
    "origins",
    multiple=True,
    metavar="URL",
    callback=lambda ctx, parameter, value: read_origins(value),
    help="A web origin that may call; repeat it for more. Without one, or with 'any', all may.",
)
query_type_option = click.option(
    "--query-type",
    "query_types",
    multiple=True,
    metavar="TYPE=TRIAL",
    callback=lambda ctx, parameter, value: read_query_types(value),
    help="A query type and the trial credits of a new user, such as standard=20.",
)
tokenization_option = click.option(
    "--tokenization", type=click.Choice(["on", "off"]), help="Whether it counts credits."
)

origin_credits_option = click.option(
    "--origin-trial-credits",
    metavar="N|default",
    callback=lambda ctx, parameter, value: read_origin_credits(value),
    help="Trial credits that the pages of each origin may give away in a day; by default what the "
    f"gateway's {PREFIX}LIMIT_ORIGIN_TRIAL_CREDITS is.",
)


@click.group()
def paywall() -> None:
    """Paywalls: the apps whose users and credits this gateway keeps."""


@paywall.command()
@click.argument("paywall_id", metavar="ID")
@name_option
@origin_option
@query_type_option
@tokenization_option
@origin_credits_option
@data_dir_option
@json_option
def create(
    paywall_id: str,
    name: str | None,
    origins: tuple[str, ...] | None,
    query_types: dict[str, int],
    tokenization: str | None,
    origin_trial_credits: OriginCredits,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make a paywall; makes the database where there is none yet."""
    made = Paywall(
        paywall_id=paywall_id,
        name=name or "",
        origins=origins or (),
        tokenization=tokenization != "off",
        query_types=query_types,
        origin_trial_credits=origin_trial_credits[0] if origin_trial_credits else None,
    )
    settings = find_settings(data_dir)
    path = database_file(settings)
    is_new = settings.database_url is None and not path.exists()

    async def work(store: Open) -> bool:
        return await store.database.write(create_paywall(made, store.now))

    created = run(data_dir, work, make=True)
    if is_new:
        click.echo(f"made a new database: {path}", err=True)
    if not created:
        raise click.ClickException(
            f"there is a paywall {paywall_id} already; change it with: tollbridge paywall set"
        )
    _warn_of_trial(made, find_settings(data_dir).limits)
    show(described(made), [f"Paywall {paywall_id} is made.", *_lines(made)], as_json=as_json)


@paywall.command("set")
@click.argument("paywall_id", metavar="ID")
@name_option
@origin_option
@query_type_option
@tokenization_option
@origin_credits_option
@data_dir_option
@json_option
def set_(
    paywall_id: str,
    name: str | None,
    origins: tuple[str, ...] | None,
    query_types: dict[str, int],
    tokenization: str | None,
    origin_trial_credits: OriginCredits,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Change a paywall: what is not named stays as it is; --origin replaces the list."""

    def change() -> Script[Paywall]:
        yield lock("paywall", paywall_id)
        known = yield from need_paywall(paywall_id)
        changed = replace(
            known,
            name=known.name if name is None else name,
            origins=known.origins if origins is None else origins,
            tokenization=known.tokenization if tokenization is None else tokenization == "on",
            query_types={**known.query_types, **query_types},
            origin_trial_credits=(
                origin_trial_credits[0] if origin_trial_credits else known.origin_trial_credits
            ),
        )
        yield from store_paywall(changed)
        return changed

    async def work(store: Open) -> Paywall:
        return await store.database.write(change())

    changed = run(data_dir, work)
    _warn_of_trial(changed, find_settings(data_dir).limits)
    lines = [f"Paywall {paywall_id} is changed; a running gateway acts on it within 2 s."]
    show(described(changed), [*lines, *_lines(changed)], as_json=as_json)


@paywall.command("show")
@click.argument("paywall_id", metavar="ID")
@data_dir_option
@json_option
def show_(paywall_id: str, data_dir: Path | None, as_json: bool) -> None:
    """Show a paywall."""

    async def work(store: Open) -> Paywall:
        return await store.database.read(need_paywall(paywall_id))

    found = run(data_dir, work)
    show(described(found), [f"Paywall {paywall_id}", *_lines(found)], as_json=as_json)


def _warn_of_trial(found: Paywall, limits: Limits) -> None:
    trial, most = sum(found.query_types.values()), limits.paywall_trial_credits
    own = found.origin_trial_credits
    of_origin = limits.origin_trial_credits if own is None else own
    if most is not None and trial > most:
        _note(
            f"a new user's trial is {credits(trial)}, and a paywall gives away {most} a day "
            f"at most, so nobody will get any; raise {PREFIX}LIMIT_PAYWALL_TRIAL_CREDITS of the "
            "gateway"
        )
    elif of_origin is not None and trial > of_origin:
        _note(
            f"a new user's trial is {credits(trial)}, and the pages of an origin give away "
            f"{of_origin} a day at most, so nobody will get any; raise --origin-trial-credits"
        )
    elif trial and own is None and len(found.origins) > 1:
        _note(
            f"one of the {len(found.origins)} origins may give away all trial credits of a day; "
            "--origin-trial-credits gives each its share"
        )


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)


def read_origins(given: tuple[str, ...]) -> tuple[str, ...] | None:
    """Read the `--origin` options: None where none was given, `any` is the empty list."""
    if not given:
        return None
    if given == (ANY_ORIGIN,):
        return ()
    try:
        return tuple(dict.fromkeys(read_origin(text) for text in given))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def read_origin_credits(given: str | None) -> OriginCredits:
    """Read the `--origin-trial-credits` option."""
    if given is None:
        return None
    if given == DEFAULT:
        return (None,)
    if not (given.isascii() and given.isdigit() and 1 <= int(given) <= TRIAL_CREDITS_MAX):
        raise click.BadParameter(f"write a number from 1 to {TRIAL_CREDITS_MAX}, or {DEFAULT}")
    return (int(given),)


def read_query_types(given: tuple[str, ...]) -> dict[str, int]:
    """Read the `--query-type` options as types with their trial credits."""
    types: dict[str, int] = {}
    for text in given:
        query_type, separator, trial = text.partition("=")
        if not separator or not (trial.isascii() and trial.isdigit()):
            raise click.BadParameter(f"write TYPE=TRIAL, such as standard=20, not {text!r}")
        try:
            types[check_query_type(query_type)] = check_trial_credits(int(trial))
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    return types


def described(found: Paywall) -> dict[str, Any]:
    """Return a paywall as JSON shows it."""
    return {
        "id": found.paywall_id,
        "name": found.name,
        "origins": list(found.origins),
        "tokenization": found.tokenization,
        "query_types": dict(found.query_types),
        "origin_trial_credits": found.origin_trial_credits,
    }


def _lines(found: Paywall) -> list[str]:
    types = [f"{name} ({credits(trial)} on trial)" for name, trial in found.query_types.items()]
    rows: list[tuple[str, object]] = [
        ("  name", found.name or None),
        ("  origins", ", ".join(found.origins) or "any"),
        ("  counts credits", "yes" if found.tokenization else "no"),
        ("  query types", ", ".join(types) or None),
    ]
    if found.origin_trial_credits is not None:
        rows.append(("  each origin", f"{credits(found.origin_trial_credits)} on trial a day"))
    return columns(("", ""), rows)[1:]
