"""The audit of requests: nothing is answered that is not written down, and nothing is changed that was not announced.

Two layers, because the outcome is known outside of the sign-in check and the caller inside: `Audit` writes before the
first byte of an answer leaves, `Announce` before a request that may change something is carried out.
"""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from fastapi import Request
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import rage_response
from api.refusals import Refusals
from resources.audit.acts import outcome_of, query_details
from resources.audit.entry import MOST_ITEMS, Entry, Outcome
from resources.audit.writer import AuditWriter
from resources.errors import ServiceUnavailable
from resources.logs import get_logger
from resources.settings import Settings

UNWATCHED = frozenset(
    {
        *("/health", "/ready", "/metrics", "/docs", "/docs/start.js", "/openapi.json"),
        *("/", "/portal/portal.css", "/portal/portal.js"),
    }
)
_MEMORY = "/api/v1/memory"
_SPACES = "/api/v1/spaces"
# A route that is not here is written down as "METHOD template".
ACTIONS = {
    ("POST", f"{_MEMORY}/search"): "memory.search",
    ("POST", f"{_MEMORY}/query"): "memory.query",
    ("POST", f"{_MEMORY}/ingest"): "memory.ingest",
    ("GET", f"{_MEMORY}/ingest/{{job_id}}"): "memory.job.read",
    ("GET", f"{_MEMORY}/files"): "memory.files.list",
    ("GET", f"{_MEMORY}/file/{{document_id}}"): "memory.file.read",
    ("GET", f"{_MEMORY}/file/{{document_id}}/raw"): "memory.file.raw",
    ("DELETE", f"{_MEMORY}/file/{{document_id}}"): "memory.file.delete",
    ("GET", f"{_MEMORY}/receipts/{{receipt_id}}"): "memory.receipt.read",
    ("GET", f"{_MEMORY}/blocks/{{block_id}}"): "memory.block.read",
    ("GET", f"{_MEMORY}/blocks/{{block_id}}/lineage"): "memory.block.lineage",
    ("GET", _SPACES): "spaces.list",
    ("POST", _SPACES): "spaces.create",
    ("GET", f"{_SPACES}/{{name}}"): "spaces.read",
    ("GET", f"{_SPACES}/{{name}}/members"): "members.list",
    ("PUT", f"{_SPACES}/{{name}}/members/{{principal}}"): "members.grant",
    ("DELETE", f"{_SPACES}/{{name}}/members/{{principal}}"): "members.revoke",
    ("GET", f"{_SPACES}/{{name}}/sources/{{source}}/access"): "access.read",
    ("PUT", f"{_SPACES}/{{name}}/sources/{{source}}/access"): "access.change",
    ("PUT", f"{_SPACES}/{{name}}/quota"): "spaces.quota",
    ("GET", f"{_SPACES}/{{name}}/evaluation-sets"): "evaluation.sets.list",
    ("POST", f"{_SPACES}/{{name}}/evaluation-sets"): "evaluation.sets.create",
    ("GET", f"{_SPACES}/{{name}}/evaluation-sets/{{set_name}}"): "evaluation.sets.read",
    ("DELETE", f"{_SPACES}/{{name}}/evaluation-sets/{{set_name}}"): "evaluation.sets.delete",
    ("GET", "/api/v1/keys"): "keys.list",
    ("POST", "/api/v1/keys"): "keys.create",
    ("DELETE", "/api/v1/keys/{key_id}"): "keys.revoke",
    ("POST", "/auth/token"): "auth.token",
    ("GET", "/auth/me"): "auth.me",
    ("POST", "/auth/logout"): "auth.logout",
    ("GET", "/auth/login"): "auth.login",
    ("GET", "/auth/callback"): "auth.callback",
    ("POST", "/auth/backchannel-logout"): "auth.backchannel_logout",
    ("GET", "/api/v1/sessions"): "sessions.list",
    ("DELETE", "/api/v1/sessions/{session_id}"): "sessions.revoke",
}
_READ_BY_POST = frozenset({"memory.search", "memory.query"})
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
UNMATCHED = "unmatched"
_KNOWN: WeakKeyDictionary[Any, list[tuple[str, set[str], re.Pattern[str]]]] = WeakKeyDictionary()
_log = get_logger(__name__)


