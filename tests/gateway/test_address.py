"""Whose address a request counts for: the peer's, unless a proxy that is trusted says more."""

from ipaddress import ip_network
from typing import Any

import pytest

from tollbridge.gateway.address import NOWHERE, Addresses, client_address
from tollbridge.gateway.settings import Network

PROXIES: tuple[Network, ...] = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


def request(peer: str | None, *forwarded: str, name: str = "x-forwarded-for") -> dict[str, Any]:
    """Return a request's scope."""
    return {
        "client": None if peer is None else (peer, 4711),
        "headers": [(name.encode(), value.encode("latin-1")) for value in forwarded],
    }


@pytest.mark.parametrize(
    ("peer", "subject"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        (None, NOWHERE),
        ("", NOWHERE),
        ("not an address", NOWHERE),
    ],
)
def test_an_address_is_one_of_ipv4_or_a_64_of_ipv6(peer: str | None, subject: str) -> None:
    """A household has as many IPv6 addresses as it likes, in one network of 64 bits."""
    assert client_address(request(peer), ()) == subject


@pytest.mark.parametrize("peer", ["203.0.113.7", "10.0.0.1", "127.0.0.1"])
def test_without_trusted_proxies_no_header_counts(peer: str) -> None:
    """That is the default: anybody can write the header."""
    assert client_address(request(peer, "198.51.100.1"), ()) == peer


def test_a_stranger_who_writes_the_header_is_still_that_stranger() -> None:
    """Only what a trusted proxy sends is read."""
    forged = request("203.0.113.7", "198.51.100.1", "10.0.0.2")
    assert client_address(forged, PROXIES) == "203.0.113.7"


@pytest.mark.parametrize(
    ("forwarded", "subject"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        # A page's own invention stands to the left of what our proxy appended.
        (["1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        (["10.9.9.9, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        (["1.2.3.4", "198.51.100.1,10.0.0.2", "10.0.0.3"], "198.51.100.1"),
        (["198.51.100.1 ,\t10.0.0.2"], "198.51.100.1"),
        (["2001:db8:1:2::9, 2001:db8:ffff::1"], "2001:db8:1:2::/64"),
        # Ports, brackets and IPv4 inside of IPv6.
        (["198.51.100.1:54321"], "198.51.100.1"),
        (["[2001:db8:1:2::9]:54321, [2001:db8:ffff::1]"], "2001:db8:1:2::/64"),
        (["198.51.100.1, ::ffff:10.0.0.2"], "198.51.100.1"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        # All of them are ours: the first of them made the request.
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        # What is no address ends the search; the last hop before it counts.
        (["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        (["198.51.100.1, , 10.0.0.2"], "10.0.0.2"),
        (["198.51.100.1, 10.0.0.2,"], "10.0.0.1"),
        (["198.51.100.1:x"], "10.0.0.1"),
        (["198.51.100.1:٣"], "10.0.0.1"),
        (["[2001:db8::1]x, 10.0.0.2"], "10.0.0.2"),
        (["[2001:db8::1"], "10.0.0.1"),
        (["[2001:db8::1]:"], "10.0.0.1"),
        (["0198.51.100.1"], "10.0.0.1"),
        (["1" * 16_000], "10.0.0.1"),
        (["2001:db8:1:2::9%" + "z" * 64], "2001:db8:1:2::/64"),
        (["2001:db8:1:2::9%" + "z" * 65], "10.0.0.1"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_the_rightmost_hop_that_is_not_ours_counts(forwarded: list[str], subject: str) -> None:
    """Seen from a trusted proxy at 10.0.0.1; nobody to the left of that hop can change it."""
    scope = request("10.0.0.1")
    scope["headers"] = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert client_address(scope, PROXIES) == subject


def test_other_headers_of_proxies_are_not_read() -> None:
    """One name, so that two of them cannot disagree."""
    for name in ("forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"):
        scope = request("10.0.0.1", "198.51.100.1", name=name)
        assert client_address(scope, PROXIES) == "10.0.0.1"


def test_a_connection_without_an_address_trusts_nobody() -> None:
    """Whoever comes over a Unix socket counts as one, whatever they write."""
    assert client_address(request(None, "198.51.100.1"), PROXIES) == NOWHERE


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_the_demo_spares_whoever_sits_at_the_machine(peer: str) -> None:
    """And nobody else; without the demo nobody is spared."""
    demo = Addresses(spare_loopback=True)
    assert demo.subject_of(request(peer)) is None
    assert demo.subject_of(request("203.0.113.7")) == "203.0.113.7"
    assert Addresses().subject_of(request(peer)) is not None


@pytest.mark.parametrize("name", ["x-forwarded-for", "forwarded"])
def test_the_demo_does_not_spare_who_comes_through_a_tunnel(name: str) -> None:
    """A tunnel on this machine brings strangers over loopback; it says that it forwards."""
    demo = Addresses(spare_loopback=True)
    assert demo.subject_of(request("127.0.0.1", "198.51.100.1", name=name)) == "127.0.0.1"
    trusting = Addresses((ip_network("127.0.0.0/8"),), spare_loopback=True)
    found = trusting.subject_of(request("127.0.0.1", "198.51.100.1"))
    assert found == "198.51.100.1"
