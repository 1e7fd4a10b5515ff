"""A gateway process that is told secrets and prompts, and everything that it tells in return."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import trustme

from tests.support.gateway_process import start
from tests.support.raw_client import RawAnswer, RawConnection
from tests.support.scripted_provider import ScriptedProvider
from tests.support.stores import in_store
from tests.support.telegram import TOKEN
from tollbridge.gateway import ledger
from tollbridge.gateway.app import Gateway, open_gateway
from tollbridge.gateway.clock import SystemClock
from tollbridge.gateway.commerce.codes import new_code
from tollbridge.gateway.commerce.vouchers import VoucherOrder, create_voucher
from tollbridge.gateway.data_folder import open_database
from tollbridge.gateway.database import Script, Statement
from tollbridge.gateway.identity.telegram import bot_of_token
from tollbridge.gateway.identity.telegram_bots import store_bot
from tollbridge.gateway.ids import new_id
from tollbridge.gateway.owner.keys import create_key, new_key
from tollbridge.gateway.owner.templates import add_template
from tollbridge.gateway.paywalls import Paywall, create_paywall
from tollbridge.gateway.providers.presets import make_provider
from tollbridge.gateway.providers.registry import store_provider
from tollbridge.gateway.secret import Secret
from tollbridge.gateway.settings import Settings

PAYWALL, LISTED, PLAIN = "pw_test", "pw_listed", "pw_plain"
API = "/api/v1"
CALL = f"{API}/api-gateway"

# In the body of every request; the provider alone may see it.
PROMPT = "prompt-about-the-mole-on-my-back"
# In addresses, ids and headers of requests; an answer may name it to the page that wrote it.
FILLED = "filled-in-by-the-page"
# In whatever the provider says; an answer that passes it on may hold it.
SAID = "said-by-the-provider"
# In a row that somebody spoilt by hand.
SPOILT = "spoilt-row-of-a-provider"
# Looks like no key at all, so that only who knows it can mask it.
PROVIDER_KEY = "zebra.quartz.lantern"
# What a template asks, for its owner and its provider; in the store, and nowhere else.
SEALED = ("sealed-words-of-the-owner", "sealed-model", "prov_sealed")
METRICS_TOKEN = "violet.granite.harbour"
MASTER_KEY = bytes(range(100, 132))

LIMITS = {
    **dict.fromkeys(
        (
            *("USER_RUNNING", "USER_PER_MINUTE", "USER_FREE_PER_MINUTE", "USER_EARLY_LEAVES"),
            *("ADDRESS_RUNNING", "ADDRESS_PER_MINUTE", "ADDRESS_SIGN_INS", "ADDRESS_TRIALS"),
        ),
        "off",
    ),
    **{"USER_FAILURES": "1", "VOUCHER_TRIES": "1", "UPLOAD_S": "1", "UPLOAD_IDLE_S": "1"},
}


@dataclass
class Visitor:
    """Who is signed in."""

    user_id: str
    token: str
    refresh_token: str

    @property
    def own(self) -> list[str]:
        """What a page sends with each request."""
        return [f"Authorization: Bearer {self.token}", f"X-Paywall-Id: {PAYWALL}"]


@dataclass
class Leaks:
    """The process, and what it told.

    Attributes:
        secrets: By name, what nobody may read; what is made later is added.
        answers: Every answer, head and body, in order.
        codes: Those of the refusals that were met.
    """

    settings: Settings
    process: asyncio.subprocess.Process
    url: str
    provider: ScriptedProvider
    owner_key: str
    foreign_key: str
    voucher: str
    secrets: dict[str, str]
    answers: list[bytes] = field(default_factory=list)
    codes: set[str] = field(default_factory=set)

    async def ask(
        self, line: str, *headers: str, body: bytes | None = b"{}", due: tuple[str, ...] = ()
    ) -> RawAnswer:
        """Send a request, the prompt in its body; keep its answer, and look for what is not due."""
        async with await self.send(line, *headers, body=body) as connection:
            return self.keep(await connection.read_answer(), due=due)

    async def send(
        self, line: str, *headers: str, body: bytes | None = b"{}", length: int | None = None
    ) -> RawConnection:
        """Send a request; `length` is announced where it is not the body's."""
        connection = await RawConnection.open(self.url)
        own = [] if body is None else [f"Content-Length: {length or len(body)}"]
        if not any(header.lower().startswith("content-type") for header in headers):
            own.append("Content-Type: application/json")
        words = (f"User-Agent: {FILLED}", f"X-Whatever: {FILLED}")
        await connection.request(f"{line} HTTP/1.1", *headers, *own, *words, body=body or b"")
        return connection

    def keep(self, answer: RawAnswer, *, due: tuple[str, ...] = ()) -> RawAnswer:
        """Keep an answer; of what nobody may read it holds at most what is `due`."""
        raw = repr((answer.status, answer.headers)).encode() + answer.body
        self.answers.append(raw)
        told = {name for name, secret in self.secrets.items() if secret.encode() in raw}
        if SAID.encode() in raw:
            told.add(SAID)
        told |= {word for word in (PROMPT, *SEALED) if word.encode() in raw}
        assert told <= set(due), (told, raw)
        if answer.header("x-error-source") == "gateway" and answer.status >= 400:
            body = answer.json()
            self.codes.add(body.get("code") or body["error"])
        return answer

    async def sign_in(self) -> Visitor:
        """Sign a visitor in; the tokens are secrets from then on."""
        body = orjson.dumps({"captcha_token": PROMPT})
        path = f"POST {API}/paywall/{PAYWALL}/auth/anonymous/signin"
        number = len(self.secrets)
        async with await self.send(path, body=body) as connection:
            answer = await connection.read_answer()
        assert answer.status == 200, answer.body
        told = answer.json()
        self.secrets[f"access token {number}"] = told["access_token"]
        self.secrets[f"refresh token {number}"] = told["refresh_token"]
        return Visitor(told["user"]["id"], told["access_token"], told["refresh_token"])

    async def write(self, script: Script[Any]) -> Any:
        """Write to the store beside the process."""
        database = await open_database(self.settings, make=False)
        try:
            return await database.write(script)
        finally:
            await database.close()

    async def drain(self, visitor: Visitor) -> None:
        """Leave a visitor nothing."""
        now = SystemClock().now_ms()
        (balance,) = await self.write(ledger.balances(visitor.user_id, now))
        debit = ledger.debit(visitor.user_id, "standard", balance.available, new_id("test"), now)
        await self.write(debit)


