"""Signing in and out, and reading one's own balances, over HTTP."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.gateway.address import Addresses
from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity.balances import list_for_page
from tollbridge.gateway.identity.identities import Identities
from tollbridge.gateway.identity.values import Identity, SignedIn, Trial
from tollbridge.gateway.json_body import answer_json, read_json, read_text
from tollbridge.gateway.paywalls import Paywall, Paywalls, check_origin, check_same_paywall
from tollbridge.gateway.paywalls.queries import no_paywall

# 128 random bits and more; nobody guesses it within the hour that it is good for.
_RELOAD_KEY = re.compile(r"[A-Za-z0-9_-]{22,128}")


class IdentityEndpoints:
    """Endpoints under `/api/v1/paywall/{paywall_id}`, and the public keys.

    Refusals are raised (`errors.Refusal`), in the order form, origin, token, paywall, limit.
    """

    def __init__(
        self,
        identities: Identities,
        paywalls: Paywalls,
        database: Database,
        clock: Clock,
        addresses: Addresses,
    ) -> None:
        """Join the parts."""
        self._identities = identities
        self._paywalls = paywalls
        self._database = database
        self._clock = clock
        self._addresses = addresses

    async def anonymous_signin(self, request: Request) -> Response:
        """`POST auth/anonymous/signin`: a new user with trial credits; tokens, `user`, `trial`.

        `trial` is `{"granted": true}`, or `{"granted": false, "reason": …}` with `address`,
        `origin` or `paywall`: whose trials of the day are given away.
        """
        await read_json(request)  # captcha_token, visitor_id, user_meta: accepted, not used yet
        paywall = await self._admit_page(request)
        address = self._addresses.subject_of(request.scope)
        signed_in = await self._identities.sign_in_anonymously(
            paywall, address, request.headers.get("origin")
        )
        return answer_json(_with_user(signed_in))

    async def telegram_signin(self, request: Request) -> Response:
        """`POST auth/telegram/signin`: the account of whoever opened a Mini App, for ever the same.

        What Telegram signed comes as `Authorization: tma …` or as `init_data`; with a `reload_key`
        the same page may bring it again. Answers as `anonymous_signin` does.
        """
        body = await read_json(request)
        init_data = _init_data(request, body)
        reload_key = read_text(body, "reload_key") or ""
        if reload_key and not _RELOAD_KEY.fullmatch(reload_key):
            raise Refusal(
                "invalid_request", "'reload_key' is 22 to 128 random letters, digits, - and _."
            )
        paywall = await self._admit_page(request)
        address = self._addresses.subject_of(request.scope)
        signed_in = await self._identities.sign_in_with_telegram(
            paywall,
            init_data,
            address,
            request.headers.get("origin"),
            reload_key=reload_key,
        )
        return answer_json(_with_user(signed_in))

    async def refresh(self, request: Request) -> Response:
        """`POST auth/refresh` with `refresh_token`: tokens only, no user."""
        body = await read_json(request)
        refresh_token = read_text(body, "refresh_token")
        if refresh_token is None:
            raise Refusal("invalid_request", "'refresh_token' is missing.")
        paywall = await self._admit_page(request)
        return answer_json(
            _tokens(await self._identities.refresh(paywall.paywall_id, refresh_token))
        )

    async def signout(self, request: Request) -> Response:
        """`POST auth/signout` with a Bearer: ends its session."""
        _, identity = await self.admit_user(request)
        await self._identities.sign_out(identity)
        return answer_json({"ok": True})

    async def revoke_all(self, request: Request) -> Response:
        """`POST auth/revoke-all` with a Bearer: ends every session of its user."""
        _, identity = await self.admit_user(request)
        await self._identities.sign_out_everywhere(identity)
        return answer_json({"ok": True})

    async def balances(self, request: Request) -> Response:
        """`GET balances` with a Bearer: what is left of each query type."""
        paywall, identity = await self.admit_user(request)
        listed = await self._database.write(
            list_for_page(paywall, identity.user_id, self._clock.now_ms())
        )
        return answer_json(
            {
                "balances": [balance.to_json() for balance in listed],
                "tokenization": paywall.tokenization,
            }
        )

    async def jwks(self, request: Request) -> Response:
        """`GET /.well-known/jwks.json`: the public keys of access tokens."""
        return answer_json(
            self._identities.jwks(), headers={"cache-control": "public, max-age=600"}
        )

    async def _admit_page(self, request: Request) -> Paywall:
        paywall_id = request.path_params["paywall_id"]
        check_same_paywall(paywall_id, request.headers)
        paywall = await self._paywalls.need(paywall_id)
        check_origin(paywall, request.headers.get("origin"))
        return paywall

    async def admit_user(self, request: Request) -> tuple[Paywall, Identity]:
        """Return the paywall of the URL and the user of the Bearer.

        Raises:
            Refusal: In the order form, origin, token, paywall.
        """
        paywall_id = request.path_params["paywall_id"]
        check_same_paywall(paywall_id, request.headers)
        paywall = await self._paywalls.find(paywall_id)
        if paywall is not None:
            check_origin(paywall, request.headers.get("origin"))
        identity = await self._identities.authenticate(
            request.headers.get("authorization"), paywall_id
        )
        if paywall is None:
            raise no_paywall(paywall_id)
        return paywall, identity


def _init_data(request: Request, body: dict[str, Any]) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "tma":
        try:  # header bytes travel as Latin-1
            return text.strip().encode("latin-1").decode()
        except UnicodeDecodeError:
            raise Refusal("init_data_invalid", "Telegram's launch data are not UTF-8.") from None
    init_data = body.get("init_data")
    if not isinstance(init_data, str) or not init_data:
        raise Refusal(
            "invalid_request", "Send what Telegram signed as 'init_data', or in Authorization: tma."
        )
    return init_data


def _with_user(signed_in: SignedIn) -> dict[str, Any]:
    user = {
        "id": signed_in.identity.user_id,
        "email": signed_in.email,
        "is_anonymous": signed_in.identity.anonymous,
    }
    trial: dict[str, Any] = {"granted": signed_in.trial is Trial.GRANTED}
    if signed_in.trial is not Trial.GRANTED:
        trial["reason"] = signed_in.trial.value
    return {**_tokens(signed_in), "user": user, "trial": trial}


def _tokens(signed_in: SignedIn) -> dict[str, Any]:
    return {
        "access_token": signed_in.access.text.reveal(),
        "refresh_token": signed_in.refresh_token.reveal(),
        "expires_in": signed_in.access.expires_in_s,
        "expires_at": signed_in.access.expires_at_s,
        "token_type": "bearer",
    }
