"""The clients of one context, used from another over a line of texts; see README.md."""

from tollbridge.sdk.remote.caller import Caller
from tollbridge.sdk.remote.clients import QuotaNews, RemoteAuthClient, RemoteBillingClient
from tollbridge.sdk.remote.failures import failure_from_json, failure_to_json
from tollbridge.sdk.remote.kept import RemoteStorage
from tollbridge.sdk.remote.server import Kind, Line, Server
from tollbridge.sdk.remote.session_kinds import SessionKinds

__all__ = [
    "Caller",
    "Kind",
    "Line",
    "QuotaNews",
    "RemoteAuthClient",
    "RemoteBillingClient",
    "RemoteStorage",
    "Server",
    "SessionKinds",
    "failure_from_json",
    "failure_to_json",
]
