"""Redeeming a voucher over HTTP."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.commerce.codes import hash_code
from tollbridge.gateway.commerce.vouchers import NotRedeemed, TooManyTries, redeem
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import IdentityEndpoints
from tollbridge.gateway.json_body import answer_json, read_json, read_text
from tollbridge.gateway.limits import HOUR_MS, Limit, rate_limited
from tollbridge.gateway.settings import Limits
from tollbridge.wire.headers import IDEMPOTENT_REPLAYED


class CommerceEndpoints:
    """Endpoints under `/api/v1/paywall/{paywall_id}` by which users come by credits.

    Refusals are raised (`errors.Refusal`), in the order form, origin, token, paywall, limit.
    """

    def __init__(
        self, identity: IdentityEndpoints, database: Database, clock: Clock, limits: Limits
    ) -> None:
        """Join the parts."""
        self._identity = identity
        self._database = database
        self._clock = clock
        self._tries = Limit("VOUCHER_TRIES", limits.voucher_tries, HOUR_MS)

    async def redeem(self, request: Request) -> Response:
        """`POST vouchers/redeem` with a Bearer and `code`: its `type`, `amount`, the `balances`.

        Safe to repeat: the same user gets the same answer for the same code, with what is left by
        then, `repeated` and `Idempotent-Replayed`; nothing was added then.

        Raises:
            Refusal: `voucher_invalid`, in the same words whether the code is unknown, used up,
                over, or another paywall's; `rate_limited` after too many of those.
        """
        code = read_text(await read_json(request), "code")
        if code is None:
            raise Refusal("invalid_request", "'code' is missing.")
        paywall, identity = await self._identity.admit_user(request)
        found = await self._database.write(
            redeem(paywall, identity.user_id, hash_code(code), self._tries, self._clock.now_ms())
        )
        if isinstance(found, TooManyTries):
            raise rate_limited(
                self._tries.name,
                f"Too many codes were wrong; the limit is {self._tries.most} within an hour.",
                wait_s=found.wait_ms / 1000,
            )
        if isinstance(found, NotRedeemed):
            raise Refusal("voucher_invalid", "This code is not good, or not any more.")
        return answer_json(
            {
                "type": found.query_type,
                "amount": found.amount,
                "repeated": found.repeated,
                "balances": [balance.to_json() for balance in found.balances],
            },
            headers={IDEMPOTENT_REPLAYED: "true"} if found.repeated else None,
        )
