"""Acts that are no requests: commands by hand, runs of the pipeline, changes that stand or fall with their entry."""

import getpass
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Literal
from uuid import UUID, uuid4

import structlog

from resources.access.caller import LOCAL_ADMIN
from resources.audit.entry import Entry, Outcome
from resources.audit.key import KeyRing
from resources.audit.writer import continued, move_anchor
from resources.errors import RageError
from resources.platform import Platform
from resources.postgres import audit_log
from resources.postgres.database import Connection
from resources.settings import Settings

_DENIED = frozenset({401, 403, 404, 429})
PIPELINE = "service:pipeline"


def outcome_of(status: int) -> Outcome:
    """The outcome that a status stands for. 404 is a denial: what is not there looks like what is not the caller's."""
    return Outcome.ALLOWED if status < 400 else Outcome.DENIED if status in _DENIED else Outcome.FAILED


def query_details(settings: Settings, ring: KeyRing, query: str) -> dict[str, str]:
    """What the audit keeps of a query, as configured: its text, a code that equal queries share, or nothing."""
    if settings.audit_queries == "none":
        return {}
    return {"query": query} if settings.audit_queries == "text" else {"query_code": ring.query_code(query)}


def record(connection: Connection, platform: Platform, *entries: Entry) -> None:
    """Adds entries in the caller's own transaction, so that a change is committed with them or not at all.

    Do it last: nobody else can write to the audit until the transaction ends.

    Raises:
        InvalidSettings: The chain was written with a key that this process does not have.
    """
    ring = KeyRing.load(platform.settings)
    audit_log.insert(connection, continued(ring, audit_log.head(connection), entries))


def record_run(
    connection: Connection,
    platform: Platform,
    *,
    run_id: str,
    job: str,
    space_id: UUID,
    space: str,
    state: Literal["succeeded", "partly", "failed"],
    counts: Mapping[str, int],
    request_id: str = "",
    requested_by: str = "",
) -> None:
    """Adds the end of a pipeline's run, in the transaction that ends it.

    Args:
        connection: The pipeline's transaction.
        platform: In the role `worker`.
        run_id: Dagster's id.
        job: Such as `ingest`.
        space_id: The space on which it worked.
        space: Its name.
        state: How the run ended.
        counts: How many documents were new, changed, removed, …
        request_id: Of the request that asked for it, if any.
        requested_by: The principal who asked for it, if any.
    """
    outcome = Outcome.FAILED if state == "failed" else Outcome.ALLOWED
    details = {"space": space, "state": state, "counts": dict(counts), "requested_by": requested_by}
    entry = Entry(
        action=f"run.{job}",
        outcome=outcome,
        actor=PIPELINE,
        actor_name="pipeline",
        space_id=space_id,
        target=f"run_id={run_id}",
        request_id=request_id,
        details=details,
    )
    record(connection, platform, entry)


@contextmanager
def audited(
    platform: Platform,
    action: str,
    *,
    target: str = "",
    space: str = "",
    space_id: UUID | None = None,
    change: bool = True,
    **details: Any,
) -> Iterator[dict[str, Any]]:
    """Writes down what the operator does at the command line: before a change that it begins, and how it ended.

    Args:
        platform: In a service's role.
        action: A stable word such as `spaces.create`.
        target: What it concerns.
        space: The space's name.
        space_id: Its id, if known before.
        change: Whether it changes anything; what only reads is written down once, at its end.
        details: Further facts; `query` is kept as configured.

    Yields:
        A dictionary for facts that are known later; `target` and `space_id` go where they belong.

    Raises:
        ServiceUnavailable: The audit cannot be written; before a change, nothing was done.
    """
    ring = KeyRing.load(platform.settings)
    request_id = str(structlog.contextvars.get_contextvars().get("request_id") or uuid4())
    facts: dict[str, Any] = {"target": target, "space_id": space_id, **_operator(), **details}
    if space:
        facts["space"] = space

    def entry(outcome: Outcome, **more: Any) -> Entry:
        said = facts | more
        if "query" in said:
            said |= query_details(platform.settings, ring, str(said.pop("query")))
        return Entry(
            action=action,
            outcome=outcome,
            actor=LOCAL_ADMIN.principal,
            actor_name=LOCAL_ADMIN.name,
            target=str(said.pop("target") or ""),
            space_id=said.pop("space_id"),
            address="local",
            request_id=request_id,
            details=said,
        )

    if change:
        append_once(platform, ring, entry(Outcome.BEGUN))
    try:
        yield facts
    except BaseException as error:
        outcome = outcome_of(error.http_status) if isinstance(error, RageError) else Outcome.FAILED
        with suppress(RageError):  # why it failed matters more
            append_once(platform, ring, entry(outcome, error=getattr(error, "code", type(error).__name__)))
        raise
    append_once(platform, ring, entry(Outcome.ALLOWED))


def append_once(platform: Platform, ring: KeyRing, *entries: Entry) -> None:
    """Writes entries where one act is all that this process does, and moves the anchor to them.

    Raises:
        ServiceUnavailable: They cannot be written.
    """
    appender = audit_log.Appender(lambda: platform.database)
    try:
        head = appender.append(lambda end: continued(ring, end, entries))
    finally:
        appender.close()
    with suppress(RageError):  # the entry is written; `rage audit verify` tells of an anchor that does not fit
        move_anchor(platform, ring, head)


def _operator() -> dict[str, str]:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        name = str(os.getuid())
    sudo = os.environ.get("SUDO_USER", "")
    return {"os_user": name} | ({"sudo_user": sudo} if sudo else {})
