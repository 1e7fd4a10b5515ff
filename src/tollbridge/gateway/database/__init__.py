"""The one door to storage: scripts of statements, committed together."""

from tollbridge.gateway.database.postgres import PostgresDatabase
from tollbridge.gateway.database.script import (
    Database,
    Many,
    Rows,
    Script,
    Shortcut,
    Statement,
    StoreLoad,
    StoreUnavailable,
    lock,
    locking,
)
from tollbridge.gateway.database.sqlite import SqliteDatabase

__all__ = [
    "Database",
    "Many",
    "PostgresDatabase",
    "Rows",
    "Script",
    "Shortcut",
    "SqliteDatabase",
    "Statement",
    "StoreLoad",
    "StoreUnavailable",
    "lock",
    "locking",
]
