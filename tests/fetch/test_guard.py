"""Which addresses are private, whatever they are wrapped in and however they are spelled."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address, ip_address

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from traywatch.fetch.guard import allowed, is_loopback, is_private, literal, looks_private

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.2.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2001:0:0808:0808:0:0:80ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "no address",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:800::200e",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert not is_private(address)


@given(st.ip_addresses(v=4))
def test_what_ipv6_wraps_is_judged_as_what_it_is(inner: IPv4Address) -> None:
    wrapped = (
        f"::ffff:{inner}",
        f"64:ff9b::{inner}",
        f"2002:{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}::",
    )
    assert {is_private(address) for address in wrapped} == {is_private(str(inner))}


@given(st.ip_addresses(v=4))
def test_every_spelling_of_a_number_is_understood(address: IPv4Address) -> None:
    number = int(address)
    # Where Windows spells "no address". Such a name is looked up, and judged by what is found.
    assume(sys.platform != "win32" or number != 0xFFFF_FFFF)
    first, rest = number >> 24, number & 0xFFFFFF
    spellings = (
        str(number),
        hex(number),
        f"0{number:o}",
        f"{first}.{rest}",
        f"0{first:o}.{rest:#x}",
    )
    assert {literal(spelled) for spelled in spellings} == {str(address)}


@given(st.ip_addresses())
def test_an_address_spells_itself(address: object) -> None:
    assert literal(f"[{address}]") == literal(str(address)) == str(ip_address(str(address)))


@pytest.mark.parametrize(
    "host",
    ["status.example", "localhost", "127.0.0.1.example", "1e3", "", "0x", "1.2.3.4.5", "\u0661"],
)
def test_a_name_is_no_number(host: str) -> None:
    assert literal(host) is None


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.8.9.10", True),
        ("2130706433", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LocalHost.", True),
        ("status.localhost", True),
        ("notlocalhost", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("128.0.0.1", False),
        ("status.example", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "private"),
    [("10.0.0.1", True), ("localhost", True), ("8.8.8.8", False), ("status.example", False)],
)
def test_what_can_be_said_without_resolving(host: str, private: bool) -> None:
    assert looks_private(host) is private


def test_only_public_addresses_of_a_mixed_answer_are_allowed() -> None:
    mixed = ["10.0.0.1", "8.8.8.8", "::1"]
    assert allowed(mixed, private_ok=False) == ["8.8.8.8"]
    assert allowed(mixed, private_ok=True) == mixed
