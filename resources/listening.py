"""Where the platform may listen, and what guards the way to it: TLS of its own, or a proxy that is known."""

import ipaddress
import ssl

from resources.errors import InvalidInput, InvalidSettings
from resources.settings import Settings


def check_host(host: str, settings: Settings) -> None:
    """Refuses an address that other machines can reach, unless TLS or a trusted proxy guards the way to it.

    Raises:
        InvalidInput: It is such an address, or none.
        InvalidSettings: The TLS files or the list of proxies cannot be used.
    """
    guarded = tls_context(settings) is not None or bool(proxies(settings))
    try:
        allowed = host == "localhost" or ipaddress.ip_address(host).is_loopback or guarded
    except ValueError:
        allowed = False
    if not allowed:
        raise InvalidInput(
            f"--host {host[:80]} is not an address of this machine alone.",
            hint="Tokens would cross the network in the clear. Set RAGE_TLS_CERTIFICATE and RAGE_TLS_KEY, or put a proxy "
            "that speaks TLS before it and name it in RAGE_TRUSTED_PROXIES.",
        )


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """What the API speaks TLS with, version 1.2 at least; None if it does not.

    Raises:
        InvalidSettings: A file is missing or broken, or the key is not that of the certificate.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "RAGE_TLS_CERTIFICATE" if certificate is None else "RAGE_TLS_KEY"
        raise InvalidSettings(f"{missing} is missing: TLS needs the certificate and its key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    for name, path in (("RAGE_TLS_CERTIFICATE", certificate), ("RAGE_TLS_KEY", key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise InvalidSettings(f"{name} names a file that cannot be read: {error.strerror}.") from None
    try:
        context.load_cert_chain(certificate, key, password=lambda: "")  # a key with a passphrase would ask for it here
    except (ssl.SSLError, OSError, ValueError) as error:
        raise InvalidSettings(
            f"RAGE_TLS_CERTIFICATE and RAGE_TLS_KEY cannot be used: {getattr(error, 'reason', None) or 'not PEM'}.",
            hint="Give a PEM chain, the server's certificate first, and its key without a passphrase.",
        ) from None
    return context


def proxies(settings: Settings) -> list[str]:
    """The addresses and networks of the proxies whose `X-Forwarded-*` headers count.

    Raises:
        InvalidSettings: One is neither.
    """
    for proxy in settings.trusted_proxies:
        try:
            network = ipaddress.ip_network(proxy)
        except ValueError:
            network = None
        if network is None or network.prefixlen == 0:
            raise InvalidSettings(
                f"RAGE_TRUSTED_PROXIES: {proxy[:80]!r} is no address or network of proxies.",
                hint="Write addresses or networks, such as 10.0.0.5,10.1.0.0/24.",
            )
    return list(settings.trusted_proxies)
