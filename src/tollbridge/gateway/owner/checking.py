"""Whether a store is fit to run on: what is found, and what is wrong with it."""

from dataclasses import dataclass

from tollbridge.gateway.data_folder import database_file
from tollbridge.gateway.database.postgres_server import OLDEST_VERSION
from tollbridge.gateway.database.whole.examine import POSTGRESQL, SQLITE, Examined, examine
from tollbridge.gateway.errors import StartError
from tollbridge.gateway.ledger import verify
from tollbridge.gateway.owner.store_queries import count_processes
from tollbridge.gateway.sealing import Sealer, load_master_key
from tollbridge.gateway.settings import Settings
from tollbridge.gateway.store import check_master_key, has_no_secrets

FITS, UNUSED, WRONG = "fits", "not used yet", "wrong"
UNKNOWN = "not looked at"
_ENCODINGS = {SQLITE: "UTF-8", POSTGRESQL: "UTF8"}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        store: The store itself.
        master_key: `FITS`, `UNUSED` where nothing is sealed yet, `WRONG`, or `UNKNOWN`.
        processes: Gateway processes that are not over; None where there are no tables.
        differences: What is wrong with the ledger; None where it was not looked at.
        problems: What keeps a gateway from running right, a sentence each.
        warnings: What an operator should know, a sentence each.
    """

    store: Examined
    master_key: str
    processes: int | None
    differences: list[str] | None
    problems: list[str]
    warnings: list[str]


async def check(settings: Settings, *, ledger: bool) -> Checked:
    """Look at the store that the settings name; nothing is changed.

    Args:
        settings: Where it is, and where the master key is.
        ledger: Whether every balance is computed anew.

    Raises:
        StartError: There is none.
        StoreUnavailable: It cannot be reached or read.
    """
    async with examine(database_file(settings), settings.database_url) as store:
        problems, warnings = judge(store)
        if not 0 < store.schema <= store.newest:
            return Checked(store, UNKNOWN, None, None, problems, warnings)
        master_key, problem = await _look_at_key(store, settings)
        problems += problem
        processes = await store.read(count_processes())
        differences = None
        if ledger and store.schema < store.newest:
            problems.append("the ledger can be verified once the migrations are applied")
        elif ledger:
            differences = await store.read(verify())
            problems += differences
        return Checked(store, master_key, processes, differences, problems, warnings)


def judge(store: Examined) -> tuple[list[str], list[str]]:
    """Say what is wrong with a store by what it says of itself, and what should be known. No I/O.

    Returns:
        Problems and warnings, a sentence each.
    """
    problems, warnings = [], []
    if store.kind == POSTGRESQL and store.major < OLDEST_VERSION:
        problems.append(f"PostgreSQL {store.major} is too old; {OLDEST_VERSION} or newer is needed")
    if store.encoding != _ENCODINGS[store.kind]:
        problems.append(f"the encoding is {store.encoding}; it must be {_ENCODINGS[store.kind]}")
    if store.schema == 0:
        problems.append("there are no tables; make them with: tollbridge db migrate")
    if store.schema > store.newest:
        problems.append(
            f"the schema is {store.schema}, this version of tollbridge knows up to {store.newest}; "
            "use a newer tollbridge"
        )
    if store.durability.get("fsync") == "off":
        warnings.append(
            "fsync is off: a power cut can lose calls that were charged, and damage everything"
        )
    if store.durability.get("synchronous_commit") == "off":
        warnings.append("synchronous_commit is off here; gateways turn it on for themselves")
    return problems, warnings


async def _look_at_key(store: Examined, settings: Settings) -> tuple[str, list[str]]:
    if await store.read(has_no_secrets()):
        return UNUSED, []
    try:
        await store.read(check_master_key(Sealer(load_master_key(settings, make=False))))
    except StartError as error:
        return WRONG, [str(error)]
    return FITS, []
