"""Both stores have the same tables, and what is counted and shown of them is right."""

from pathlib import Path

import asyncpg
import pytest

from tests.support.postgres import fresh_database
from tollbridge.gateway.database.connection import connect
from tollbridge.gateway.database.whole import totals
from tollbridge.gateway.database.whole.addresses import shown, without_password
from tollbridge.gateway.database.whole.connections import open_file, tell_while_working
from tollbridge.gateway.database.whole.copy import add_up_file
from tollbridge.gateway.database.whole.tables import (
    Column,
    Table,
    differences,
    file_tables,
    in_order,
    server_tables,
)
from tollbridge.gateway.owner.commands.progress import line
from tollbridge.gateway.secret import Secret

NUMBER, TEXT = Column("amount", "bigint", True), Column("name", "text", False)


async def test_both_stores_have_the_same_tables(tmp_path: Path) -> None:
    """Each column has the same name, type and need; so a migration of one has its twin."""
    connection = connect(tmp_path / "tollbridge.db")
    ours = file_tables(connection)
    connection.close()
    server = await asyncpg.connect(fresh_database())
    theirs = await server_tables(server)
    await server.close()
    assert {"journal", "calls", "grants", "balances", "users"} <= theirs.keys()
    assert differences(ours, theirs) == []


def test_a_difference_of_tables_is_named() -> None:
    """A table or a column that only one has, and one of another type or need."""
    ours = [Table("a", (NUMBER, TEXT)), Table("b", (NUMBER,))]
    assert differences(ours, {"a": (TEXT, NUMBER), "b": (NUMBER,)}) == []
    theirs = {"a": (NUMBER._replace(kind="text"),), "c": (TEXT,)}
    assert differences(ours, theirs) == [
        "table b is in one store only",
        "table c is in one store only",
        "column a.amount is not the same in both stores",
        "column a.amount is not the same in both stores",
        "column a.name is not the same in both stores",
    ]


def test_tables_stand_after_those_they_refer_to() -> None:
    """However they were found; a circle has no order."""
    tables = [
        Table("a", (), frozenset({"b", "c"})),
        Table("b", (), frozenset({"c"})),
        Table("c", ()),
    ]
    assert [table.name for table in in_order(tables)] == ["c", "b", "a"]
    with pytest.raises(ValueError, match="refer to each other: a, b"):
        in_order([Table("a", (), frozenset({"b"})), Table("b", (), frozenset({"a"}))])


def test_sums_are_exact_beyond_64_bits(tmp_path: Path) -> None:
    """SQLite's own sum ends there; and below zero as above."""
    connection = connect(tmp_path / "tollbridge.db")
    connection.execute("create table numbers (amount integer, name text) strict")
    most = 2**63 - 1
    values = [(most, "é"), (most, None), (most - 1, ""), (-5, "four"), (None, None)]
    connection.executemany("insert into numbers values (?, ?)", values)
    (found,) = add_up_file(connection, [Table("numbers", (NUMBER, TEXT))]).values()
    connection.close()
    assert found == {
        "rows": 5,
        "amount": 3 * most - 6,
        "amount is there": 4,
        "name": 6,
        "name is there": 3,
    }


def test_each_difference_of_sums_is_named() -> None:
    """With both sides."""
    before = {"a": {"rows": 2, "amount": 7}}
    assert totals.differences(before, {"a": {"rows": 2, "amount": 7}}) == []
    assert totals.differences(before, {"a": {"rows": 2, "amount": 8}}) == [
        "table a: the sum of amount is 7, its copy has 8"
    ]


@pytest.mark.parametrize(
    ("url", "place", "bare", "password"),
    [
        ("postgresql://u:p%40s@h:5/d", "h:5/d", "postgresql://u@h:5/d", "p@s"),
        ("postgresql://u@h/d?sslmode=require", "h/d", "postgresql://u@h/d?sslmode=require", None),
        ("postgres://h1:1,h2:2/d", "h1:1,h2:2/d", "postgres://h1:1,h2:2/d", None),
        (
            "postgresql:///d?host=/run/pg&user=u&password=p",
            "/run/pg/d",
            "postgresql:///d?host=%2Frun%2Fpg&user=u",
            "p",
        ),
        ("postgresql://u:p@/d?sslpassword=s", "localhost/d", "postgresql://u@/d", "p"),
    ],
)
def test_a_password_is_taken_out_of_an_address(
    url: str, place: str, bare: str, password: str | None
) -> None:
    """Wherever it stands in it."""
    assert shown(Secret(url)) == place
    left, found = without_password(Secret(url))
    assert left == bare
    assert (None if found is None else found.reveal()) == password


def test_a_long_statement_tells_that_it_goes_on(tmp_path: Path) -> None:
    """And comes to its end all the same."""
    connect(tmp_path / "tollbridge.db").close()
    told = []
    with open_file(tmp_path / "tollbridge.db") as connection:
        tell_while_working(connection, lambda: told.append(1))
        many = "with recursive many(i) as (select 1 union all select i + 1 from many limit 500000)"
        assert connection.execute(f"{many} select count(*) from many").get == 500_000
    assert told


def test_progress_is_told_with_what_is_left() -> None:
    """Where nobody knows how much there is, at least how long it takes."""
    told = line("copying", "rows", 250_000, 1_000_000, 2.5)
    assert told == "copying: 250,000 rows, 100,000 a second, 25 % of 1,000,000, 8 s left"
    assert line("backing up", "bytes", 500, 0, 5) == "backing up: 500 bytes, 100 a second"
    assert line("restoring", "bytes", 0, 0, 7.2) == "restoring: 7 s"
