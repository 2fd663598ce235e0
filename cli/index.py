"""`rage index`: the indexes of a space."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from cli.output import json_option, note, print_json, print_table, progress, say
from cli.session import opened
from resources.access import LOCAL_ADMIN
from resources.audit.acts import audited

if TYPE_CHECKING:
    from resources.evaluation.models import Verdict
    from resources.index_versions import IndexVersionInfo, Promotion
    from resources.platform import Platform


@click.group()
def index() -> None:
    """Build, compare, promote and roll back the index versions of a space."""


@index.command("rebuild-lexical")
@click.argument("space")
@json_option
def rebuild_lexical(space: str, as_json: bool) -> None:
    """Build the lexical indexes of SPACE anew in the configured engine; searches go on meanwhile.

    This also moves them: set or unset RAGE_ELASTICSEARCH_URL, run it, then start the servers with the new setting.
    """
    from uuid import uuid4

    from rage_assets.lexical.rebuild import rebuild
    from rage_assets.lexical.reconcile import whole_space
    from resources.lexical.opening import engine_of

    with opened("worker") as platform, progress("Building") as report:
        engine = engine_of(platform.settings)
        work = whole_space(platform, space, str(uuid4()), report)
        with audited(platform, "index.rebuild_lexical", target=engine, space=space):
            totals = rebuild(work)
    if as_json:
        print_json({"space": space, "engine": engine, **totals})
    else:
        say(f"Built the lexical index of {space} in {engine}: {totals['passages']} passages.")


@index.command("list")
@click.argument("space")
@json_option
def list_(space: str, as_json: bool) -> None:
    """List the index versions of SPACE, the live one first."""
    with opened() as platform:
        found = _listing(platform, space)
    if as_json:
        print_json(found)
        return
    rows = [
        (str(each.version)[:8], each.model, each.dimension, "given up" if each.stale else each.state, each.documents,
         each.passages, f"{each.created_at:%Y-%m-%d %H:%M}", _said(each))
        for each in found
    ]  # fmt: skip
    print_table(("version", "model", "dimension", "state", "documents", "passages", "created", "nDCG@10"), rows)
    for each in found:
        if each.stale:
            note(f"{str(each.version)[:8]} is no longer kept current: {each.stale}")


def _said(version: "IndexVersionInfo") -> str:
    return ", ".join(
        f"{name} {modes['hybrid']['ndcg@10']:.3f}" for name, modes in sorted(version.metrics.items()) if "hybrid" in modes
    )


@index.command()
@click.argument("space")
@click.option("--model", default="", help="The embedding model; by default RAGE_EMBEDDING_MODEL.")
@click.option("--promote", is_flag=True, help="Make it live if the gate lets it.")
@json_option
@click.pass_context
def build(ctx: click.Context, space: str, model: str, promote: bool, as_json: bool) -> None:
    """Build an index version of SPACE beside the live one, and compare the two.

    Searches and ingestions go on meanwhile, and what is ingested goes into both. If it is killed, give it again: it goes on
    where it ended.
    """
    from rage_assets.index_versions.run import run_build
    from resources.settings import settings

    with (
        opened("worker") as platform,
        progress("Preparing the model") as report,
        audited(platform, "index.build", target=model, space=space, promote=promote) as facts,
    ):
        built = run_build(settings(), space, model=model, promote=promote, on_progress=report)
        facts |= {"target": f"version={built.version}", "promoted": built.promoted}
        with opened() as reader:
            info = next(each for each in _listing(reader, space) if each.version == built.version)
    if as_json:
        print_json(built.model_dump() | info.model_dump())
    else:
        say(f"Built {built.version}: {info.documents} documents, {info.passages} passages, in {built.seconds:.1f} s.")
        for reason in built.reasons:
            say(reason)
        say(
            "It is live now."
            if built.promoted
            else f"Make it live with `rage index promote {space} {str(built.version)[:8]}`."
            if built.passed
            else "The gate would refuse it."
        )
    ctx.exit(0 if built.complete and (built.promoted or not promote) else 1)


def _listing(platform: "Platform", space: str) -> "list[IndexVersionInfo]":
    from resources.index_versions import listing

    return listing(platform, LOCAL_ADMIN, space)


@index.command()
@click.argument("space")
@click.argument("version")
@click.option("--force", is_flag=True, help="Although the gate refuses it; this is written down.")
@json_option
def promote(space: str, version: str, force: bool, as_json: bool) -> None:
    """Make VERSION of SPACE the one that answers, unless it finds less than the live one.

    VERSION is an id, or the beginning of one.
    """
    from resources import index_versions

    with (
        opened("worker") as platform,
        progress("Comparing"),
        audited(platform, "index.promote", target=f"version={version}", space=space, forced=force) as facts,
    ):
        try:
            done = index_versions.promote(platform, space, version, _Judge(platform, space), force=force)
        except index_versions.WorseVersion as refused:
            facts["figures"] = refused.details["figures"]
            raise
        facts |= _facts(done) | {
            "passed": done.gate.verdict.passed if done.gate else None,
            "figures": done.gate.figures if done.gate else [],
        }
    _show(space, done.version, as_json, f"{done.version} is live now. `rage index rollback {space}` goes back.")


class _Judge:
    """Asks the gate with a platform that is opened when it is asked: what it said before may do."""

    def __init__(self, worker: "Platform", space: str) -> None:
        self._worker, self._space = worker, space

    def __call__(self, live: UUID, version: UUID) -> "Verdict":
        from rage_assets.evaluation.measure import open_evaluation
        from resources.evaluation.gate import judge

        with open_evaluation(self._worker, self._space) as evaluation:
            return judge(evaluation.reader, LOCAL_ADMIN, self._space, live, version)


@index.command()
@click.argument("space")
@json_option
def rollback(space: str, as_json: bool) -> None:
    """Make the index version of SPACE live again that was so before; it was kept current."""
    from resources import index_versions

    with opened("worker") as platform, audited(platform, "index.rollback", target=space, space=space) as facts:
        done = index_versions.rollback(platform, space)
        facts |= _facts(done)
    _show(space, done.version, as_json, f"{done.version} is live again.")


def _facts(done: "Promotion") -> dict[str, Any]:
    return {"target": f"version={done.version}", "space_id": done.space_id, "instead_of": str(done.instead_of)}


@index.command()
@click.argument("space")
@click.argument("version")
@json_option
def drop(space: str, version: str, as_json: bool) -> None:
    """Remove VERSION of SPACE, which must not be live, with its vectors and its lexical index."""
    from resources import index_versions

    with (
        opened("worker") as platform,
        progress("Dropping"),
        audited(platform, "index.drop", target=f"version={version}", space=space) as facts,
    ):
        dropped = index_versions.drop(platform, space, version)
        facts |= {"target": f"version={dropped.version}", "space_id": dropped.space_id}
    if as_json:
        print_json({"space": space, "version": dropped.version, "dropped": True})
    else:
        say(f"Dropped {dropped.version}.")


def _show(space: str, version: UUID, as_json: bool, said: str) -> None:
    if not as_json:
        say(said)
        return
    with opened() as platform:
        print_json(next(each for each in _listing(platform, space) if each.version == version))
