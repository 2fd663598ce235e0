"""Where the submodules of a repository lie, and which of these places its source may lead to.

What a repository says of its submodules was written by whoever commits to it. So it never leads to a place where RAGE
would use rights that the source itself does not need: from HTTPS to SSH keys, or to folders of this machine elsewhere.
"""

import posixpath
from pathlib import Path
from urllib.parse import urlsplit

from resources.egress.locations import git_remote, local_repository
from resources.errors import InvalidInput


def addresses(configured: list[tuple[str, str]]) -> dict[str, str]:
    """The addresses in a `.gitmodules`, by the path of the submodule."""
    found: dict[str, dict[str, str]] = {}
    for key, value in configured:
        section, _, rest = key.partition(".")
        name, _, field = rest.rpartition(".")
        if section == "submodule":
            found.setdefault(name, {})[field] = value
    return {each["path"]: each["url"] for each in found.values() if "path" in each and "url" in each}


def resolve(parent: str, address: str) -> str:
    """The address of a submodule, seen from the address of the repository that names it.

    Raises:
        InvalidInput: It is none, or one that this repository may not lead to.
    """
    folder = local_repository(parent)
    if address.startswith(("./", "../")):
        address = _relative(parent, address)
    elif local_repository(address) is None and _scheme(parent) in ("http", "https"):
        address = _without_key(parent, address)
    target = local_repository(address)
    if target is not None:
        beside = Path(folder).resolve().parent if folder is not None else None
        if beside is None or not Path(target).resolve().is_relative_to(beside):
            raise InvalidInput("A submodule on this machine must lie beside the repository that names it.")
        return target
    if git_remote(address) is not None and _needs_key(address) and not _needs_key(parent):
        raise InvalidInput("It is read with this server's key, which the repository itself does without.")
    return address


def _relative(parent: str, address: str) -> str:
    base = parent.rstrip("/")
    folder = local_repository(parent)
    if folder is not None:
        return posixpath.normpath(posixpath.join(folder, address))
    head, separator, path = base.partition("://")
    if separator:
        host, _, path = path.partition("/")
        head = f"{head}://{host}/"
    else:  # USER@HOST:PATH
        head, _, path = base.partition(":")
        head += ":"
    joined = posixpath.normpath(posixpath.join("/" + path, address)).lstrip("/")
    return head + joined


def _without_key(parent: str, address: str) -> str:
    """The same repository by HTTPS, where its own host is named with SSH: what an anonymous clone would need."""
    remote = git_remote(address)
    if remote is None or remote.scheme != "ssh" or remote.host != urlsplit(parent).hostname:
        return address
    path = urlsplit(address).path.lstrip("/") if "://" in address else address.partition(":")[2]
    host = urlsplit(parent)
    return f"{host.scheme}://{host.netloc}/{path}"


def _scheme(address: str) -> str:
    return address.partition("://")[0] if "://" in address else ""


def _needs_key(address: str) -> bool:
    return local_repository(address) is None and _scheme(address) not in ("http", "https", "git")
