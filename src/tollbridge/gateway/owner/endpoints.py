"""What an owner's server asks for over HTTP, with `X-Api-Key`."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.json_body import answer_json, read_json
from tollbridge.gateway.owner.changes import change_balance, read_change
from tollbridge.gateway.owner.keys import OwnerKeys, check_key_of
from tollbridge.gateway.owner.once import read_key
from tollbridge.gateway.owner.queries import OwnerKey
from tollbridge.gateway.owner.withdrawals import (
    Withdrawal,
    check_active,
    in_old_words,
    read_withdrawal,
    withdraw,
)
from tollbridge.gateway.paywalls import Paywall, Paywalls, check_origin, check_same_paywall
from tollbridge.gateway.paywalls.queries import no_paywall
from tollbridge.wire.headers import API_KEY, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED


class OwnerEndpoints:
    """Endpoints for an owner's key; a user's token is refused with `apikey_required`.

    Refusals are raised (`errors.Refusal`), in the order form, origin, key, paywall, the rest.
    """

    def __init__(
        self, keys: OwnerKeys, paywalls: Paywalls, database: Database, clock: Clock
    ) -> None:
        """Join the parts."""
        self._keys = keys
        self._paywalls = paywalls
        self._database = database
        self._clock = clock

    async def change(self, request: Request) -> Response:
        """`POST balances`: credit or debit a user; with `Idempotency-Key` once."""
        paywall_id = request.path_params["paywall_id"]
        check_same_paywall(paywall_id, request.headers)
        key = read_key(request.headers.get(IDEMPOTENCY_KEY))
        change = read_change(await read_json(request))
        paywall = await self._find_for_page(request, paywall_id)
        owner_key = await self._keys.find_active(request.headers.get(API_KEY))
        answer, repeated = await self._database.write(
            change_balance(_owned(paywall, paywall_id, owner_key), change, key, self._now())
        )
        return answer_json(answer, headers={IDEMPOTENT_REPLAYED: "true"} if repeated else None)

    async def withdraw(self, request: Request) -> Response:
        """`POST withdraw-tokens`: the older debit, with its older words."""
        withdrawal: Withdrawal | None = None
        try:
            withdrawal = read_withdrawal(await read_json(request))
            left = await self._withdraw(request, withdrawal)
        except Refusal as refusal:
            raise in_old_words(refusal, withdrawal.tokens if withdrawal else None) from None
        return answer_json({"success": True, "remaining": left})

    async def _withdraw(self, request: Request, withdrawal: Withdrawal) -> int:
        paywall_id = withdrawal.paywall_id
        check_same_paywall(paywall_id, request.headers)
        paywall = await self._find_for_page(request, paywall_id)
        owner_key = await self._keys.find(request.headers.get(API_KEY))
        check_active(owner_key)
        _owned(paywall, paywall_id, owner_key)
        return await self._database.write(withdraw(withdrawal, self._now()))

    async def _find_for_page(self, request: Request, paywall_id: str) -> Paywall | None:
        paywall = await self._paywalls.find(paywall_id)
        if paywall is not None:
            check_origin(paywall, request.headers.get("origin"))
        return paywall

    def _now(self) -> int:
        return self._clock.now_ms()


def _owned(paywall: Paywall | None, paywall_id: str, key: OwnerKey) -> Paywall:
    if paywall is None:
        raise no_paywall(paywall_id)
    check_key_of(key, paywall_id)
    return paywall
