"""Which hosts the platform may reach, however they are spelled."""

import socket
from ipaddress import ip_address

import pytest

from resources.egress import EgressRefused, check_host
from resources.egress.addresses import is_metadata, is_public

REFUSED = [
    # loopback, in all its spellings
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0",
    "localhost", "LOCALHOST", "localhost.", "127.0.0.1.", "127。0。0。1", "①②⑦.⓪.⓪.①", "１２７.0.0.1",
    "::1", "0:0:0:0:0:0:0:1",
    "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "0:0:0:0:0:ffff:127.0.0.1",
    # private, link-local, shared and the rest
    "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.254", "169.254.1.1", "192.0.0.8",
    "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "10.1",
    "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fe80::1%25eth0", "fec0::1", "ff02::1", "2001:db8::1", "100::1",
    "3fff::1", "5f00::1", "2001::1", "2001:10::1", "2002:7f00:1::", "2002:0a00:0001::1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::808:808", "::ffff:0:127.0.0.1", "2606:4700::5efe:10.0.0.1",
    # metadata
    "169.254.169.254", "2852039166", "0xa9fea9fe", "::ffff:169.254.169.254", "fd00:ec2::254", "metadata.google.internal",
    "METADATA.google.internal.", "metadata", "100.100.100.200", "168.63.129.16", "64:ff9b::a9fe:a9fe",
    # no hosts
    "", " ", "a b", "user@127.0.0.1", "[::1]", "a/b", "a\\b", "a\nb", "a\0b", "-oProxyCommand=x", "a" * 300,
    "a..b", "?", "#",
]  # fmt: skip


@pytest.mark.parametrize("host", REFUSED)
def test_what_is_not_public_is_refused(host):
    with pytest.raises(EgressRefused):
        check_host(host, 80)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("134744072", "8.8.8.8"),
        ("::ffff:8.8.8.8", "8.8.8.8"),
        ("2606:4700::1111", "2606:4700::1111"),
        ("64:ff9b::808:808", "64:ff9b::808:808"),
    ],
)
def test_what_is_public_is_allowed_and_its_address_told(host, address):
    assert check_host(host, 443) == [address]


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(EgressRefused):
        check_host("8.8.8.8", port)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", ["127.0.0.1"]),
        ("127.0.0.1", ["127.0.0.1:8080"]),
        ("localhost", ["other", "LocalHost."]),
        ("LOCALHOST.", ["localhost:8080"]),
        ("::1", ["::1"]),
        ("::1", ["[::1]:8080"]),
        ("0:0::1", ["[::1]"]),
        ("::ffff:10.0.0.1", ["10.0.0.1"]),
    ],
)
def test_a_private_host_that_is_named_is_allowed(host, allowed):
    assert check_host(host, 8080, allowed)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", ["localhost"]),
        ("127.0.0.2", ["127.0.0.1"]),
        ("127.0.0.1", ["127.0.0.1:80"]),
        ("127.0.0.1", ["27.0.0.1"]),
        ("::1", ["[::1]:80"]),
        ("localhost", ["host", "*", ""]),
    ],
)
def test_a_private_host_that_is_named_otherwise_is_refused(host, allowed):
    with pytest.raises(EgressRefused):
        check_host(host, 8080, allowed)


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "::ffff:a9fe:a9fe", "fd00:ec2::254", "metadata.google.internal", "metadata"]
)
def test_metadata_is_refused_even_by_name(host):
    with pytest.raises(EgressRefused):
        check_host(host, 80, [host, f"{host}:80", f"[{host}]"])


@pytest.mark.parametrize("found", [["8.8.8.8", "10.0.0.1"], ["8.8.8.8", "::1"], ["fe80::1%1"], []])
def test_a_name_with_any_address_that_is_not_public_is_refused(monkeypatch, found):
    _resolve_to(monkeypatch, found)
    with pytest.raises(EgressRefused):
        check_host("rebind.example", 80)


def test_a_named_host_that_moves_to_metadata_is_refused(monkeypatch):
    _resolve_to(monkeypatch, ["10.0.0.1", "169.254.169.254"])
    with pytest.raises(EgressRefused):
        check_host("inner.example", 80, ["inner.example"])


def test_the_refusal_is_the_same_for_private_and_for_unknown_names(monkeypatch):
    messages = []
    for found in ([], ["10.0.0.1"]):
        _resolve_to(monkeypatch, found)
        with pytest.raises(EgressRefused) as error:
            check_host("wiki.corp.example", 80)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_carried_metadata_is_seen_in_every_dress():
    for text in ("2002:a9fe:a9fe::1", "::a9fe:a9fe", "::ffff:0:a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "fe80::5efe:a9fe:a9fe"):
        assert is_metadata(ip_address(text)), text


def test_our_own_table_is_never_wider_than_the_standard_library():
    for number in range(0, 2**32, 65_521 * 17):
        address = ip_address(number)
        assert not is_public(address) or address.is_global, address


def _resolve_to(monkeypatch, addresses):
    def answer(host, port, **_):
        if not addresses:
            raise socket.gaierror
        return [(None, None, None, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
