"""Signing in, staying signed in, signing out: what the endpoints ask for."""

import logging
from collections.abc import Iterable
from typing import Any

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.database import Database
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.identity import queries, scripts, sessions
from tollbridge.gateway.identity.limits import SignInLimits, Source, hide_address
from tollbridge.gateway.identity.refusals import invalid_token, no_identity
from tollbridge.gateway.identity.session_state import SessionState
from tollbridge.gateway.identity.sessions import Decision
from tollbridge.gateway.identity.signing_keys import load_signing_keys
from tollbridge.gateway.identity.telegram import read_launch
from tollbridge.gateway.identity.telegram_bots import TelegramBots
from tollbridge.gateway.identity.telegram_sign_in import Arrival, Reused, sign_in_with_telegram
from tollbridge.gateway.identity.tokens import AccessTokens
from tollbridge.gateway.identity.values import Identity, SignedIn, Trial
from tollbridge.gateway.paywalls import Paywall
from tollbridge.gateway.sealing import Sealer
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import PREFIX, Limits

log = logging.getLogger(__name__)

# Of an origin that anybody can make up, a log shows this much.
ORIGIN_CHARS_SHOWN = 200


class Identities:
    """The users of all paywalls, their sessions and tokens."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: AccessTokens,
        *,
        refresh_key: bytes,
        address_key: bytes,
        limits: SignInLimits,
        bots: TelegramBots,
    ) -> None:
        """Join the parts; `open_identities` makes them."""
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._refresh_key = refresh_key
        self._address_key = address_key
        self._limits = limits
        self._bots = bots
        self._state = SessionState(database, clock)

    async def authenticate(self, authorization: str | None, paywall_id: str) -> Identity:
        """Return whom the `Authorization` header of a request to this paywall names.

        Nothing else is a credential: no e-mail address, no `X-User-*` header.

        Raises:
            Refusal: `invalid_token` where there is no Bearer or it is wrong, expired or its
                session has ended; `paywall_mismatch` where it is another paywall's.
            StoreUnavailable: The session could not be looked up.
        """
        scheme, _, text = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise invalid_token(
                "This needs an access token in the Authorization header, as a Bearer."
            )
        identity = self._tokens.verify(text.strip())
        if not await self._state.is_alive(identity.session_id):
            raise invalid_token("The session has ended; sign in again.")
        if identity.paywall_id != paywall_id:
            raise Refusal(
                "paywall_mismatch", "The access token and the URL name different paywalls."
            )
        return identity

    async def find_for_owner(self, paywall_id: str, user_id: str) -> Identity:
        """Return the user that an owner's server acts for; its key was checked before.

        Raises:
            Refusal: `identity_required` without an id, `identity_not_found`.
            StoreUnavailable: The user could not be looked up.
        """
        if not user_id:
            raise Refusal("identity_required", "Name the user with the header X-User-Id.")
        user = await self._database.read(queries.find_user(paywall_id, user_id))
        if user is None:
            raise no_identity()
        return Identity(user.user_id, paywall_id, session_id="", anonymous=user.anonymous)

    async def sign_in_anonymously(
        self, paywall: Paywall, address: str | None, origin: str | None = None
    ) -> SignedIn:
        """Make a new anonymous user with the paywall's trial credits, and sign them in.

        Once the trials of the day are given away, to the address, by the origin's pages or on the
        paywall, the user has no credits, and `trial` says so. A caller that is cancelled in here
        may leave a user behind whom nobody can sign in as.

        Args:
            paywall: Whose user it will be.
            address: The subject that `address.Addresses` names; None has no limits of its own.
            origin: Whose page it is, as the browser said; None where nobody said.

        Raises:
            Refusal: `anonymous_disabled`: the paywall counts no credits; `rate_limited`: too many
                sign-ins of the address. Nobody was made.
            StoreUnavailable: The store did not take it.
        """
        if not paywall.tokenization:
            raise Refusal("anonymous_disabled", "This paywall has no anonymous sign-in.")
        token = sessions.new_refresh_token()
        session, trial = await self._database.write(
            scripts.sign_in_anonymously(
                paywall,
                sessions.hash_refresh_token(token),
                self._clock.now_ms(),
                limits=self._limits,
                source=Source(hide_address(self._address_key, address), origin or ""),
            )
        )
        _warn_of_trial(paywall, trial, origin)
        return self._hand_out(session, token, trial)

    async def sign_in_with_telegram(
        self,
        paywall: Paywall,
        init_data: str,
        address: str | None,
        origin: str | None = None,
        *,
        reload_key: str = "",
    ) -> SignedIn:
        """Sign a Telegram user in whom the launch data of a Mini App name; see `telegram`.

        The same person has the same account each time. Safe to repeat after a lost answer with the
        same reload key; the session of the first answer is over then.

        Args:
            paywall: Whose user it will be.
            init_data: What Telegram signed.
            address: The subject that `address.Addresses` names; None has no limits of its own.
            origin: Whose page it is, as the browser said; None where nobody said.
            reload_key: Random text by which a reload of the page shows that it is the same; without
                one the data are good once.

        Raises:
            Refusal: `telegram_disabled`: the paywall has no bot, or counts no credits;
                `init_data_invalid`, `init_data_expired`; `init_data_used`: somebody else exchanged
                it before, whose session is over now; `rate_limited`.
            StoreUnavailable: The store did not take it.
        """
        bot = await self._bots.need(paywall.paywall_id)
        if not paywall.tokenization:
            raise Refusal("telegram_disabled", "This paywall counts no credits.")
        now_ms = self._clock.now_ms()
        launch = read_launch(init_data, bot, now_ms / 1000)
        source = Source(hide_address(self._address_key, address), origin or "")
        arrival = Arrival(launch, bot.test_environment, reload_key, source)
        token = sessions.new_refresh_token()
        token_hash = sessions.hash_refresh_token(token)
        begun = await self._database.write(
            sign_in_with_telegram(paywall, arrival, token_hash, now_ms, limits=self._limits)
        )
        if isinstance(begun, Reused):
            log.warning("init_data_reuse: session %s is revoked", begun.session_id)
            self._state.end(begun.session_id)
            raise Refusal("init_data_used", "This launch was signed in before; open the app again.")
        if begun.replaced:
            self._state.end(begun.replaced)
        _warn_of_trial(paywall, begun.trial, origin)
        return self._hand_out(begun.session, token, begun.trial)

    async def refresh(self, paywall_id: str, refresh_token: str) -> SignedIn:
        """Exchange a refresh token; see `sessions.decide_refresh` for which successor comes.

        Safe to repeat after a lost answer.

        Raises:
            Refusal: `invalid_token` where the token is unknown, its session is over, or it was
                used before its time (then its session is over now); `paywall_mismatch` where it is
                another paywall's.
            StoreUnavailable: The store did not take it.
        """
        successor = sessions.derive_successor(self._refresh_key, refresh_token)
        refreshed = await self._database.write(
            scripts.refresh(
                paywall_id,
                sessions.hash_refresh_token(refresh_token),
                sessions.hash_refresh_token(successor),
                self._clock.now_ms(),
            )
        )
        if refreshed.decision is Decision.REUSED:
            log.warning("refresh_reuse: session %s is revoked", refreshed.session_id)
            self._state.end(refreshed.session_id)
        if refreshed.session is None:
            raise invalid_token("The refresh token is not good any more; sign in again.")
        return self._hand_out(refreshed.session, successor)

    async def sign_out(self, identity: Identity) -> None:
        """End this session; other sessions of the user live on.

        Raises:
            StoreUnavailable: The store did not take it.
        """
        await self._database.write(
            queries.revoke_session(identity.session_id, self._clock.now_ms())
        )
        self._end((identity.session_id,))

    async def sign_out_everywhere(self, identity: Identity) -> None:
        """End all sessions of the user, this one included.

        Raises:
            StoreUnavailable: The store did not take it.
        """
        self._end(
            await self._database.write(
                queries.revoke_sessions_of(identity.user_id, self._clock.now_ms())
            )
        )

    def jwks(self) -> dict[str, Any]:
        """Return the public keys that access tokens are signed with."""
        return self._tokens.jwks()

    def _end(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            self._state.end(session_id)

    def _hand_out(
        self, session: scripts.Session, refresh_token: str, trial: Trial = Trial.GRANTED
    ) -> SignedIn:
        access = self._tokens.issue(session.identity, session_expires_ms=session.expires_at)
        return SignedIn(session.identity, access, Secret(refresh_token), trial=trial)


def _warn_of_trial(paywall: Paywall, trial: Trial, origin: str | None) -> None:
    if trial is Trial.PAYWALL_HAS_NONE_LEFT:
        log.warning(
            "%s: today's trial credits are given away (%sLIMIT_PAYWALL_TRIAL_CREDITS)",
            paywall.paywall_id,
            PREFIX,
        )
    elif trial is Trial.ORIGIN_HAS_NONE_LEFT:
        log.warning(
            "%s: the pages of one origin have given today's trial credits of theirs away "
            "(%sLIMIT_ORIGIN_TRIAL_CREDITS): %r",
            paywall.paywall_id,
            PREFIX,
            (origin or "none")[:ORIGIN_CHARS_SHOWN],
        )


async def open_identities(
    database: Database, clock: Clock, sealer: Sealer, *, issuer: str, limits: Limits
) -> Identities:
    """Make the part: read the signing keys, or make the first one.

    Args:
        database: The store.
        clock: The time.
        sealer: Opens the keys and bots' tokens, and derives those of refresh tokens and addresses.
        issuer: The address that tokens name as their issuer.
        limits: Of sign-ins and trials.

    Raises:
        StartError: The keys cannot be opened with this master key.
        StoreUnavailable: The store could not be read or written.
    """
    keys = await load_signing_keys(database, sealer, clock)
    tokens = AccessTokens(keys, issuer=issuer, clock=clock)
    return Identities(
        database,
        clock,
        tokens,
        refresh_key=sealer.subkey("refresh"),
        address_key=sealer.subkey("addresses"),
        limits=SignInLimits.of(limits),
        bots=TelegramBots(database, sealer, clock),
    )
