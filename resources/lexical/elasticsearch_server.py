"""The one way to an Elasticsearch server: every call has a time limit, and one that does not answer is left alone.

After the first call that gets no answer, others fail at once, while a thread looks every second whether it is back. So
a dead or paused server costs the searches under way their time limit, and those after them nothing.
"""

import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote, urlsplit

import pybreaker

from resources.errors import InvalidSettings
from resources.lexical.protocol import LexicalUnavailable
from resources.logs import get_logger
from resources.settings import Settings

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

T = TypeVar("T")

_SEARCH_S, _CHANGE_S = 1.0, 10.0
_PROBE_S, _PROBE_EVERY_S, _LONGEST_REST_S = 1.0, 1.0, 60
_CONNECTIONS = 16
_VERSIONS = (8, 9)
_OUT_OF_ORDER = {502, 503, 504}
_CHECK = "Check RAGE_ELASTICSEARCH_URL; `rage doctor` says what answers there."
_log = get_logger(__name__)
_servers: dict[tuple[str, str, str], "ElasticsearchServer"] = {}
_opening = threading.Lock()


class _NoAnswer(Exception):
    """The server gave no answer in time, or one that says that it cannot work now."""


def server_of(settings: Settings) -> "ElasticsearchServer":
    """The configured server, one for the process: whoever finds it dead finds it so for all."""
    assert settings.elasticsearch_url is not None
    key = settings.elasticsearch_api_key.get_secret_value() if settings.elasticsearch_api_key else ""
    named = settings.elasticsearch_url.get_secret_value(), key, str(settings.elasticsearch_ca or "")
    with _opening:
        if named not in _servers:
            _servers[named] = ElasticsearchServer(*named)
        return _servers[named]


class ElasticsearchServer:
    """A server of version 8 or 9; threads may share it.

    Args:
        url: Where it is, or several nodes with commas between them; user and password may stand in it.
        api_key: An API key in its encoded form, or "".
        ca: A file of PEM certificates, or "".

    Attributes:
        search_s: The time for a request that a person waits for.
        change_s: The time for any other.

    Raises:
        InvalidSettings: The URL or the file is of no use.
    """

    def __init__(self, url: str, api_key: str = "", ca: str = "") -> None:
        self.search_s, self.change_s = _SEARCH_S, _CHANGE_S
        self._client = _client(url, api_key, ca)
        self._known = False
        self._probing = threading.Lock()
        self._breaker = pybreaker.CircuitBreaker(
            fail_max=1,
            reset_timeout=_LONGEST_REST_S,
            throw_new_error_on_trip=False,
            exclude=[lambda error: not isinstance(error, _NoAnswer)],
            name="elasticsearch",
        )

    def call(self, act: Callable[["Elasticsearch"], T], seconds: float) -> T:
        """What `act` gives, with so much time for each of its requests.

        Raises:
            LexicalUnavailable: There is no answer, or a refusal.
        """
        if not self._known:
            self.call_unchecked(self._check, seconds)
        return self.call_unchecked(act, seconds)

    def call_unchecked(self, act: Callable[["Elasticsearch"], T], seconds: float) -> T:
        """As `call`, of a server of whatever version."""
        client = self._client.options(request_timeout=seconds)
        try:
            with self._breaker.calling():
                return _answered(act, client)
        except pybreaker.CircuitBreakerError as error:
            raise _unreachable("it did not just now") from error
        except _NoAnswer as error:
            self._probe()
            raise _unreachable(str(error)) from error.__cause__

    def version(self) -> str:
        """The server's version.

        Raises:
            LexicalUnavailable: It does not answer, refuses, or is not a version that this code speaks to.
        """
        return self.call_unchecked(self._check, self.search_s)

    @property
    def resting(self) -> bool:
        """Whether it did not answer just now, and is not asked until it does."""
        return bool(self._breaker.current_state == pybreaker.STATE_OPEN)

    def _check(self, client: "Elasticsearch") -> str:
        number = str(client.info()["version"]["number"])
        if not number.split(".")[0].isdigit() or int(number.split(".")[0]) not in _VERSIONS:
            raise LexicalUnavailable(
                "unsupported",
                f"Elasticsearch {number} is not supported.",
                hint="Use version 8 or 9, or unset RAGE_ELASTICSEARCH_URL for the embedded index.",
            )
        self._known = True
        return number

    def _probe(self) -> None:
        """Looks, beside all else, until the server is back."""
        if self._probing.acquire(blocking=False):
            _log.warning("elasticsearch_does_not_answer")
            own = weakref.ref(self)  # whoever forgets the server ends the looking
            threading.Thread(target=_look_until_back, args=(own,), name="elasticsearch-probe", daemon=True).start()

    def _is_back(self) -> bool:
        """Looks once; where it answers, it is asked again."""
        try:
            _answered(lambda client: client.info(), self._client.options(request_timeout=_PROBE_S))
        except _NoAnswer:
            return False
        except Exception as error:  # it answers, be it with a refusal: the next call tells whoever asks
            _log.debug("elasticsearch_refuses", reason=type(error).__name__)
        self._probing.release()
        self._breaker.close()
        _log.info("elasticsearch_answers_again")
        return True


