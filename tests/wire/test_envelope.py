"""Error answers are written one way and read whoever wrote them."""

import json

from tests.support.everywhere.testing import cases
from tollbridge.wire import Balance, error_body, quota_body, read_error, read_quota


def test_an_error_of_ours_is_read_back() -> None:
    """Code and message come out as they went in."""
    body = json.loads(json.dumps(error_body("busy", "Too much to do.", {"limit": 1}, "req_1")))
    assert body == {
        "error": "busy",
        "message": "Too much to do.",
        "details": {"limit": 1},
        "request_id": "req_1",
    }
    assert read_error(body, 503) == ("busy", "Too much to do.")


@cases(
    ("body", "code", "message"),
    [
        ({"code": "a_b", "error": "c"}, "a_b", ""),
        ({"error": "slug-1.2"}, "slug-1.2", ""),
        ({"error": "A sentence of theirs."}, "http_400", "A sentence of theirs."),
        ({"error": "slug", "message": "Words."}, "slug", "Words."),
        ({"error": {"message": "Inside.", "code": "x"}}, "http_400", "Inside."),
        ({"error": {"message": 5}}, "http_400", ""),
        ({"error": {}}, "http_400", ""),
        ({"error": ""}, "http_400", ""),
        ({"error": "x" * 65}, "http_400", "x" * 65),
        ({"code": 7, "message": 8}, "http_400", ""),
        ({}, "http_400", ""),
        ([], "http_400", ""),
        ("text", "http_400", ""),
        (None, "http_400", ""),
    ],
)
def test_every_error_answer_has_a_code(body: object, code: str, message: str) -> None:
    """Code and message are found in every form that answers come in, or are a default."""
    assert read_error(body, 400) == (code, message)


def test_a_402_is_read_back() -> None:
    """What ran out, every balance, credits held and the hint come out as they went in."""
    balances = [Balance("standard", 0, 9, 20), Balance("advanced", 3, 1, 5)]
    body = quota_body(balances, "standard", 2, "Out of credits.", "req_1", "do this")
    assert read_quota(json.loads(json.dumps(body))) == (
        balances,
        "standard",
        balances[0],
        2,
        "do this",
    )
    assert body["balance_version"] == 9
    assert read_error(body, 402) == ("not-enough-queries", "Out of credits.")


def test_a_402_nests_balances_as_the_published_client_reads_them() -> None:
    """That client reads the first row of a nested list, and nothing else."""
    body = quota_body([Balance("standard", 0)], "standard", 0, "Out.", "req_1")
    (row,) = body["details"]["balances"]
    assert row["balances"] == body["balances"]
    assert "hint" not in body["details"]


def test_a_402_for_a_type_that_the_user_never_had() -> None:
    """There is no current balance then, and no version."""
    body = quota_body([], "advanced", 0, "Out.", "req_1")
    assert read_quota(body) == ([], "advanced", None, 0, "")
    assert body["balance_version"] == 0


@cases(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"details": None},
        {"details": {"balances": []}},
        {"details": {"balances": [{"type": "a", "count": 1}]}},
        {"details": {"balances": [None], "queryType": 5, "currentBalance": {}, "hint": 5}},
        {"balances": "many", "held": True},
    ],
)
def test_an_unreadable_402_is_empty(body: object) -> None:
    """Parts that cannot be read are empty; nothing is raised."""
    assert read_quota(body) == ([], "", None, 0, "")
