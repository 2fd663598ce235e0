"""Where `rage login` keeps what it got: the key ring of the operating system, or a file that only its owner can read."""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from resources.errors import InvalidSettings, RageError, ServiceUnavailable, Unauthorized
from resources.settings import Settings
from resources.sign_in.client import OidcClient, Tokens
from resources.sign_in.oidc import OidcVerifier

_SERVICE = "rage"
_REMAINING_S = 30
_NOBODY = "Run `rage login`."


@dataclass
class Login:
    """A sign-in at an issuer."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: float

    @classmethod
    def of(cls, tokens: Tokens) -> "Login":
        """What is worth keeping of the issuer's answer."""
        return cls(tokens.access_token, tokens.refresh_token, time.time() + tokens.expires_in)


class StoredLogin:
    """The sign-in of this user and this `$RAGE_HOME` at the configured issuer."""

    def __init__(self, settings: Settings) -> None:
        """Opens nothing yet.

        Raises:
            InvalidSettings: No issuer is configured, or the home cannot be written.
        """
        from resources.postgres.embedded import check_home

        if not settings.oidc_issuer:
            raise InvalidSettings(
                "No issuer is configured, so there is nobody to sign in with.",
                hint="Set RAGE_OIDC_ISSUER; without it, `rage token` gives the local administrator's token.",
            )
        check_home(settings.home)
        self.verifier = OidcVerifier.of(settings)
        self.client = OidcClient.command_line(settings, self.verifier)
        self._name = f"{settings.oidc_issuer} {settings.oidc_cli_client_id} {settings.home}"
        self._file = settings.home / "keys" / "login.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from refreshing meanwhile: a refresh token counts once."""
        import fasteners

        with fasteners.InterProcessLock(self._file.with_name(".login.lock")):
            yield

    def current(self) -> Login:
        """The sign-in, its access token refreshed if it ends soon.

        Raises:
            Unauthorized: Nobody is signed in, or the sign-in has ended.
            ServiceUnavailable: The issuer does not answer.
        """
        with self.locked():
            login = self.load()
            if login is None:
                raise Unauthorized("Nobody is signed in.", hint=_NOBODY)
            if login.expires_at - time.time() > _REMAINING_S:
                return login
            try:
                if login.refresh_token is None:
                    raise Unauthorized("The sign-in has ended.")
                login = Login.of(self.client.refresh(login.refresh_token))
            except Unauthorized as error:
                self.forget()
                raise Unauthorized("The sign-in has ended.", hint=_NOBODY) from error
            self.save(login)
            return login

    def load(self) -> Login | None:
        """What was kept, if it is there and whole."""
        ring = _key_ring()
        text = None
        if ring is not None:
            with _telling():
                text = ring.get_password(_SERVICE, self._name)
        if text is None and self._file.exists():
            if self._file.stat().st_mode & 0o077:
                raise InvalidSettings(f"{self._file} can be read by others.", hint="Remove it, then run `rage login`.")
            text = self._file.read_text("utf-8")
        if text is None:
            return None
        try:
            values = json.loads(text)
            return Login(**values["login"]) if values["name"] == self._name else None
        except (ValueError, TypeError, KeyError):
            return None

    def save(self, login: Login) -> str:
        """Keeps a sign-in, in place of the last; gives where: `key ring`, or the file's path."""
        text = json.dumps({"name": self._name, "login": asdict(login)})
        ring = _key_ring()
        if ring is not None:
            # some key rings take only short texts
            with suppress(Exception):
                ring.set_password(_SERVICE, self._name, text)
                self._file.unlink(missing_ok=True)
                return "key ring"
            with suppress(Exception):
                ring.delete_password(_SERVICE, self._name)  # an older one must not be found first
        scratch = self._file.with_name(f".login-{os.getpid()}-{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            scratch.replace(self._file)
        finally:
            scratch.unlink(missing_ok=True)
        return str(self._file)

    def forget(self) -> None:
        """Removes what was kept."""
        self._file.unlink(missing_ok=True)
        ring = _key_ring()
        if ring is not None:
            import keyring.errors

            with _telling(), suppress(keyring.errors.PasswordDeleteError):
                ring.delete_password(_SERVICE, self._name)


def _key_ring() -> Any:
    """The operating system's key ring, or None where there is none that keeps secrets."""
    import keyring

    ring = keyring.get_keyring()
    # below one: none at all, or one that keeps them in plain text
    return ring if ring.priority >= 1 else None


@contextmanager
def _telling() -> Iterator[None]:
    """Turns a key ring that is locked or does not answer into an error that says so."""
    import keyring.errors

    try:
        yield
    except (RageError, keyring.errors.PasswordDeleteError):
        raise
    except Exception as error:
        raise ServiceUnavailable(
            f"The key ring does not answer: {type(error).__name__}.",
            hint="Unlock it, or set PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring to keep sign-ins in a file.",
        ) from error