def _look_until_back(named: "weakref.ref[ElasticsearchServer]") -> None:
    while True:
        time.sleep(_PROBE_EVERY_S)
        server = named()
        if server is None or server._is_back():
            return
        del server  # while this thread sleeps, it holds nothing


def _answered(act: Callable[["Elasticsearch"], T], client: "Elasticsearch") -> T:
    """What `act` gives; whatever goes wrong as one of two errors, neither of which holds what was sent."""
    from elastic_transport import ConnectionError as NotConnected
    from elastic_transport import ConnectionTimeout, TransportError
    from elasticsearch import ApiError, UnsupportedProductError

    try:
        return act(client)
    except (NotConnected, ConnectionTimeout) as error:
        raise _NoAnswer(type(error).__name__) from error
    except UnsupportedProductError as error:
        raise LexicalUnavailable("unsupported", "What RAGE_ELASTICSEARCH_URL names is not Elasticsearch.") from error
    except ApiError as error:
        if error.status_code in _OUT_OF_ORDER:
            raise _NoAnswer(f"status {error.status_code}") from error
        raise _refusal(error) from error
    except TransportError as error:
        raise LexicalUnavailable("broken", f"Elasticsearch's answer makes no sense ({type(error).__name__}).") from error


def _refusal(error: Any) -> LexicalUnavailable:
    reason = str(error.message)
    if error.status_code in (401, 403):
        return LexicalUnavailable(
            "refused", f"Elasticsearch refuses: {reason}.", hint="Check RAGE_ELASTICSEARCH_API_KEY and what it may do."
        )
    if error.status_code == 404:
        return LexicalUnavailable(
            "missing", "The lexical index in Elasticsearch is gone.", hint="It is derived: ingest again."
        )
    if error.status_code == 429:
        return LexicalUnavailable("busy", "Elasticsearch has too much to do.", hint="Try again later.")
    return LexicalUnavailable("broken", f"Elasticsearch cannot do it: {reason} (status {error.status_code}).")


def _unreachable(why: str) -> LexicalUnavailable:
    return LexicalUnavailable("unreachable", f"Elasticsearch does not answer ({why}).", hint=_CHECK)


def _client(url: str, api_key: str, ca: str) -> "Elasticsearch":
    from elasticsearch import Elasticsearch

    nodes, login = [], None
    for part in url.split(","):
        split = urlsplit(part.strip())
        try:
            port = split.port or (443 if split.scheme == "https" else 9200)
        except ValueError:
            port = 0
        if split.scheme not in ("http", "https") or not split.hostname or not port or split.query or split.fragment:
            raise InvalidSettings(
                "RAGE_ELASTICSEARCH_URL is not an http:// or https:// URL.", hint="Such as https://es:9200."
            )
        host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
        nodes.append(f"{split.scheme}://{host}:{port}{split.path.rstrip('/')}")
        if split.username is not None:
            login = unquote(split.username), unquote(split.password or "")
    if ca and not Path(ca).is_file():
        raise InvalidSettings(f"RAGE_ELASTICSEARCH_CA names no file: {ca}.")
    given: dict[str, Any] = {"ca_certs": ca} if ca and nodes[0].startswith("https") else {}
    given |= {"api_key": api_key} if api_key else {"basic_auth": login} if login else {}
    try:
        return Elasticsearch(
            nodes,
            connections_per_node=_CONNECTIONS,
            max_retries=1,  # a connection that the server closed meanwhile
            retry_on_timeout=False,
            retry_on_status=(),
            **given,
        )
    except (ValueError, OSError) as error:
        raise InvalidSettings("RAGE_ELASTICSEARCH_URL or RAGE_ELASTICSEARCH_CA cannot be used.") from error
