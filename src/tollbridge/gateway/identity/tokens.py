"""Access tokens: JWTs that the gateway signs and reads itself."""

import secrets
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import GuestProtocol, OKPKey
from joserfc.jws import JWSRegistry

from tollbridge.gateway.clock import Clock
from tollbridge.gateway.identity.refusals import invalid_token
from tollbridge.gateway.identity.signing_keys import ALGORITHM, SigningKeys
from tollbridge.gateway.identity.values import AccessToken, Identity
from tollbridge.gateway.secret import Secret

# Short, because a token that leaked cannot be called back; the page renews it without a word.
LIFETIME_S = 15 * 60
# Verified tokens remembered: a signature costs 0.14 ms, a look here nothing. About 10 MB.
REMEMBERED_MAX = 10_000
# Ours have about 450 characters.
TOKEN_CHARS_MAX = 2_000


class AccessTokens:
    """Signs access tokens and reads them back; for the event loop's thread only."""

    def __init__(
        self,
        keys: SigningKeys,
        *,
        issuer: str,
        clock: Clock,
        remembered_max: int = REMEMBERED_MAX,
    ) -> None:
        """Sign with the newest of `keys` as `issuer`."""
        self._keys = keys
        self._issuer = issuer
        self._clock = clock
        self._registry = _OneAlgorithm(algorithms=[ALGORITHM])
        self._remembered_max = remembered_max
        self._good: dict[str, tuple[Identity, int]] = {}

    def __len__(self) -> int:
        """Return how many verified tokens are remembered."""
        return len(self._good)

    def issue(self, identity: Identity, *, session_expires_ms: int) -> AccessToken:
        """Sign a token for `identity` that does not outlive its session."""
        now_s = self._clock.now_ms() // 1000
        expires_at_s = min(now_s + LIFETIME_S, session_expires_ms // 1000)
        key_id = self._keys.newest_id
        text = jwt.encode(
            {"alg": ALGORITHM, "kid": key_id},
            {
                "iss": self._issuer,
                "aud": identity.paywall_id,
                "sub": identity.user_id,
                "sid": identity.session_id,
                "anon": identity.anonymous,
                "iat": now_s,
                "exp": expires_at_s,
                "jti": secrets.token_hex(16),
            },
            self._signing_key(key_id),
            registry=self._registry,
        )
        return AccessToken(Secret(text), expires_at_s - now_s, expires_at_s)

    def verify(self, text: str) -> Identity:
        """Return whom a token names; whether its session lives is not asked here.

        Only good tokens are remembered, so that bad ones cannot push them out.

        Raises:
            Refusal: `invalid_token`: not ours, altered, or expired.
        """
        now_s = self._clock.now_ms() / 1000
        known = self._good.get(text)
        if known is None:
            known = self._read(text)
        identity, expires_at_s = known
        if now_s >= expires_at_s:
            self._good.pop(text, None)
            raise invalid_token("The access token has expired.")
        if text not in self._good:
            self._remember(text, known)
        return identity

    def jwks(self) -> dict[str, Any]:
        """Return the public keys, as `/.well-known/jwks.json` shows them."""
        return self._keys.jwks()

    def _remember(self, text: str, known: tuple[Identity, int]) -> None:
        if len(self._good) >= self._remembered_max:
            del self._good[next(iter(self._good))]
        self._good[text] = known

    def _read(self, text: str) -> tuple[Identity, int]:
        if len(text) > TOKEN_CHARS_MAX:
            raise invalid_token("The access token is not ours.")
        try:
            claims = jwt.decode(text, self._verifying_key, registry=self._registry).claims
        except (JoseError, ValueError, TypeError):
            raise invalid_token("The access token is not ours.") from None
        user_id, paywall_id = claims.get("sub"), claims.get("aud")
        session_id, expires_at_s = claims.get("sid"), claims.get("exp")
        if (
            claims.get("iss") != self._issuer
            or not isinstance(user_id, str)
            or not isinstance(paywall_id, str)
            or not isinstance(session_id, str)
            or not isinstance(expires_at_s, int)
        ):
            raise invalid_token("The access token is not ours.")
        return Identity(user_id, paywall_id, session_id, claims.get("anon") is True), expires_at_s

    def _signing_key(self, key_id: str) -> OKPKey:
        key = self._keys.find(key_id)
        if key is None:
            raise KeyError(key_id)
        return key

    def _verifying_key(self, guest: GuestProtocol) -> OKPKey:
        key = self._keys.find(str(guest.headers().get("kid")))
        if key is None:
            raise ValueError("unknown key")
        return key


class _OneAlgorithm(JWSRegistry):
    """Knows one algorithm, whatever a token's header says.

    joserfc's own registry warns at each use of the name "EdDSA"; see `ALGORITHM`.
    """

    def get_alg(self, name: str) -> Any:
        """Return the algorithm, if `name` is its name."""
        if name != ALGORITHM:
            raise UnsupportedAlgorithmError(f"Algorithm of '{name}' is not allowed")
        return self.algorithms[ALGORITHM]
