"""A company whose spaces are full of canaries, the people and keys that may see some, and tokens that nobody may use.

Spaces: `A` is shared, `B` is shared and somebody else's, `D` is dedicated, `E` is encrypted. Each is ingested for real. It
has an open folder and a closed one, and each of these a document, one in quarantine, an error of a run and a receipt.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from resources import space_administration
from resources.access import LOCAL_ADMIN, Role
from resources.domain import Isolation
from resources.evaluation.measurement import evaluate
from resources.evaluation.models import JudgedQuery, Judgement
from resources.platform import Platform
from resources.postgres import api_keys, evaluation, members, sources
from resources.sign_in import keys
from resources.sign_in.keys import NewKey
from tests.conftest import Home
from tests.security.canaries import Canaries
from tests.security.issuer import LocalOidc

KINDS = {"A": Isolation.SHARED, "B": Isolation.SHARED, "D": Isolation.DEDICATED, "E": Isolation.ENCRYPTED}
ZONES = ("open", "closed")
NOT_YET = UUID(int=0)


@dataclass
class Zone:
    """A folder of a space and what is in it."""

    title: str
    folder: str
    path: str
    text: str
    unreadable: str
    reason: str
    receipt_path: str
    document: UUID = NOT_YET
    block: UUID = NOT_YET
    quarantined: UUID = NOT_YET
    receipt: UUID = NOT_YET
    words: set[str] = field(default_factory=set)


@dataclass
class Planted:
    """A space."""

    letter: str
    name: str
    source: str
    location: Path
    insiders: str
    zones: dict[str, Zone]
    key_name: str
    set_name: str
    id: UUID = NOT_YET
    source_id: UUID = NOT_YET
    database: str | None = None
    job: UUID = NOT_YET
    key: NewKey | None = None
    spare_key: NewKey | None = None
    revoked_key: NewKey | None = None

    @property
    def words(self) -> set[str]:
        """What every member may see."""
        return {each.rpartition("-")[2] for each in (self.name, self.source, self.location.name)}

    @property
    def admin_words(self) -> set[str]:
        """What only those who administer it may see."""
        return {self.key_name, self.set_name, self.insiders.rpartition("-")[2]}


@dataclass(frozen=True)
class Someone:
    """Whoever sends requests, and every canary that they may see."""

    name: str
    token: str | None
    sees: frozenset[str] = frozenset()
    subject: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """How they say who they are."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


