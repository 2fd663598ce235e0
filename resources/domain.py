"""The words of the platform as types: what a document, a block and a passage are.

Types only; reading and writing them is `resources.postgres`, making them is `rage_assets`.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

# Between the path of a file and the path of what stands inside it: `mail.eml!/report.pdf`.
WITHIN = "!/"


class BlockType(StrEnum):
    """What a block is to its reader."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    TABLE = "table"
    CODE = "code"
    IMAGE = "image"


class ParsedBlock(BaseModel):
    """A block as a parser sees it, before it belongs to a document.

    Attributes:
        type: What it is.
        text: Its text; a table's is a Markdown pipe table, code keeps its white space.
        section: The headings above it, outermost first; a heading's own text is not in its own section.
        page: Counted from 1; None where the format has no pages.
        language: ISO 639-1 code of the text, or the programming language of code; None where unknown.
        metadata: Where in the file it stands (lines, sheet, cells, level of a heading) and what else is worth keeping.
    """

    type: BlockType
    text: str
    section: list[str] = Field(default_factory=list)
    page: int | None = None
    language: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class ChildFile(BaseModel):
    """A file that a parser found inside another: an attachment, or the member of an archive.

    Attributes:
        name: Its path within the file that holds it, with `/`.
        data: Its bytes, or the scratch file that has them.
    """

    name: str
    data: bytes | Path


class ParsedDocument(BaseModel):
    """What a parser makes of one file.

    Attributes:
        title: The document's own title, empty where it has none.
        media_type: The type found by name and content.
        blocks: In reading order.
        parser: Name and version, `markdown/1`; a new version parses again the documents it concerns.
        children: The files inside it, each a document of its own.
    """

    title: str = ""
    media_type: str
    language: str | None = None
    blocks: list[ParsedBlock]
    parser: str
    children: list[ChildFile] = Field(default_factory=list)


class Block(BaseModel):
    """A ContentBlock: what a reader sees and a citation names."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    document_id: UUID
    source_id: UUID
    type: BlockType
    text: str
    language: str | None = None
    order: int
    page: int | None = None
    section: list[str] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)


class Isolation(StrEnum):
    """How a space's content is kept apart: by rows, in a database of its own, or with its bytes under its own key."""

    SHARED = "shared"
    DEDICATED = "dedicated"
    ENCRYPTED = "encrypted"


class Space(BaseModel):
    """A memory space: the unit of isolation, access and partitioning.

    Attributes:
        role: What the caller may do in it.
        max_documents: The most documents that it may hold; None without a limit.
        max_bytes: The most bytes that its documents may have together; None without a limit.
    """

    id: UUID
    name: str
    documents: int = 0
    blocks: int = 0
    passages: int = 0
    quarantined: int = 0
    shards: int = 1
    live_index_version: str | None = None
    isolation: Isolation = Isolation.SHARED
    role: str | None = None
    max_documents: int | None = None
    max_bytes: int | None = None
    created_at: datetime


class Source(BaseModel):
    """Where documents come from.

    Attributes:
        include: Patterns as in .gitignore of what becomes documents; everything, without any.
        exclude: Patterns of what does not; these win.
    """

    id: UUID
    space: str
    name: str
    kind: str
    location: str
    every_seconds: int | None = None
    include: list[str] = Field(default_factory=list)
    exclude: list[str] = Field(default_factory=list)
    created_at: datetime
    last_scan_at: datetime | None = None
    last_error: str | None = None


class IngestCounts(BaseModel):
    """How many documents an ingestion found in each state.

    A renamed one counts as new and as removed, too; one that is skipped (generated code) as new when it is.
    """

    new: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    renamed: int = 0
    skipped: int = 0
