"""What the wire package answers, to be compared between interpreters."""

import json

from tollbridge.wire import (
    STATUS_OF,
    Balance,
    error_body,
    headers,
    paths,
    quota_body,
    read_balances,
    read_error,
    read_quota,
)


def answers():
    """Return as JSON what every part of the package says to the same questions."""
    rows = [Balance("standard", 0, 9, 20), Balance("größe", 3)]
    quota = quota_body(rows, "standard", 2, "Out of credits.", "req_1", "grant")
    balances, query_type, current, held, hint = read_quota(json.loads(json.dumps(quota)))
    refused = []
    for value in ([{"type": "a"}], {"a": 1}, [{"type": "a", "count": True}]):
        try:
            read_balances(value)
        except ValueError:
            refused.append(value)
    return json.dumps(
        [
            quota,
            [row.to_json() for row in balances],
            [query_type, current == rows[0], held, hint],
            refused,
            error_body("busy", "No.", None, "req_2"),
            [read_error(body, 400) for body in ({}, {"error": "a_b"}, {"error": "A b."}, None)],
            [paths.quote("a/ü €~"), paths.call("p/1", "//v1?a=b"), paths.paywall("pw", "balances")],
            [list(headers.PROTECTED), list(headers.EXPOSED)],
            STATUS_OF,
        ]
    )
