"""Which branch, tag or commit of a repository a location names: `ADDRESS#NAME`, `ADDRESS.git@NAME`, `git+URL@NAME`."""

import re

from resources.errors import InvalidInput

# What people write, by pip's and by Docker's habit. An `@` counts only where no path may have one.
_FORMS = (
    re.compile(r"(?P<address>[^#]+)#(?P<revision>.*)"),
    re.compile(r"(?P<address>.+?\.git)/?@(?P<revision>[^#]+)"),
    re.compile(r"(?P<address>git\+(?:https?|ssh|git)://[^/]+/[^#]*[^/#])@(?P<revision>[^#]+)"),
)
_REVISION = re.compile(r"(?:(?:branch|tag|commit)=)?\w[\w./+@-]{0,254}")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def split_revision(location: str) -> tuple[str, str]:
    """The address of a repository, and the revision that its location names, empty for the default branch.

    A revision is a name (of a branch, a tag, or a whole commit id), or says which: `branch=`, `tag=`, `commit=`.
    """
    match = next((found for form in _FORMS if (found := form.fullmatch(location))), None)
    return (match["address"], match["revision"]) if match else (location, "")


def checked_revision(revision: str) -> str:
    """A revision as it is stored.

    Raises:
        InvalidInput: It cannot be one.
    """
    odd = ".." in revision or "//" in revision or "@{" in revision or revision.endswith((".lock", "/", "."))
    if not _REVISION.fullmatch(revision) or odd:
        raise InvalidInput(
            f"{revision[:100]!r} is no branch, tag or commit.", hint="Write ADDRESS#main, ADDRESS#tag=v1 or REPO.git@v1."
        )
    return revision


def reference_of(revision: str) -> str:
    """What to ask the server for."""
    kind, says, name = revision.rpartition("=")
    if not revision:
        return "HEAD"
    if not says:
        return revision
    return {"branch": f"refs/heads/{name}", "tag": f"refs/tags/{name}", "commit": name}[kind]


def is_commit(reference: str) -> bool:
    """Whether a reference is the id of a commit, which never changes what it means."""
    return _COMMIT.fullmatch(reference) is not None
