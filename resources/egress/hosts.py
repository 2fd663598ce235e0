"""Whether a host may be reached, and at which addresses."""

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

from resources.egress.addresses import Address, is_metadata, is_public, plain
from resources.errors import InvalidInput

# They resolve to a metadata service only inside their cloud, so an address alone does not show them everywhere.
_METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.google",
        "metadata.azure.internal",
        "metadata.azure.com",
        "metadata.tencentyun.com",
        "metadata.platformequinix.com",
        "metadata.packet.net",
        "instance-data",
        "instance-data.ec2.internal",
    }
)
_MOST_ADDRESSES = 16


class EgressRefused(InvalidInput):
    """A host that the platform may not reach."""

    code = "egress_refused"


def check_host(host: str, port: int, allowed_hosts: Iterable[str] = ()) -> list[str]:
    """The addresses of a host that may be reached; connect to these and to nothing else.

    A name is judged by all addresses that it has now: one that is not public refuses the host. Odd spellings (decimal,
    octal, full-width digits, trailing dots) are no matter, since the system reads them as it would to connect.

    Args:
        host: A name or an address, without brackets.
        port: The port.
        allowed_hosts: HOST or HOST:PORT of private networks that may be reached all the same.

    Raises:
        EgressRefused: It may not be reached, or cannot be found; the message is the same, so that nobody learns which
            private names there are.
    """
    name = _normal(host)
    if name is None or not 1 <= port <= 65535 or name in _METADATA_NAMES:
        raise _refused(host)
    addresses = _resolve(name, port)
    if not addresses or any(is_metadata(address) for address in addresses):
        raise _refused(host)
    if not all(is_public(address) for address in addresses) and not is_allowed(host, port, allowed_hosts):
        raise _refused(host)
    return list(dict.fromkeys(str(plain(address)) for address in addresses))[:_MOST_ADDRESSES]


def is_allowed(host: str, port: int, allowed_hosts: Iterable[str]) -> bool:
    """Whether the operator allows a host by name."""
    name = _normal(host)
    return name is not None and any((name, port) == entry or (name, None) == entry for entry in map(_entry, allowed_hosts))


def _entry(allowed: str) -> tuple[str | None, int | None]:
    """The host and port of an entry of `RAGE_ALLOWED_HOSTS`; IPv6 with a port stands in brackets."""
    host, colon, port = allowed.strip().rpartition(":")
    is_bare_v6 = ":" in host and not host.endswith("]")
    if not colon or is_bare_v6 or not port.isdecimal():
        return _normal(allowed.strip().strip("[]")), None
    return _normal(host.strip("[]")), int(port)


def _normal(host: str) -> str | None:
    """The host as it is compared: lower case, ASCII, addresses in their usual form; None where it is no host."""
    if not host or len(host) > 253 or any(character in "%@/\\?#[]" or character.isspace() for character in host):
        return None
    try:
        return str(plain(ip_address(host)))
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode("ascii").rstrip(".").lower()
    except UnicodeError:
        return None
    return name if name.isprintable() and not name.startswith("-") else None


def _resolve(name: str, port: int) -> list[Address]:
    try:
        found: list[Any] = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    try:
        return [ip_address(str(entry[4][0])) for entry in found]
    except ValueError:
        return []


def _refused(host: str) -> EgressRefused:
    return EgressRefused(
        f"{host[:200]!r} is not a public host that can be reached from here.",
        hint="If it is a host of your own network, its operator can name it in RAGE_ALLOWED_HOSTS.",
    )
