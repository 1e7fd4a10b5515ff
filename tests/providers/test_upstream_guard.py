"""The guard at connect: whatever a name leads to, no request goes into the private network."""

import socket

import pytest

from tests.providers.conftest import MakeProvider
from tests.support.scripted_provider import Answer, ScriptedProvider
from tollbridge.gateway.errors import Refusal
from tollbridge.gateway.providers.http import Upstream
from tollbridge.gateway.providers.network import AddressInfo, AddressRefused, open_socket
from tollbridge.gateway.providers.provider import Provider


class Names:
    """Resolves names as a test says; an attacker's DNS server can do no more."""

    def __init__(self, *addresses: str) -> None:
        """Lead every name to these addresses."""
        self._addresses = addresses
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[AddressInfo]:
        """Return the addresses."""
        self.asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port, 0, 0) if ":" in address else (address, port),
            )
            for address in self._addresses
        ]


async def refusal(upstream: Upstream, provider: Provider) -> Refusal:
    """Call a provider that must not be reached, and return what is said."""
    await upstream.start()
    with pytest.raises(Refusal) as refused:
        await upstream.open(provider, "GET", "v1/x", b"", [], None)
    await upstream.close()
    return refused.value


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["8.8.8.8", "127.0.0.1"],
        ["10.0.0.1", "8.8.8.8"],
    ],
)
async def test_a_name_that_leads_into_the_private_network_is_refused(
    new_provider: MakeProvider, addresses: list[str]
) -> None:
    """A public name with a private address, even one among others, is not connected to."""
    refused = await refusal(Upstream(resolve=Names(*addresses)), new_provider())
    assert (refused.code, refused.details) == ("provider_unreachable", {"reason": "address"})
    assert not any(address in refused.message for address in addresses)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"])
async def test_an_address_in_place_of_a_name_is_refused(
    new_provider: MakeProvider, scripted: ScriptedProvider, host: str
) -> None:
    """A literal never reaches a resolver, and is refused all the same, should a row hold one."""
    port = scripted.url.rpartition(":")[2]
    permitted = new_provider(base_url=f"http://{host}:{port}", allow_private=True)
    fields = {name: getattr(permitted, name) for name in Provider.__slots__}
    names = Names("8.8.8.8")
    refused = await refusal(Upstream(resolve=names), Provider(**{**fields, "allow_private": False}))
    assert refused.details == {"reason": "address"}
    assert names.asked == []
    assert scripted.connections == 0


async def test_allow_private_opens_the_way_for_that_provider_only(
    new_provider: MakeProvider, scripted: ScriptedProvider
) -> None:
    """The same name on the same way: one provider may, the other may not."""
    scripted.answers(Answer.json(1))
    port = scripted.url.rpartition(":")[2]
    upstream = Upstream(resolve=Names("127.0.0.1"))
    await upstream.start()
    may = new_provider(base_url=f"http://api.example:{port}", allow_private=True)
    answer = await upstream.open(may, "GET", "v1/x", b"", [], None)
    assert answer.status == 200
    answer.close()
    may_not = new_provider(base_url=f"https://api.example:{port}")
    with pytest.raises(Refusal) as refused:
        await upstream.open(may_not, "GET", "v1/x", b"", [], None)
    assert refused.value.details == {"reason": "address"}
    await upstream.close()


async def test_the_systems_own_names_are_guarded_too(new_provider: MakeProvider) -> None:
    """`localhost` as the system resolves it is refused, should a row hold it."""
    permitted = new_provider(base_url="https://localhost", allow_private=True)
    fields = {name: getattr(permitted, name) for name in Provider.__slots__}
    refused = await refusal(Upstream(), Provider(**{**fields, "allow_private": False}))
    assert refused.details == {"reason": "address"}


def test_other_families_of_sockets_are_refused() -> None:
    """Only IPv4 and IPv6 are connected to."""
    with pytest.raises(AddressRefused):
        open_socket(
            (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("/run/x.sock", 0)), allow_private=True
        )
