"""The commands of `tollbridge`, a file for each thing they are about."""

import click

import tollbridge
from tollbridge.gateway.owner.commands.backup import backup, restore
from tollbridge.gateway.owner.commands.call import call
from tollbridge.gateway.owner.commands.database import db
from tollbridge.gateway.owner.commands.key import key
from tollbridge.gateway.owner.commands.ledger import ledger
from tollbridge.gateway.owner.commands.paywall import paywall
from tollbridge.gateway.owner.commands.provider import provider
from tollbridge.gateway.owner.commands.request import request
from tollbridge.gateway.owner.commands.running import CommandGroup
from tollbridge.gateway.owner.commands.serve import serve
from tollbridge.gateway.owner.commands.telegram import telegram
from tollbridge.gateway.owner.commands.template import template
from tollbridge.gateway.owner.commands.torture import torture
from tollbridge.gateway.owner.commands.user import user
from tollbridge.gateway.owner.commands.voucher import voucher

__all__ = ["app"]


@click.group(cls=CommandGroup)
@click.version_option(tollbridge.__version__)
def app() -> None:
    """Run the gateway, and manage what it keeps. Commands work while it runs, and without it."""


for command in (
    serve,
    paywall,
    provider,
    template,
    key,
    user,
    voucher,
    call,
    request,
    ledger,
    torture,
):
    app.add_command(command)
for command in (telegram, db, backup, restore):
    app.add_command(command)