@asynccontextmanager
async def open_leaks(folder: Path) -> AsyncIterator[Leaks]:
    """Furnish a data folder and start a gateway on it that ends after two seconds of grace."""
    master_key = base64.b64encode(MASTER_KEY).decode()
    settings = in_store(Settings(data_dir=folder, master_key=Secret(master_key)))
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(ScriptedProvider())
        unknown = await stack.enter_async_context(ScriptedProvider(tls=_of_an_unknown_authority()))
        async with open_gateway(settings) as gateway:
            owner_key, foreign_key, voucher = await _furnish(gateway, provider.url, unknown.url)
        process = await start(
            folder,
            *("--port", "0"),
            program=("tests.observing.brief_gateway", "2"),
            TOLLBRIDGE_MASTER_KEY=master_key,
            TOLLBRIDGE_METRICS_TOKEN=METRICS_TOKEN,
            **{f"TOLLBRIDGE_LIMIT_{name}": value for name, value in LIMITS.items()},
        )
        try:
            assert process.stdout is not None
            line = (await process.stdout.readline()).decode()
            url = line.partition(" on ")[2].strip().replace("localhost", "127.0.0.1")
            assert url, folder.with_suffix(".log").read_text()
            yield Leaks(
                settings,
                process,
                url,
                provider,
                owner_key,
                foreign_key,
                voucher,
                {
                    "provider key": PROVIDER_KEY,
                    "metrics token": METRICS_TOKEN,
                    "master key": master_key,
                    "owner key": owner_key,
                    "foreign key": foreign_key,
                    "voucher": voucher,
                    "bot token": TOKEN,
                },
            )
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _of_an_unknown_authority() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    return context


async def _furnish(gateway: Gateway, url: str, tls_url: str) -> tuple[str, str, str]:
    now, write = gateway.clock.now_ms(), gateway.database.write
    await write(create_paywall(Paywall(PAYWALL, query_types={"standard": 20}), now))
    listed = Paywall(LISTED, query_types={"standard": 20}, origins=("https://app.example",))
    await write(create_paywall(listed, now))
    await write(create_paywall(Paywall(PLAIN, tokenization=False), now))
    plain: dict[str, Any] = {
        "paywall_id": PAYWALL,
        "preset": "http",
        "base_url": url,
        "query_type": "standard",
        "allow": ("POST v1/*", "GET v1/*"),
        "allow_private": True,
        "key": Secret(PROVIDER_KEY),
    }
    chat = {"preset": "openai-chat", "models": ("known",), "allow": ()}
    others: dict[str, dict[str, Any]] = {
        "prov_things": {},
        "prov_chat": chat,
        "prov_off": {"enabled": False},
        "prov_members": {"anonymous_allowed": False},
        "prov_gone": {"base_url": "http://127.0.0.1:1"},
        "prov_tls": {"base_url": tls_url},
        "prov_slow": {"first_byte_timeout_s": 1},
        "prov_late": {"charge_on": "first_byte"},
        "prov_spoilt": {},
        "prov_closed": {"only_templates": True},
        SEALED[2]: {**chat, "models": (SEALED[1],), "only_templates": True},
    }
    for provider_id, differs in others.items():
        provider = make_provider(provider_id, **{**plain, **differs})
        await write(store_provider(provider, gateway.sealer, now))
    asked = {"model": SEALED[1], "messages": [{"content": [SEALED[0], "{{question}}"]}]}
    template = add_template(
        *("tpl_ask", now),
        paywall_id=PAYWALL,
        provider_id=SEALED[2],
        body=orjson.dumps(asked),
        variables={"question": 100},
    )
    await write(template)
    await write(_spoil())
    await write(store_bot(PAYWALL, bot_of_token(Secret(TOKEN)), gateway.sealer, now))
    keys = [new_key(), new_key()]
    await write(create_key(PAYWALL, keys[0], now))
    await write(create_key(LISTED, keys[1], now))
    code = new_code()
    order = VoucherOrder(paywall_id=PAYWALL, query_type="standard", amount=5, uses_max=10)
    await write(create_voucher(order, code, now))
    return keys[0].reveal(), keys[1].reveal(), code.reveal()


def _spoil() -> Script[None]:
    yield Statement(
        "update providers set allow = $1 where provider_id = 'prov_spoilt'",
        (orjson.dumps([SPOILT]).decode(),),  # an error that quotes it is the natural thing
    )
