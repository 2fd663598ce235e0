"""One file read in a child process: what is asked, and what comes back through a scratch folder."""

import errno
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from rage_assets.blocks.isolation.limits import Limits
from resources.domain import ParsedBlock, ParsedDocument
from resources.errors import ParseFailed

_BLOCKS = "blocks.jsonl"


class Request(BaseModel):
    """A file to be read.

    Attributes:
        path: Its path in its source.
        file: Where its bytes are.
        scratch: An empty folder for what comes of it.
    """

    path: str
    file: Path
    scratch: Path
    max_bytes: int
    passwords: tuple[str, ...] = ()
    skip_generated: bool = True
    limits: Limits


class Refusal(BaseModel):
    """Why a file gave no blocks, in a form that travels between processes."""

    reason: str
    message: str
    hint: str = ""


class Reading(BaseModel):
    """What a file holds. Its blocks and children wait in the scratch folder until `close`.

    Attributes:
        document: All but its blocks and the bytes of its children, which are files.
        blocks: How many blocks there are.
        seconds: What reading took.
    """

    document: ParsedDocument
    blocks: int
    seconds: float
    scratch: Path

    def stream(self) -> Iterator[ParsedBlock]:
        """The blocks in order, one at a time."""
        with (self.scratch / _BLOCKS).open("rb") as lines:
            for line in lines:
                yield ParsedBlock.model_validate_json(line)

    def close(self) -> None:
        """Removes what waits in the scratch folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)


def read(request: Request) -> Reading | Refusal:
    """Reads a file; runs in the child. An alarm, set anew by each step, ends whoever does not get on."""
    from rage_assets.blocks.parsing import parse_file
    from rage_assets.blocks.parsing.code.generated import skip_generated
    from rage_assets.blocks.parsing.outline import on_progress

    began = time.perf_counter()
    tempfile.tempdir = str(request.scratch)
    count = 0

    def alive() -> None:
        signal.setitimer(signal.ITIMER_REAL, request.limits.seconds)

    alive()
    on_progress.set(alive)
    skip_generated.set(request.skip_generated)
    try:
        with (request.scratch / _BLOCKS).open("wb") as lines:

            def emit(blocks: list[ParsedBlock]) -> None:
                nonlocal count
                count += len(blocks)
                lines.writelines(block.model_dump_json().encode("utf-8", "replace") + b"\n" for block in blocks)

            document = parse_file(
                request.file,
                request.path,
                max_bytes=request.max_bytes,
                passwords=request.passwords,
                emit=emit,
            )
        for number, child in enumerate(document.children):
            if isinstance(child.data, bytes):
                place = request.scratch / f"child-{number}"
                place.write_bytes(child.data)
                child.data = place
    except ParseFailed as error:
        return Refusal(reason=error.reason, message=error.message, hint=error.hint)
    except MemoryError:
        return Refusal(reason="memory", message=f"Reading it takes more than {request.limits.memory_bytes} bytes of memory.")
    except Exception as error:  # whatever it is, it is this file's, and must not stop the others
        return _refusal(error, request)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        on_progress.set(None)
    seconds = time.perf_counter() - began
    return Reading(document=document, blocks=count, seconds=seconds, scratch=request.scratch)


def _refusal(error: Exception, request: Request) -> Refusal:
    number = error.errno if isinstance(error, OSError) else None
    if number in (errno.ENOSPC, errno.EDQUOT):
        raise error  # the disk is full: no file is to blame
    if number == errno.EFBIG:
        message = f"Reading it writes more than {request.limits.output_bytes} bytes into a file."
        return Refusal(reason="too_large", message=message)
    return Refusal(reason="broken", message=f"What was read could not be kept: {type(error).__name__}: {error}"[:500])
