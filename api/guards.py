"""The settings of what stands before the API, checked before anything starts."""

from api.headers import allowed_origins, check_public_url
from resources.listening import check_host
from resources.rate_limits import parse_limits
from resources.settings import Settings


def check_guards(settings: Settings, host: str = "127.0.0.1") -> None:
    """Makes sure that limits, names, origins, TLS files and proxies can be used, and that `host` may be listened on.

    Raises:
        InvalidSettings: One cannot; the message names it.
        InvalidInput: Other machines can reach `host`, and nothing guards the way.
    """
    parse_limits(settings)
    allowed_origins(settings)
    check_public_url(settings)
    check_host(host, settings)
