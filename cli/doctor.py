"""`rage doctor`: every configured part, and how to mend it."""

import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import UUID

import click
from pydantic import BaseModel

from cli.output import json_option, print_json, progress, say
from resources.errors import RageError
from resources.platform import Platform
from resources.settings import Settings

_LEAST_FREE = 2 * 2**30


class Check(BaseModel):
    """What was found of one part, and what to do about it."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


class _Found(NamedTuple):
    ok: bool
    detail: str
    hint: str = ""


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check every configured part, and say how to mend what is wrong."""
    with progress("Checking") as report:
        checks = []
        for check in _checks():
            checks.append(check)
            report(check.name, len(checks), None)
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, "checks": checks})
    else:
        for check in checks:
            say(f"{'ok  ' if check.ok else 'BAD '} {check.name:<13} {check.detail}")
            if check.hint and not check.ok:
                say(f"     {'':<13} → {check.hint}")
    ctx.exit(0 if ok else 3)


def _checks() -> Iterator[Check]:
    from cli.session import opened
    from resources.settings import settings

    configured = settings()
    yield _checked("home", lambda: _home(configured))
    yield _checked("disk", lambda: _disk(configured))
    yield _checked("guards", lambda: _guards(configured))
    yield _checked("sign_in", lambda: _sign_in(configured))
    try:
        with opened() as platform:
            yield _checked("database", lambda: _database(platform))
            yield _checked("object_store", lambda: _objects(platform))
            yield _checked("lexical", lambda: _lexical(platform))
            yield _checked("embedder", lambda: _embedder(platform))
            if platform.reranker is not None:
                yield _checked("reranker", lambda: _reranker(platform))
            yield _checked("generator", lambda: _generator(platform))
    except RageError as error:  # the home itself cannot be used
        yield Check(name="platform", ok=False, detail=error.message, hint=error.hint)
    yield _checked("dagster", lambda: _dagster(configured))
    for name, port in (("api_port", 8000), ("dagster_port", 3000)):
        yield _checked(name, lambda port=port: _port(configured, port))  # type: ignore[misc]


def _checked(name: str, look: Callable[[], _Found]) -> Check:
    """A check whose failure is a finding, whatever it is."""
    try:
        ok, detail, hint = look()
    except RageError as error:
        ok, detail, hint = False, error.message, error.hint
    except Exception as error:
        ok, detail, hint = False, f"{type(error).__name__}: {error}", "This is unexpected; please report it."
    return Check(name=name, ok=ok, detail=detail, hint=hint)


def _home(configured: Settings) -> _Found:
    from resources.postgres.embedded import PRIVATE, check_home

    check_home(configured.home)
    for folder in (configured.home / name for name in PRIVATE):
        if folder.stat().st_mode & 0o077:
            return _Found(False, f"{folder} can be read by others", f"Run `chmod 700 {folder}`.")
    return _Found(True, str(configured.home))


def _disk(configured: Settings) -> _Found:
    free = shutil.disk_usage(configured.home).free
    detail = f"{free / 2**30:.1f} GB free"
    return _Found(free >= _LEAST_FREE, detail, "Free some space: runs stop when the disk is full.")


def _guards(configured: Settings) -> _Found:
    from api.guards import check_guards

    check_guards(configured)
    guarded = [name for name in ("tls_certificate", "trusted_proxies") if getattr(configured, name)]
    return _Found(True, f"limits, names and origins are as they should be; {', '.join(guarded) or 'this machine alone'}")


def _sign_in(configured: Settings) -> _Found:
    """Whether the issuer answers, describes itself as configured, and publishes keys."""
    if not configured.oidc_issuer:
        return _Found(True, "by the local issuer; `rage user` manages the people")
    from resources.sign_in.issuer import Issuer

    issuer = Issuer(configured.oidc_issuer)
    try:
        issuer.endpoints()
        issuer.key("none")  # an id that nobody has makes it fetch the keys
    finally:
        issuer.close()
    return _Found(True, configured.oidc_issuer)


