"""The files that put a proxy before the platform, and what `rage up` lets others reach."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from cli.ports import base_url, near
from tests.conftest import ROOT

PROXY = ROOT / "deploy" / "proxy"


def test_oauth2_proxy_lets_only_administrators_to_the_loopback_and_holds_no_secret():
    text = (PROXY / "oauth2-proxy.toml").read_text()
    config = tomllib.loads(text)
    assert config["upstreams"] == ["http://127.0.0.1:3000/"]
    assert config["http_address"].startswith("127.0.0.1:")
    assert (config["provider"], config["allowed_roles"]) == ("keycloak-oidc", ["rage-api:admin"])
    assert config["code_challenge_method"] == "S256"
    assert config["cookie_secure"] and config["cookie_httponly"] and config["cookie_samesite"] == "lax"
    assert config["cookie_name"].startswith("__Host-")
    assert not [
        name for name, value in config.items() if value is True and re.match("insecure|skip_auth|skip_jwt|pass", name)
    ]
    assert not config["insecure_oidc_skip_nonce"]
    assert not {"client_secret", "cookie_secret"} & set(config)


def test_the_roles_that_the_proxy_asks_for_are_those_of_the_shipped_realm():
    realm = json.loads((ROOT / "deploy" / "keycloak" / "rage-realm.json").read_text())
    client, role = tomllib.loads((PROXY / "oauth2-proxy.toml").read_text())["allowed_roles"][0].split(":")
    assert role in {one["name"] for one in realm["roles"]["client"][client]}


def test_nginx_passes_nothing_on_that_a_client_claims_of_itself():
    text = (PROXY / "nginx.conf").read_text()
    assert text.count("{") == text.count("}")
    assert text.count("X-Forwarded-For $remote_addr;") == text.count("proxy_pass ") == 2
    assert "$proxy_add_x_forwarded_for" not in text
    assert set(re.findall(r"proxy_pass http://([\d.]+):", text)) == {"127.0.0.1"}


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_understands_its_file(tmp_path):
    text = (PROXY / "nginx.conf").read_text().replace("listen 443 ssl", "listen 8443").replace("listen 80;", "listen 8080;")
    text = re.sub(r".*ssl_certificate.*\n", "", text)
    (tmp_path / "nginx.conf").write_text(f"events {{}}\nhttp {{\n{text}\n}}\n")
    done = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf", "-p", tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_dagster_listens_on_the_loopback_wherever_the_api_does(home):
    from cli import up

    platform = home.platform("worker")
    try:
        children = up._dagster(platform, 3000)
        assert len(children) == 3
        commands = [child._command for child in children]
        hosts = {command[command.index("-h") + 1] for command in commands if "-h" in command}
        assert hosts == {"127.0.0.1"}
        api = up._api(platform, "0.0.0.0", 8000, {"api": base_url("0.0.0.0", 8000)})
        assert "0.0.0.0" in api._command
    finally:
        platform.close()


def test_a_server_that_listens_everywhere_is_asked_nearby():
    assert near("0.0.0.0") == "127.0.0.1" and near("::") == "::1" and near("192.0.2.1") == "192.0.2.1"
    assert base_url("::", 8000, tls=True) == "https://[::1]:8000"
    assert base_url("127.0.0.1", 8000) == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("name", "value", "arguments"),
    [("SEARCH_LIMIT", "plenty", ()), ("TRUSTED_PROXIES", "*", ()), ("LOG_LEVEL", "INFO", ("--host", "0.0.0.0"))],
)
def test_up_starts_nothing_with_wrong_settings(tmp_path, name, value, arguments):
    environment = {**os.environ, "RAGE_HOME": str(tmp_path / "h"), f"RAGE_{name}": value}
    command = [sys.executable, "-m", "cli.main", "up", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert (f"RAGE_{name}" in done.stderr) or ("RAGE_TLS_CERTIFICATE" in done.stderr)
    assert not (tmp_path / "h").exists()


def test_the_doctor_names_a_wrong_limit(home):
    environment = {**os.environ, "RAGE_HOME": str(home.path), "RAGE_INGEST_LIMIT": "plenty"}
    command = [sys.executable, "-m", "cli.main", "doctor", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    (guards,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "guards"]
    assert not guards["ok"] and "RAGE_INGEST_LIMIT" in guards["detail"] and guards["hint"]
