"""Whether the process lives, whether its parts serve, and its numbers."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field

from api.dependencies import TIMEOUT_S, Protected, TheCaller, ThePlatform
from api.errors import responses
from api.parts import Part, PartName, check_parts

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process lives."""

    status: str = Field(default="ok", examples=["ok"])


class Readiness(BaseModel):
    """How the parts are."""

    status: str = Field(description="ready, degraded (it answers, less well) or unavailable", examples=["ready"])
    parts: dict[PartName, Part] = Field(examples=[{"database": {"ok": True, "detail": "PostgreSQL 18.1, pgvector 0.8.1"}}])


@router.get("/health", responses=responses(signed_in=False))
async def health() -> Health:
    """Says that the process lives; asks nothing else."""
    return Health()


@router.get(
    "/ready",
    responses=responses(signed_in=False) | {503: {"model": Readiness, "description": "It cannot answer queries now."}},
)
def ready(response: Response, platform: ThePlatform, request: Request) -> Readiness:
    """Says whether queries can be answered: without the database, or while the model loads, they cannot."""
    parts = check_parts(platform)
    loading = not parts[PartName.EMBEDDER].ok and not request.app.state.warm.is_set()
    if not parts[PartName.DATABASE].ok or loading:
        response.status_code = 503
        response.headers["Retry-After"] = "5"
        return Readiness(status="unavailable", parts=parts)
    return Readiness(status="ready" if all(part.ok for part in parts.values()) else "degraded", parts=parts)


@router.get("/metrics", dependencies=[Protected], responses=responses(), response_class=Response)
def metrics(request: Request, platform: ThePlatform, caller: TheCaller) -> Response:
    """The process's numbers as Prometheus text."""
    with platform.database.transaction(caller=caller, timeout_s=TIMEOUT_S):
        pass  # a sign-in that was revoked is refused here, as everywhere
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
