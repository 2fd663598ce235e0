"""Bringing documents in, and how far that went."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api import uploads
from api.auditing import note_audit
from api.dependencies import TIMEOUT_S, Launcher, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.jobs import start_ingest
from resources.access import Caller, Role
from resources.dagster_client import RunLauncher
from resources.domain import IngestCounts
from resources.errors import Forbidden, InvalidInput
from resources.intake import ensure_source, is_read_as_server
from resources.platform import Platform
from resources.postgres import reading, spaces
from resources.settings import Settings

router = APIRouter(prefix="/api/v1/memory/ingest", tags=["ingest"], dependencies=[Protected])


class IngestLocation(BaseModel):
    """A location whose documents belong into a space."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"space": "handbook", "location": "/srv/handbook"}]})

    space: str
    location: str = Field(description="A folder of the server (an absolute path) or a URL; added as a source if new.")
    include: list[str] | None = Field(
        default=None, description="Patterns as in .gitignore of what becomes documents; they replace those it has."
    )
    exclude: list[str] | None = Field(default=None, description="Patterns of what does not; these win.")


class Accepted(BaseModel):
    """A job that was taken on."""

    job_id: UUID
    status_url: str = Field(examples=["/api/v1/memory/ingest/7f9c2a52-9d0e-4c6c-9a63-0a4d2f6b8b11"])


class JobState(StrEnum):
    """How far a job is. `partly`: it ended, and `errors` names what it could not read."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTLY = "partly"
    FAILED = "failed"


class JobError(BaseModel):
    """A document that could not be read; with an empty path, why the run itself failed."""

    path: str
    reason: str


class Job(BaseModel):
    """An ingestion."""

    job_id: UUID
    run_id: str | None = Field(description="Dagster's id of the run, once it began.")
    state: JobState
    documents: IngestCounts
    errors: list[JobError]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


_FORM = {
    "type": "object",
    "required": ["space", "file"],
    "properties": {
        "space": {"type": "string", "examples": ["handbook"]},
        "file": {"type": "array", "items": {"type": "string", "format": "binary"}, "description": "One or several."},
    },
}


@router.post(
    "",
    status_code=202,
    responses=responses(403, 404, 409, 413, 415, 422),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": IngestLocation.model_json_schema()},
                "multipart/form-data": {"schema": _FORM},
            },
        }
    },
)
async def ingest(request: Request, platform: ThePlatform, launcher: Launcher, caller: TheCaller) -> Accepted:
    """Uploads files into a space, or adds a location to it; a run then reads what is new or changed."""
    content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        async with request.form(max_files=uploads.MOST_FILES + 1, max_fields=20, max_part_size=65536) as form:
            given = form.getlist("space")
            space = given[0] if len(given) == 1 else None
            if not isinstance(space, str):
                raise InvalidInput("The form needs one field `space`.")
            files = [file for file in form.getlist("file") if isinstance(file, UploadFile)]
            named = uploads.check_files(files, platform.settings.max_upload_bytes)
            spaces.check_name(space)
            note_audit(request, space=space, files=len(named))
            await run_in_threadpool(uploads.save, platform, caller, space, named)
        job_id = await run_in_threadpool(start_ingest, platform, launcher, caller, space)
    elif content_type == "application/json":
        try:
            body = IngestLocation.model_validate_json(await request.body())
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors()]
            raise InvalidInput("; ".join(problems) + ".") from None
        note_audit(request, space=body.space, location=body.location)
        job_id = await run_in_threadpool(_ingest_location, platform, launcher, caller, body)
    else:
        raise HTTPException(415, "Send JSON or a multipart form.")
    return Accepted(job_id=job_id, status_url=f"/api/v1/memory/ingest/{job_id}")


@router.get("/{job_id}", responses=responses(404, 422))
def get_job(job_id: UUID, request: Request, platform: ThePlatform, caller: TheCaller) -> Job:
    """How far a job is."""
    row = platform.look(caller, lambda connection: reading.job(connection, job_id), TIMEOUT_S)
    note_audit(request, space_id=row["space_id"])
    return _job(row)


def _ingest_location(platform: Platform, launcher: RunLauncher, caller: Caller, body: IngestLocation) -> UUID:
    spaces.check_name(body.space)
    with platform.enter(caller, body.space, Role.INGESTOR, timeout_s=TIMEOUT_S) as (connection, row):
        settings = platform.settings
        if caller.platform_role is not Role.ADMIN and is_read_as_server(body.location):
            raise Forbidden(
                "This location is read with the server's own credentials.",
                hint="Ask an administrator of the platform to add it with `rage source add`.",
            )
        ensure_source(
            connection,
            row["id"],
            body.location,
            roots=_roots(settings, caller),
            forbidden=settings.home,
            allowed_hosts=settings.allowed_hosts,
            include=body.include,
            exclude=body.exclude,
        )
    return start_ingest(platform, launcher, caller, body.space)


def _roots(settings: Settings, caller: Caller) -> list[Path] | None:
    """The folders that a caller may name: those configured; without any, all for administrators and none for others."""
    if settings.source_roots or caller.platform_role is not Role.ADMIN:
        return settings.source_roots
    return None


def _job(row: dict[str, Any]) -> Job:
    counts = {name: row["counts"].get(name, 0) for name in IngestCounts.model_fields}
    times = {name: row[name] for name in ("created_at", "started_at", "finished_at")}
    return Job(
        job_id=row["id"],
        run_id=row["dagster_run_id"],
        state=row["state"],
        documents=IngestCounts(**counts),
        errors=row["errors"],
        **times,
    )
