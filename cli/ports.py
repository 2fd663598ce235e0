"""Addresses on this machine: which are ours alone, which are free, and what answers there."""

import ipaddress
import socket
import urllib.error
import urllib.request
from typing import Any

from resources.errors import ServiceUnavailable


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def check_free(host: str, port: int, option: str) -> None:
    """Makes sure that a server can listen there.

    Raises:
        ServiceUnavailable: Something else does.
    """
    if not is_free(host, port):
        raise ServiceUnavailable(
            f"Port {port} on {host} is in use by another program.",
            hint=f"Stop it, or choose another with {option}; nothing was started.",
        )


def free_port(host: str) -> int:
    """A port that is free now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def near(host: str) -> str:
    """Where this machine reaches a server that listens on `host`, which may stand for all addresses."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return ("::1" if address.version == 6 else "127.0.0.1") if address.is_unspecified else host


def base_url(host: str, port: int, *, tls: bool = False) -> str:
    """The URL of a server there."""
    host = near(host)
    return f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def answers(url: str, timeout_s: float = 1.0) -> bool:
    """Whether a server answers at `url` with a success."""
    return fetch(url, timeout_s) is not None


def fetch(url: str, timeout_s: float = 1.0) -> Any:
    """What a server answers at `url`, as bytes; None if it does not, or not with a success."""
    try:
        with urllib.request.urlopen(url, timeout=timeout_s) as response:  # noqa: S310 -- a server of this machine
            return response.read()
    except (OSError, ValueError, urllib.error.URLError):
        return None


def accepts(host: str, port: int, timeout_s: float = 0.5) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout_s):
            return True
    except OSError:
        return False
