"""The matrix of access: which status each route gives to each kind of caller. This table is meant to be read.

A line is a route and what it is asked for. The columns are kinds of callers:

    strangers   whoever has no token that counts: none, expired, of another issuer, for another audience, without a
                signature, signed with the issuer's public key; an API key, a sign-in or a person that was revoked
    reader, ingestor, admin, key
                members of the space that is asked for, with that role; the key is a reader's
    insider     a reader who is also in the group of the space's closed folder
    other's     reader, ingestor, admin and key of another space
    nobody      has signed in, and is a member of no space
    operator    administers the platform

What is asked for: `space` the space itself; `open` and `closed` a document in its open folder, or in the one that an access
rule closes to all but insiders and administrators, or what belongs to such a document; `own` something of the reader's;
`-` nothing in particular. The same table holds for shared, dedicated and encrypted spaces.
"""

from dataclasses import dataclass

COLUMNS = (
    *("strangers", "reader", "ingestor", "admin", "insider", "key"),
    *("other reader", "other ingestor", "other admin", "other key", "nobody", "operator"),
)

TABLE = """
                                                                  this space's              another space's
                                                      strangers   read ing  adm  ins  key   rd  ing adm key nobody operator
POST   /api/v1/memory/search                         space  401   200  200  200  200  200   404 404 404 404   404  200
POST   /api/v1/memory/query                          space  401   200  200  200  200  200   404 404 404 404   404  200
POST   /api/v1/memory/ingest                         space  401   403  202  202  403  403   404 404 404 404   404  202
GET    /api/v1/memory/ingest/{job_id}                space  401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/files                          space  401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/file/{document_id}             open   401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/file/{document_id}             closed 401   404  404  200  200  404   404 404 404 404   404  200
DELETE /api/v1/memory/file/{document_id}             open   401   403  202  202  403  403   404 404 404 404   404  202
DELETE /api/v1/memory/file/{document_id}             closed 401   404  404  202  403  404   404 404 404 404   404  202
GET    /api/v1/memory/file/{document_id}/raw         open   401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/file/{document_id}/raw         closed 401   404  404  200  200  404   404 404 404 404   404  200
GET    /api/v1/memory/blocks/{block_id}              open   401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/blocks/{block_id}              closed 401   404  404  200  200  404   404 404 404 404   404  200
GET    /api/v1/memory/blocks/{block_id}/lineage      open   401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/blocks/{block_id}/lineage      closed 401   404  404  200  200  404   404 404 404 404   404  200
GET    /api/v1/memory/receipts/{receipt_id}          open   401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/memory/receipts/{receipt_id}          closed 401   404  404  200  200  404   404 404 404 404   404  200
GET    /api/v1/spaces                                -      401   200  200  200  200  200   200 200 200 200   200  200
POST   /api/v1/spaces                                -      401   403  403  403  403  403   403 403 403 403   403  201
GET    /api/v1/spaces/{name}                         space  401   200  200  200  200  200   404 404 404 404   404  200
GET    /api/v1/spaces/{name}/members                 space  401   403  403  200  403  403   404 404 404 404   404  200
PUT    /api/v1/spaces/{name}/members/{principal}     space  401   403  403  200  403  403   404 404 404 403   404  200
DELETE /api/v1/spaces/{name}/members/{principal}     space  401   403  403  204  403  403   404 404 404 403   404  204
GET    /api/v1/spaces/{name}/sources/{source}/access space  401   403  403  200  403  403   404 404 404 404   404  200
PUT    /api/v1/spaces/{name}/sources/{source}/access space  401   403  403  200  403  403   404 404 404 404   404  200
PUT    /api/v1/spaces/{name}/quota                   space  401   403  403  403  403  403   404 404 404 404   404  200
GET    /api/v1/spaces/{name}/evaluation-sets         space  401   403  403  200  403  403   404 404 404 404   404  200
POST   /api/v1/spaces/{name}/evaluation-sets         space  401   403  403  201  403  403   404 404 404 404   404  201
GET    /api/v1/spaces/{name}/evaluation-sets/{set_name} space  401   403  403  200  403  403   404 404 404 404   404  200
DELETE /api/v1/spaces/{name}/evaluation-sets/{set_name} space  401   403  403  204  403  403   404 404 404 404   404  204
GET    /api/v1/keys                                  -      401   200  200  200  200  403   200 200 200 403   200  200
POST   /api/v1/keys                                  space  401   403  403  201  403  403   404 404 404 403   404  201
DELETE /api/v1/keys/{key_id}                         space  401   404  404  204  404  403   404 404 404 403   404  204
GET    /api/v1/sessions                              -      401   200  200  200  200  200   200 200 200 200   200  200
DELETE /api/v1/sessions/{session_id}                 own    401   204  404  404  404  404   404 404 404 404   404  204
GET    /auth/me                                      -      401   200  200  200  200  200   200 200 200 200   200  200
POST   /auth/logout                                  -      401   204  204  204  204  403   204 204 204 403   204  204
GET    /metrics                                      -      401   200  200  200  200  200   200 200 200 200   200  200
POST   /auth/token                                   -      404   404  404  404  404  404   404 404 404 404   404  404
GET    /auth/login                                   -      302   302  302  302  302  302   302 302 302 302   302  302
GET    /auth/callback                                -      422   422  422  422  422  422   422 422 422 422   422  422
POST   /auth/backchannel-logout                      -      400   400  400  400  400  400   400 400 400 400   400  400
GET    /health                                       -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /ready                                        -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /docs                                         -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /docs/start.js                                -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /                                             -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /portal/portal.css                            -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /portal/portal.js                             -      200   200  200  200  200  200   200 200 200 200   200  200
GET    /openapi.json                                 -      200   200  200  200  200  200   200 200 200 200   200  200
"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    method: str
    template: str
    target: str
    expected: dict[str, int]

    def __str__(self) -> str:
        return f"{self.method} {self.template} [{self.target}]"


def rows() -> list[Row]:
    """The table as data."""
    found = []
    for line in TABLE.splitlines():
        parts = line.split()
        if len(parts) == 3 + len(COLUMNS) and parts[1].startswith("/"):
            found.append(Row(*parts[:3], dict(zip(COLUMNS, map(int, parts[3:]), strict=True))))
    return found