def note_audit(
    request: Request,
    *,
    space: str | None = None,
    space_id: UUID | None = None,
    target: str | None = None,
    query: str | None = None,
    documents: Iterable[UUID | str] | None = None,
    actor: str | None = None,
    actor_name: str | None = None,
    **details: Any,
) -> None:
    """Adds facts to this request's entry in the audit; what is noted while an answer streams makes a second one.

    Args:
        request: The request.
        space: The space's name.
        space_id: Its id.
        target: What it concerns; by default the path's own parameters.
        query: What was searched or asked; kept as text, code or not at all, as configured.
        documents: The documents shown; they add up, the first hundred are kept.
        actor: Who acts, where the sign-in itself finds out.
        actor_name: What people call them.
        details: Further facts; never a secret.
    """
    facts = request.scope.setdefault("state", {}).setdefault("audit", {})
    given = {
        "space": space,
        "space_id": space_id,
        "target": target,
        "query": query,
        "actor": actor,
        "actor_name": actor_name,
    }
    facts.update({name: value for name, value in given.items() if value is not None})
    facts.update(details)
    if documents is not None:
        facts.setdefault("documents", {}).update(dict.fromkeys(map(str, documents)))
    facts["noted"] = facts.get("noted", 0) + 1


class _Unwritten(Exception):
    """Ends an answer whose entry could not be written."""


class Audit:
    """Writes every request of a known caller and every refusal before the answer's first byte; fails closed.

    Args:
        app: What answers.
        writer: The audit.
        settings: What is kept of queries.
        unwatched: Paths whose successes nobody wants to read about.
    """

    def __init__(self, app: ASGIApp, writer: AuditWriter, settings: Settings, unwatched: frozenset[str] = UNWATCHED) -> None:
        self.app = app
        self._writer = writer
        self._settings = settings
        self._unwatched = unwatched
        self._repeated = Refusals()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        status = seen = 0
        refused: ServiceUnavailable | None = None

        async def written(*entries: Entry) -> None:
            nonlocal refused
            try:
                await self._writer.write(*entries)
            except ServiceUnavailable as error:
                refused = error
                raise _Unwritten from error

        async def sending(message: Message) -> None:
            nonlocal status, seen
            if refused is not None:
                raise _Unwritten
            if message["type"] == "http.response.start":
                entries = self._entries(scope, message["status"])
                if entries:
                    await written(*entries)
                status, seen = message["status"], _noted(scope)
            elif not message.get("more_body", False) and _noted(scope) != seen:
                seen = _noted(scope)
                await written(self._entry(scope, status, ".finished"))
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except BaseException as error:
            if refused is None:
                self._note_end(scope, status, seen, error)
                raise
        if refused is not None:
            if status:  # the answer is under way: only cutting it short says that it is not whole
                raise refused
            await rage_response(scope["state"].get("request_id", ""), refused)(scope, receive, send)

    def _note_end(self, scope: Scope, status: int, seen: int, error: BaseException) -> None:
        """Hands in what is still to be said of an answer that did not end well; nobody can wait for it any more."""
        entry = None
        if status and _noted(scope) != seen:
            entry = self._entry(scope, status, ".finished")
        elif not status and scope["state"].get("caller") is not None:
            note = {"error": type(error).__name__}
            entry = self._entry(scope, 500 if isinstance(error, Exception) else 499, "", note)
        if entry is not None:
            try:
                self._writer.submit(entry)
            except ServiceUnavailable as refusal:
                _log.error("audit_not_written", exc_info=refusal)

    def _entries(self, scope: Scope, status: int) -> list[Entry]:
        caller, facts = scope["state"].get("caller"), scope["state"].get("audit")
        outcome = outcome_of(status)
        if scope["path"] in self._unwatched and status not in (401, 403):
            return []
        is_stranger = caller is None and not facts
        if is_stranger and outcome is not Outcome.DENIED:
            return []
        entry = self._entry(scope, status)
        return self._repeated.admit(entry) if is_stranger or status == 429 else [entry]

    def _entry(self, scope: Scope, status: int, suffix: str = "", more: dict[str, Any] | None = None) -> Entry:
        return request_entry(scope, self._settings, self._writer, outcome_of(status), status, suffix, more)


