"""`rage login` and its companions as processes of their own; a person walks through the real Keycloak's pages."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from resources.sign_in.oidc import OidcVerifier
from tests.sign_in.front import Front

pytestmark = pytest.mark.real
ROOT = Path(__file__).resolve().parents[2]
RAGE = Path(sys.executable).with_name("rage")


class Terminal:
    """One person's command line: a home, an environment, and the commands that run in it."""

    def __init__(self, home: Path, issuer: str, **environment: str) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "RAGE_HOME": str(home),
            "RAGE_OIDC_ISSUER": issuer,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.file = home / "keys" / "login.json"

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [RAGE, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([RAGE, *arguments], env=self.environment, capture_output=True, text=True, timeout=60)

    def login(self, keycloak, name: str) -> tuple[dict, str]:
        """Signs in as someone; gives the JSON document and all that was printed."""
        process = self.start("login", "--json")
        told, complete = "", None
        while complete is None:
            line = process.stderr.readline()
            assert line, told + process.stdout.read()
            told += line
            complete = re.search(r"http\S+user_code=[A-Z-]+", line)
        page = keycloak.browser().sign_in(complete[0], name)
        assert "Device Login Successful" in page
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        return json.loads(out), told + err + out


@pytest.fixture
def terminal(tmp_path, keycloak):
    return Terminal(tmp_path / "home", keycloak.issuer)


@pytest.fixture(scope="module")
def quick(keycloak):
    """Polls every second, so that tests need not wait five."""
    keycloak.admin.update_realm(keycloak.realm, {"oauth2DevicePollingInterval": 1})


@pytest.fixture
def signed_in(terminal, keycloak, ann, quick):
    terminal.login(keycloak, ann)
    return terminal


def test_a_person_signs_in_by_device_and_no_token_is_shown(terminal, keycloak, ann, quick):
    answer, printed = terminal.login(keycloak, ann)
    assert answer["name"] == "ann"
    assert answer["principal"] == f"user:{keycloak.subject(ann)}"
    assert answer["groups"] == ["engineering", "engineering/search", "sales"]
    assert answer["platform_role"] == "ingestor"
    kept = json.loads(terminal.file.read_text())["login"]
    assert kept["refresh_token"]
    assert not any(kept[name] in printed for name in ("access_token", "refresh_token"))


def test_without_a_key_ring_the_sign_in_is_a_file_of_its_owner(signed_in):
    assert signed_in.file.stat().st_mode & 0o777 == 0o600
    assert not [file for file in signed_in.file.parent.iterdir() if file.name.startswith(".login-")]


def test_a_key_ring_is_preferred_to_a_file(tmp_path, keycloak, ann, quick):
    ring = tmp_path / "ring.json"
    terminal = Terminal(
        tmp_path / "home", keycloak.issuer, PYTHON_KEYRING_BACKEND="tests.sign_in.ring.Ring", RAGE_TEST_RING=str(ring)
    )
    answer, _ = terminal.login(keycloak, ann)
    assert answer["kept_in"] == "key ring"
    assert not terminal.file.exists()
    assert terminal.run("whoami").returncode == 0
    assert terminal.run("logout").returncode == 0
    assert json.loads(ring.read_text()) == {}


def test_a_key_ring_that_refuses_gives_way_to_the_file(tmp_path, keycloak, ann, quick):
    terminal = Terminal(
        tmp_path / "home",
        keycloak.issuer,
        PYTHON_KEYRING_BACKEND="tests.sign_in.ring.Ring",
        RAGE_TEST_RING=str(tmp_path / "ring.json"),
        RAGE_TEST_RING_SMALL="1",
    )
    answer, _ = terminal.login(keycloak, ann)
    assert answer["kept_in"] == str(terminal.file)
    assert terminal.run("whoami").returncode == 0


def test_whoami_says_who(signed_in, keycloak, ann):
    done = signed_in.run("whoami")
    assert done.returncode == 0
    assert "ann" in done.stdout
    assert "engineering/search" in done.stdout
    assert "ingestor" in done.stdout
    assert json.loads(signed_in.run("whoami", "--json").stdout)["principal"] == f"user:{keycloak.subject(ann)}"


def test_rage_token_prints_a_token_that_counts(signed_in, keycloak, ann):
    token = signed_in.run("token").stdout.strip()
    assert OidcVerifier(keycloak.issuer, "rage-api").verify(token).name == ann
    answer = json.loads(signed_in.run("token", "--json").stdout)
    assert answer["access_token"] == token
    assert 0 < answer["expires_in"] <= 300


def age(terminal):
    """Makes the kept access token look as if it ended soon."""
    kept = json.loads(terminal.file.read_text())
    kept["login"]["expires_at"] = time.time() + 5
    terminal.file.write_text(json.dumps(kept))


def test_a_token_that_ends_soon_is_refreshed(signed_in, keycloak, ann):
    before = signed_in.run("token").stdout.strip()
    age(signed_in)
    after = signed_in.run("token").stdout.strip()
    assert after != before
    assert OidcVerifier(keycloak.issuer, "rage-api").verify(after).name == ann


def test_commands_at_the_same_time_refresh_once(signed_in):
    age(signed_in)
    with ThreadPoolExecutor(4) as pool:
        tokens = list(pool.map(lambda _: signed_in.run("token").stdout, range(4)))
    assert tokens[0]
    assert len(set(tokens)) == 1


def test_logout_ends_the_sign_in_at_the_issuer_too(signed_in, keycloak):
    from resources.errors import Unauthorized
    from resources.sign_in.client import OidcClient

    refresh_token = json.loads(signed_in.file.read_text())["login"]["refresh_token"]
    assert signed_in.run("logout").stdout.strip() == "Signed out."
    assert not signed_in.file.exists()
    with pytest.raises(Unauthorized):
        OidcClient(OidcVerifier(keycloak.issuer, "rage-api"), "rage-cli").refresh(refresh_token)
    assert json.loads(signed_in.run("logout", "--json").stdout) == {"signed_out": False}


@pytest.mark.parametrize("command", ["token", "whoami"])
def test_who_is_not_signed_in_is_told_how(terminal, command):
    done = terminal.run(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == "rage: Nobody is signed in. Run `rage login`."


def test_a_session_that_was_ended_is_forgotten(terminal, keycloak, quick):
    keycloak.user("brief")
    terminal.login(keycloak, "brief")
    keycloak.logout_user("brief")
    age(terminal)
    done = terminal.run("token")
    assert done.returncode == 2
    assert "rage login" in done.stderr
    assert not terminal.file.exists()


@pytest.mark.parametrize("command", ["login", "logout", "whoami"])
def test_without_an_issuer_there_is_nobody_to_sign_in_with(tmp_path, command):
    done = Terminal(tmp_path, "").run(command, "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["code"] == "invalid_settings"
    assert "`rage token`" in done.stdout


def test_without_an_issuer_rage_token_is_the_local_administrators(tmp_path):
    done = Terminal(tmp_path, "").run("token", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["expires_in"] == 900


def test_giving_up_leaves_nothing(terminal, quick):
    process = terminal.start("login")
    for line in process.stdout:
        if "Ctrl-C" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.strip() == "rage: stopped."
    assert not terminal.file.exists()


def test_a_person_may_refuse(terminal, keycloak, ann, quick):
    process = terminal.start("login")
    text = ""
    while "user_code=" not in text:
        text += process.stdout.readline()
    page = keycloak.browser().sign_in(re.search(r"http\S+user_code=[A-Z-]+", text)[0], ann, agree=False)
    assert "Device Login Failed" in page
    _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "refused" in err
    assert not terminal.file.exists()


def test_an_issuer_that_is_down_is_one_plain_line(tmp_path):
    done = Terminal(tmp_path, "http://127.0.0.1:9/realms/rage").run("login")
    assert done.returncode == 3
    assert done.stderr.startswith("rage: The sign-in service does not answer.")
    assert "Traceback" not in done.stderr


def test_signing_out_while_the_issuer_is_down_still_forgets(tmp_path, keycloak, ann, quick):
    server = Front(keycloak.url)
    terminal = Terminal(tmp_path / "home", f"{server.url}/realms/{keycloak.realm}")
    Terminal(tmp_path / "home", keycloak.issuer).login(keycloak, ann)
    kept = json.loads(terminal.file.read_text())
    kept["name"] = kept["name"].replace(keycloak.url, server.url)
    terminal.file.write_text(json.dumps(kept))
    server.down = True
    done = terminal.run("logout")
    server.close()
    assert done.returncode == 3
    assert "issuer could not be told" in done.stderr
    assert not terminal.file.exists()


def test_a_sign_in_that_others_can_read_is_not_used(signed_in):
    signed_in.file.chmod(0o644)
    done = signed_in.run("token")
    assert (done.returncode, done.stdout) == (2, "")
    assert "can be read by others" in done.stderr
