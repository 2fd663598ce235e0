"""Where the server listens, TLS, and whose word it takes for where a request came from."""

import os
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from resources.errors import InvalidInput, InvalidSettings
from resources.listening import check_host, proxies, tls_context
from resources.settings import Settings
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of `localhost`, its key, and the key with a passphrase."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    (folder / "locked.pem").write_bytes(key.private_bytes(pem, form, serialization.BestAvailableEncryption(b"x")))
    other = ec.generate_private_key(ec.SECP256R1())
    (folder / "other.pem").write_bytes(other.private_bytes(pem, form, serialization.NoEncryption()))
    return folder


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_addresses_of_this_machine_alone_are_always_free(host):
    check_host(host, Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_other_addresses_need_tls_or_a_trusted_proxy(host, certificate):
    for settings in (Settings(), Settings(oidc_issuer="https://sso.example.com/realms/a")):
        with pytest.raises(InvalidInput, match="RAGE_TLS_CERTIFICATE"):
            check_host(host, settings)
    check_host(host, Settings(tls_certificate=certificate / "cert.pem", tls_key=certificate / "key.pem"))
    check_host(host, Settings(trusted_proxies=["10.0.0.1"]))


@pytest.mark.parametrize("host", ["example.org", "", "127.0.0.1:80", "127.1"])
def test_what_is_no_address_is_refused(host, certificate):
    with pytest.raises(InvalidInput):
        check_host(host, Settings(tls_certificate=certificate / "cert.pem", tls_key=certificate / "key.pem"))


@pytest.mark.parametrize(
    ("cert", "key", "named"),
    [
        ("cert.pem", None, "RAGE_TLS_KEY"),
        (None, "key.pem", "RAGE_TLS_CERTIFICATE"),
        ("none.pem", "key.pem", "RAGE_TLS_CERTIFICATE"),
        ("cert.pem", "none.pem", "RAGE_TLS_KEY"),
        ("cert.pem", "other.pem", "RAGE_TLS_KEY"),
        ("cert.pem", "locked.pem", "passphrase"),
        ("key.pem", "cert.pem", "RAGE_TLS_CERTIFICATE"),
    ],
)
def test_tls_files_that_cannot_be_used_are_named(certificate, cert, key, named):
    with pytest.raises(InvalidSettings, match=named):
        tls_context(Settings(tls_certificate=cert and certificate / cert, tls_key=key and certificate / key))


@pytest.mark.parametrize("proxy", ["*", "0.0.0.0/0", "::/0", "proxy.example.com", "10.0.0.1/8"])
def test_a_proxy_is_an_address_or_a_network_and_never_everybody(proxy):
    with pytest.raises(InvalidSettings, match="RAGE_TRUSTED_PROXIES"):
        proxies(Settings(trusted_proxies=[proxy]))
    assert proxies(Settings(trusted_proxies=["10.0.0.1", "10.1.0.0/24", "::1"])) == ["10.0.0.1", "10.1.0.0/24", "::1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "rage.example.com"),
        ("public_url", "ftp://rage.example.com"),
        ("cors_origins", "*"),
        ("cors_origins", "https://*.example.com"),
        ("cors_origins", "https://app.example.com/"),
        ("cors_origins", "app.example.com"),
        ("tls_key", "/nowhere"),
        ("search_limit", "plenty"),
    ],
)
def test_a_server_with_wrong_settings_does_not_start_and_names_them(tmp_path, name, value):
    environment = {**os.environ, "RAGE_HOME": str(tmp_path / "h"), f"RAGE_{name.upper()}": value}
    command = [sys.executable, "-m", "api"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "RAGE_" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "h").exists()


def test_with_its_own_certificate_the_server_speaks_tls_only_and_says_so(serve, certificate):
    trusting = ssl.create_default_context(cafile=certificate / "cert.pem")
    server = serve(tls=trusting, tls_certificate=certificate / "cert.pem", tls_key=certificate / "key.pem")
    answer = server.ask("GET", "/health")
    assert answer.status == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert server.ask("GET", "/nowhere", signed_in=False).headers["strict-transport-security"]
    assert server.send(b"NOT HTTP\r\n\r\n").count(b"strict-transport-security") == 1
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain:
        plain.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert not plain.recv(100).startswith(b"HTTP")
    old = ssl.create_default_context(cafile=certificate / "cert.pem")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", server.port), 5) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="localhost")
    refused = server.ask("POST", "/api/v1/memory/search", b"x" * 3_000_000, {"Content-Type": "application/json"})
    assert refused.status == 413


FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "Forwarded": "for=198.51.100.8;proto=https"}


def test_nobody_may_say_for_whom_a_request_is(serve):
    server = serve(request_limit="3 per minute")
    answer = server.ask("GET", "/health", headers=FORWARDED)
    assert "strict-transport-security" not in answer.headers
    spoofed = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(6)]
    statuses = [server.ask("GET", "/api/v1/spaces", headers=given, signed_in=False).status for given in spoofed]
    assert statuses == [401] * 3 + [429] * 3


def test_a_listed_proxy_may(serve):
    server = serve(request_limit="3 per minute", trusted_proxies="127.0.0.1")
    assert server.ask("GET", "/health", headers=FORWARDED).headers["strict-transport-security"]
    assert "strict-transport-security" not in server.ask("GET", "/health").headers
    for client in ("198.51.100.1", "198.51.100.2"):
        statuses = [
            server.ask("GET", "/api/v1/spaces", headers={"X-Forwarded-For": f"6.6.6.{n}, {client}"}, signed_in=False).status
            for n in range(4)
        ]
        assert statuses == [401] * 3 + [429]
