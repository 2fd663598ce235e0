"""An HTTP client that reaches only what it may, with bounds on time and bytes."""

import ssl
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from resources.egress.hosts import EgressRefused, check_host
from resources.errors import TooLarge
from resources.settings import Settings

MOST_REDIRECTS = 5
_SOCKET_OPTIONS = Iterable[Any]


class GuardedTransport(httpx.BaseTransport):
    """Connects to the addresses that were checked, under the name that was asked for (Host, SNI and certificate).

    It is asked anew for every redirect. Each connection serves one request, so its bounds are the request's.

    Args:
        allowed_hosts: See `check_host`.
        max_bytes: Bytes of an answer, as they arrive.
        max_seconds: Time from the connection to the last byte.
        compressed: Whether an answer may be compressed; whoever reads it then counts what comes out.
    """

    def __init__(
        self, allowed_hosts: Sequence[str] = (), *, max_bytes: int, max_seconds: float, compressed: bool = False
    ) -> None:
        self._encodings = ("gzip", "deflate") if compressed else ()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_keepalive_connections=0,
            network_backend=_GuardedBackend(allowed_hosts, max_bytes, max_seconds),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """See `httpx.BaseTransport`. An answer that is compressed all the same is refused: its size would be unknown."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        request.headers["Accept-Encoding"] = "gzip, deflate" if self._encodings else "identity"
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=request.url.raw_scheme,
                        host=request.url.raw_host,
                        port=request.url.port,
                        target=request.url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        response = httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=dict(answer.extensions)
        )
        if response.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity", *self._encodings):
            answer.close()
            raise httpx.DecodingError("The answer is compressed in a way that was not asked for.", request=request)
        return response

    def close(self) -> None:
        """Closes what is open."""
        self._pool.close()


def guarded_client(
    settings: Settings,
    *,
    also_allowed: Sequence[str] = (),
    redirects: int = MOST_REDIRECTS,
    max_bytes: int = 32 * 2**20,
    max_seconds: float = 60,
    timeout_s: float = 10,
    compressed: bool = False,
) -> httpx.Client:
    """A client for URLs that others name; close it after use.

    Raises (when used):
        EgressRefused: The host, or one that it redirects to, may not be reached.
        TooLarge: The answer has more than `max_bytes`.
        httpx.HTTPError: Anything else: no answer, too slow, too many redirects.

    Args:
        settings: For the hosts that the operator allows.
        also_allowed: Further ones, such as a host that the operator named in another setting.
        redirects: How many are followed.
        max_bytes: Bytes of an answer.
        max_seconds: Time for a whole answer.
        timeout_s: Time for a connection, and the longest pause.
        compressed: Whether an answer may be compressed; whoever reads it then counts what comes out.
    """
    return httpx.Client(
        transport=GuardedTransport(
            [*settings.allowed_hosts, *also_allowed],
            max_bytes=max_bytes,
            max_seconds=max_seconds,
            compressed=compressed,
        ),
        timeout=timeout_s,
        follow_redirects=redirects > 0,
        max_redirects=redirects,
        trust_env=False,  # a proxy of the environment would resolve names by itself
        headers={"User-Agent": "rage"},
    )


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections: the one place where a name becomes an address."""

    def __init__(self, allowed_hosts: Sequence[str], max_bytes: int, max_seconds: float) -> None:
        self._allowed = list(allowed_hosts)
        self._max_bytes = max_bytes
        self._max_seconds = max_seconds
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: _SOCKET_OPTIONS | None = None,
    ) -> httpcore.NetworkStream:
        deadline = time.monotonic() + self._max_seconds
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in check_host(host.strip("[]"), port, self._allowed):
            try:
                stream = self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _BoundedStream(stream, deadline, self._max_bytes)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: _SOCKET_OPTIONS | None = None
    ) -> httpcore.NetworkStream:
        raise EgressRefused("A socket file is no host.")


class _BoundedStream(httpcore.NetworkStream):
    """A connection that ends at its deadline, and after so many bytes."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float, max_bytes: int) -> None:
        self._inner = inner
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._seen = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))
        self._seen += len(data)
        if self._seen > self._max_bytes:
            raise TooLarge(f"The answer is larger than {self._max_bytes} bytes.", limit=self._max_bytes)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._left(timeout, httpcore.ConnectTimeout))
        return _BoundedStream(secured, self._deadline, self._max_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None, late: type[Exception]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise late("The answer took longer than it may.")
        return left if timeout is None else min(left, timeout)


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Errors of the connection as those of the client, which go by the same names."""
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise getattr(httpx, type(error).__name__, httpx.TransportError)(str(error)) from error