def _database(platform: Platform) -> _Found:
    from api.parts import check_database
    from resources.postgres.migrate import head

    part = check_database(platform)
    where = "RAGE_DATABASE_URL" if platform.settings.database_url else "embedded"
    return _Found(part.ok, f"{part.detail}, schema {head()} ({where})" if part.ok else part.detail)


def _objects(platform: Platform) -> _Found:
    import hashlib
    import io
    from uuid import UUID

    space, content = UUID(int=0), b"rage doctor"
    sha256 = hashlib.sha256(content).digest()
    platform.objects.put(space, sha256, io.BytesIO(content))
    same = platform.objects.read(space, sha256) == content
    platform.objects.delete_space(space)
    return _Found(same, "written, read and removed" if same else "what was read is not what was written")


def _lexical(platform: Platform) -> _Found:
    from api.parts import check_lexical
    from resources import space_administration
    from resources.access import LOCAL_ADMIN

    part = check_lexical(platform)
    if not part.ok:
        return _Found(False, part.detail, "Searches go on by vectors alone, and what is missing is brought in afterwards.")
    found = space_administration.listing(platform, LOCAL_ADMIN)
    broken = []
    for space in found:
        if space.passages and space.live_index_version:
            try:
                platform.lexical(space.id, UUID(space.live_index_version))
            except RageError as error:
                broken.append(f"{space.name}: {error.message}")
    if broken:
        hint = "Searches go on without it; `rage ingest SPACE` builds it again."
        return _Found(False, "; ".join(broken), hint)
    return _Found(part.ok, part.detail)


def _embedder(platform: Platform) -> _Found:
    from resources.embedding import kind_of
    from resources.postgres.vectors import MOST_INDEXED_DIMENSIONS

    dimensions = len(platform.embedder.encode(["Is this thing on?"])[0])
    detail = f"{platform.embedder.model}, {dimensions} dimensions, {kind_of(platform.embedder)}"
    if dimensions > MOST_INDEXED_DIMENSIONS:
        detail += f"; no index takes more than {MOST_INDEXED_DIMENSIONS}, so that every search compares all vectors"
    return _Found(True, detail)


def _reranker(platform: Platform) -> _Found:
    from api.parts import check_reranker

    assert platform.reranker is not None
    platform.reranker.warm()
    part = check_reranker(platform.reranker)
    return _Found(part.ok, part.detail, "Check RAGE_RERANKER_URL or RAGE_RERANKER_MODEL; hits keep their fused order.")


def _generator(platform: Platform) -> _Found:
    from api.parts import check_generator

    part = check_generator(platform)
    return _Found(part.ok, part.detail, "Check RAGE_LLM_BASE_URL; answers are extractive meanwhile.")


def _dagster(configured: Settings) -> _Found:
    from cli.ports import answers

    if configured.dagster_url:
        ok = answers(f"{configured.dagster_url.rstrip('/')}/server_info", 3)
        hint = "Start it, or unset RAGE_DAGSTER_URL: runs are child processes meanwhile."
        return _Found(ok, f"{configured.dagster_url} {'answers' if ok else 'does not answer'}", hint)
    from importlib.metadata import version

    return _Found(True, f"Dagster {version('dagster')}, started by `rage up`")


def _port(configured: Settings, port: int) -> _Found:
    import json

    from cli.ports import is_free

    if is_free("127.0.0.1", port):
        return _Found(True, f"{port} is free")
    try:
        record = json.loads((configured.home / "up.json").read_text())
    except (OSError, ValueError):
        record = {}
    if any(str(address).endswith(f":{port}") for address in record.values()):
        return _Found(True, f"{port} is served by `rage up`")
    option = "--port" if port == 8000 else "--dagster-port"
    return _Found(False, f"{port} is in use by another program", f"Give `rage up` another one with {option}.")
