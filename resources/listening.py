"""Where the platform may listen."""

import ipaddress

from resources.errors import InvalidInput


def check_loopback(host: str) -> None:
    """Refuses an address that other machines can reach: what stands there has no sign-in yet.

    Raises:
        InvalidInput: It is such an address, or none.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise InvalidInput(
            f"--host {host[:80]} is not an address of this machine alone.",
            hint="Without sign-in, RAGE listens on 127.0.0.1, ::1 or localhost only. Put a proxy that checks who "
            "calls before it, or configure sign-in.",
        )