class Announce:
    """Writes down that a request that may change something begins, after the caller is known and before it does.

    So a change is never made while the audit cannot be written, nor lost from it by a crash before the answer.
    """

    def __init__(self, app: ASGIApp, writer: AuditWriter, settings: Settings) -> None:
        self.app = app
        self._writer = writer
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        caller = scope.get("state", {}).get("caller") if scope["type"] == "http" and scope["method"] in _CHANGING else None
        if caller is not None and _action(scope) not in _READ_BY_POST:
            try:
                await self._writer.write(request_entry(scope, self._settings, self._writer, Outcome.BEGUN, None))
            except ServiceUnavailable as error:
                await rage_response(scope["state"].get("request_id", ""), error)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def request_entry(
    scope: Scope,
    settings: Settings,
    writer: AuditWriter,
    outcome: Outcome,
    status: int | None,
    suffix: str = "",
    more: dict[str, Any] | None = None,
) -> Entry:
    """What the audit says of a request, as far as it is known by now."""
    state, facts = scope["state"], dict(scope["state"].get("audit", {}))
    facts.pop("noted", None)
    caller = state.get("caller")
    template, parameters = _route(scope)
    target = facts.pop("target", None) or " ".join(f"{name}={value}" for name, value in parameters.items())
    action = _action(scope)
    if template == UNMATCHED:
        target = target or scope["path"]
    if template.startswith(f"{_SPACES}/"):
        facts.setdefault("space", parameters.get("name", ""))
    if "query" in facts:
        facts |= query_details(settings, writer.ring, str(facts.pop("query")))
    if "documents" in facts:
        shown = list(facts["documents"])
        facts |= {"documents": shown[:MOST_ITEMS], "documents_shown": len(shown)}
    return Entry(
        action=action + suffix,
        outcome=outcome,
        actor=facts.pop("actor", None) or str(getattr(caller, "principal", caller) or ""),
        actor_name=facts.pop("actor_name", None) or str(getattr(caller, "name", "")),
        status=status,
        space_id=facts.pop("space_id", None),
        target=target,
        address=str((scope.get("client") or ("",))[0]),
        request_id=str(state.get("request_id", "")),
        details=facts | (more or {}),
    )


def _action(scope: Scope) -> str:
    """The word for what a request does."""
    method, path = scope["method"], scope["path"]
    if (method, path) in ACTIONS:  # a path that is its own template needs no search for it
        return ACTIONS[method, path]
    template, _ = _route(scope)
    return ACTIONS.get((method, template), f"{method} {template}"[:200])


def _noted(scope: Scope) -> int:
    noted: int = scope["state"].get("audit", {}).get("noted", 0)
    return noted


def _route(scope: Scope) -> tuple[str, dict[str, Any]]:
    """The route's template and parameters, found here where the request did not get as far as its route."""
    if "route" in scope:
        return str(getattr(scope["route"], "path", UNMATCHED)), scope.get("path_params", {})
    partial: tuple[str, dict[str, Any]] = UNMATCHED, {}
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    for template, methods, pattern in _templates(scope.get("app")):
        match = pattern.match(path)
        if match and scope["method"] in methods:
            return template, match.groupdict()
        if match and partial[0] == UNMATCHED:
            partial = template, match.groupdict()
    return partial


def _templates(app: Any) -> list[tuple[str, set[str], re.Pattern[str]]]:
    """All routes of an application: template, methods, and what the path must look like."""
    if app is None:
        return []
    if app not in _KNOWN:
        contexts = list(iter_route_contexts(app.routes))
        _KNOWN[app] = [
            (each.path, set(each.methods or ()), compile_path(each.path)[0]) for each in contexts if each.path is not None
        ]
    return _KNOWN[app]
