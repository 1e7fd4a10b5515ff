"""The one door to storage: scripts of statements, committed together."""

from tollbridge.gateway.database.script import (
    Database,
    Rows,
    Script,
    Statement,
    StoreLoad,
    StoreUnavailable,
)
from tollbridge.gateway.database.sqlite import SqliteDatabase

__all__ = [
    "Database",
    "Rows",
    "Script",
    "SqliteDatabase",
    "Statement",
    "StoreLoad",
    "StoreUnavailable",
]
