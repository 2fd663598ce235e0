"""The platform as commands use it: opened by this process, on behalf of the local administrator, with no server up."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from resources.access import LOCAL_ADMIN
from resources.errors import InvalidInput, NotFound
from resources.logs import configure_logs
from resources.platform import Platform
from resources.postgres import spaces
from resources.postgres.database import Connection
from resources.settings import settings

Model = TypeVar("Model", bound=BaseModel)


@contextmanager
def opened(role: str = "api") -> Iterator[Platform]:
    """The platform in a role, closed at the end."""
    configured = settings()
    configure_logs("DEBUG" if configured.log_level == "DEBUG" else "WARNING", for_a_person=True)
    platform = Platform(configured, role)
    try:
        yield platform
    finally:
        platform.close()


@contextmanager
def entered(platform: Platform, space: str) -> Iterator[tuple[Connection, dict[str, Any]]]:
    """A transaction of the local administrator where the space's content lies, and the space's row.

    Raises:
        NotFound: There is no such space; the error says how to create it.
    """
    with platform.database.transaction(caller=LOCAL_ADMIN) as connection:
        try:
            spaces.identify(connection, space)
        except NotFound as error:
            raise NotFound(error.message, hint=f"Create it with `rage space create {space[:80]}`.") from None
    with platform.enter(LOCAL_ADMIN, space) as found:
        yield found


def checked(model: type[Model], **values: Any) -> Model:
    """A request model of `values`.

    Raises:
        InvalidInput: It refuses them.
    """
    try:
        return model(**values)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, item['loc'])) or 'request'}: {item['msg']}" for item in error.errors()]
        raise InvalidInput("; ".join(problems) + ".") from None


def add_by_hand(
    platform: Platform,
    connection: Connection,
    space_id: UUID,
    location: str,
    include: Sequence[str] | None = None,
    exclude: Sequence[str] | None = None,
) -> None:
    """Adds a location to a space unless it is there: for the operator any folder but RAGE's own."""
    from pathlib import Path

    from resources.intake import ensure_source

    settings = platform.settings
    ensure_source(
        connection,
        space_id,
        location,
        Path.cwd(),
        forbidden=settings.home,
        allowed_hosts=settings.allowed_hosts,
        include=include,
        exclude=exclude,
    )