class World:
    """The spaces, and everybody who comes."""

    def __init__(self, home: Home, issuer: LocalOidc, base: Path) -> None:
        self.home, self.issuer, self.base = home, issuer, base
        self.canaries = Canaries()
        self.settings: dict[str, Any] = {
            "oidc_issuer": issuer.url,
            "source_roots": [base],
            **{f"{kind}_limit": "1000000 per second" for kind in ("sign_in", "search", "ingest", "request")},
        }
        self.platform = Platform(home.settings(**self.settings), "api")
        self.browsers = {f"reader-{letter}": self.canaries.plant(f"browser of the reader of {letter}") for letter in KINDS}
        self.spaces: dict[str, Planted] = {}
        for letter in KINDS:
            self._plant(letter)

    def close(self) -> None:
        """Closes what it opened."""
        self.platform.close()

    def someone(self, kind: str, letter: str = "A") -> Someone:
        """A caller of a kind, with a token that was issued just now.

        Args:
            kind: `reader`, `ingestor`, `admin`, `insider` (a reader who is in the group of the closed folder) and `key` are
                those of a space; `nobody` has signed in and has nothing; `operator` administers the platform. `strangers`
                names the other kinds.
            letter: The space.
        """
        space, issue = self.spaces[letter], self.issuer.token
        subject = f"{kind}-{letter}"
        if kind == "key":
            assert space.key is not None
            return Someone(subject, space.key.text, frozenset(space.words | space.zones["open"].words | {space.key_name}))
        if kind == "operator":
            return Someone(kind, issue(kind, role="admin"), frozenset(self.canaries.places), kind)
        if kind == "nobody":
            return Someone(kind, issue(kind), subject=kind)
        sees = space.words | space.zones["open"].words
        groups = [f"{letter}-{kind}"]
        if kind == "insider":
            groups, sees = [f"{letter}-reader", space.insiders], sees | space.zones["closed"].words
            sees |= {space.insiders.rpartition("-")[2]}
        if kind == "admin":
            sees |= space.zones["closed"].words | space.admin_words
        sees |= {word for owner, word in self.browsers.items() if owner == subject}
        return Someone(subject, issue(subject, groups), frozenset(sees), subject)

    def strangers(self, letter: str = "A") -> list[Someone]:
        """Whoever has no token that counts, though most of these claim to be the operator."""
        issue, claim = self.issuer.token, {"role": "admin", "groups": [f"{letter}-admin"]}
        revoked = str(uuid4())
        with self.platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            connection.execute("SELECT rage_revoke(%s)", (f"session:{revoked}",))
            connection.execute("SELECT rage_revoke('user:dismissed')")
        key = self.spaces[letter].revoked_key
        assert key is not None
        tokens = {
            "no token": None,
            "expired": issue("operator", **claim, age_s=3600),
            "wrong issuer": issue("operator", **claim, iss="https://elsewhere.example/realms/test"),
            "wrong audience": issue("operator", **claim, aud="account"),
            "alg none": self.issuer.unsigned("operator", **claim),
            "HS256 with the public key": self.issuer.signed_with_the_public_key("operator", **claim),
            "revoked key": key.text,
            "revoked session": issue("operator", **claim, session=revoked, age_s=30),
            "revoked user": issue("dismissed", **claim, age_s=30),
        }
        return [Someone(name, token) for name, token in tokens.items()]

    @contextmanager
    def owner(self, space: Planted | None = None) -> Iterator["psycopg.Connection[Any]"]:
        """A connection of the schema's owner where a space's content lies; without one, in the first database."""
        dedicated = space.database if space else None
        url = self.platform.dedicated_url(dedicated, "owner") if dedicated else self.platform.url("owner")
        with psycopg.connect(url, options="-c search_path=rage,public") as connection:
            yield connection

    def spare_document(self, letter: str, zone: str) -> UUID:
        """A document beside that of a zone, to be removed."""
        new, like = uuid4(), self.spaces[letter].zones[zone]
        with self.owner(self.spaces[letter]) as connection:
            connection.execute(
                "INSERT INTO documents (id, path, version_id, state, space_id, source_id, shard, title, media_type, size, "
                "mtime_ns, sha256, parser, run_id, code_version, access_id) SELECT %s, path || '.' || %s, %s, 'live', "
                "space_id, source_id, shard, title, media_type, size, mtime_ns, sha256, parser, run_id, code_version, "
                "access_id FROM documents WHERE id = %s",
                (new, str(new)[:8], uuid4(), like.document),
            )
        return new

    def session_of(self, subject: str) -> UUID:
        """A session of somebody's browser, which calls itself by a word of theirs."""
        new = uuid4()
        with self.owner() as connection:
            connection.execute(
                "INSERT INTO sessions (id, token_hash, principal, name, sealed, created_at, last_seen_at, expires_at, "
                "address, user_agent) VALUES (%s, %s, %s, %s, '', now(), now(), now() + interval '1 hour', '::1', %s)",
                (new, hashlib.sha256(new.bytes).digest(), f"user:{subject}", subject, self.browsers[subject]),
            )
        return new

    def spare_set(self, space: Planted, name: str = "") -> str:
        """An evaluation set that asks for what is in the closed folder."""
        closed = space.zones["closed"]
        asked = JudgedQuery(id="1", text=f"lantern {closed.text}", judgements=[Judgement(path=closed.path)])
        with self.platform.enter(LOCAL_ADMIN, space.name, Role.ADMIN) as (connection, _):
            made = evaluation.create(connection, space.id, name or f"spare-{uuid4().hex}", [asked], created_by="test")
        return made.name

    def _plant(self, letter: str) -> None:
        plant = self.canaries.plant
        location = self.base / f"{letter}-{plant(f'location of {letter}')}"
        zones = {zone: self._write(location, letter, zone) for zone in ZONES}
        space = Planted(
            letter,
            f"{letter}-{plant(f'name of {letter}')}",
            f"{letter}-{plant(f'source of {letter}')}",
            location,
            f"{letter}-insiders-{plant(f'group of {letter}')}",
            zones,
            plant(f"key of {letter}"),
            plant(f"evaluation set of {letter}"),
        )
        (location / "closed" / ".rage-access.yaml").write_text(f"groups: [{space.insiders}]\n")
        created = space_administration.create(self.platform, LOCAL_ADMIN, space.name, isolation=KINDS[letter])
        space.id = created.id
        with self.platform.enter(LOCAL_ADMIN, space.name, Role.INGESTOR) as (connection, row):
            space.source_id = sources.add(
                connection, space.id, name=space.source, kind="folder", location=str(location), every_seconds=None
            )
        with self.platform.administer(LOCAL_ADMIN, space.name) as (connection, row):
            space.database = row["database"]
            for role in Role:
                members.grant(connection, space.id, f"group:{letter}-{role}", role, "test")
        space.key, space.spare_key, space.revoked_key = (self._key(space, revoked) for revoked in (False, False, True))
        report = self.home.ingest(space.name)
        assert (report.documents.new, report.documents.quarantined) == (4, 2), report
        self._label(space)
        self.spare_set(space, space.set_name)
        evaluate(self.platform, LOCAL_ADMIN, space.name, space.set_name, ["lexical"])
        self.spaces[letter] = space

    def _write(self, location: Path, letter: str, zone: str) -> Zone:
        def plant(what: str) -> str:
            word = self.canaries.plant(f"{what} in the {zone} folder of {letter}")
            words.add(word)
            return word

        words: set[str] = set()
        made = Zone(
            title=plant("title"),
            folder=plant("folder"),
            path="",
            text=plant("text"),
            unreadable="",
            reason=plant("reason of quarantine"),
            receipt_path=f"{zone}/{plant('path on a receipt')}.md",
            words=words,
        )
        made.path = f"{zone}/{made.folder}/{plant('file name')}.md"
        made.unreadable = f"{zone}/{plant('name of an unreadable file')}.pdf"
        (location / made.path).parent.mkdir(parents=True)
        (location / made.path).write_text(
            f"# Lantern {made.title}\n\nThe lantern ritual of {made.text} begins at dusk behind the old mill.\n"
        )
        (location / made.unreadable).write_bytes(f"%PDF-1.7 {made.unreadable}".encode())
        return made

    def _key(self, space: Planted, revoked: bool) -> NewKey:
        new = keys.new_key()
        with self.platform.database.transaction(caller=LOCAL_ADMIN) as connection:
            spaces = api_keys.administered(connection, [space.name])
            api_keys.create(connection, new.id, space.key_name, new.sha256, days=1, spaces=spaces, role=Role.READER)
            if revoked:
                api_keys.revoke(connection, new.id)
        return new

    def _label(self, space: Planted) -> None:
        """Finds the ids of what was ingested, and plants what only failures and removals make."""
        with self.owner(space) as connection:
            errors = []
            for zone in space.zones.values():
                zone.document, access = connection.execute(
                    "SELECT id, access_id FROM documents WHERE space_id = %s AND path = %s", (space.id, zone.path)
                ).fetchone()
                (zone.block,) = connection.execute(
                    "SELECT id FROM blocks WHERE document_id = %s AND strpos(text, %s) > 0", (zone.document, zone.text)
                ).fetchone()
                (zone.quarantined,) = connection.execute(
                    "UPDATE quarantine SET reason = %s, detail = %s WHERE space_id = %s AND path = %s RETURNING document_id",
                    (zone.reason, zone.reason, space.id, zone.unreadable),
                ).fetchone()
                errors.append({"document_id": str(zone.quarantined), "path": zone.unreadable, "reason": zone.reason})
                zone.receipt = uuid4()
                connection.execute(
                    "INSERT INTO receipts (id, space_id, document_id, path, access_id) VALUES (%s, %s, %s, %s, %s)",
                    (zone.receipt, space.id, zone.document, zone.receipt_path, access),
                )
            (space.job,) = connection.execute(
                "UPDATE runs SET errors = %s WHERE space_id = %s RETURNING id", (Jsonb(errors), space.id)
            ).fetchone()
