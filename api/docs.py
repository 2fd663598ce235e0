"""The page that shows the API: Swagger UI in one pinned version, checked by its hash, under a policy without inline code."""

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse

router = APIRouter(prefix="/docs", include_in_schema=False)

_FROM = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5.35.0/"
_POLICY = (
    f"default-src 'none'; script-src 'self' {_FROM}; style-src 'unsafe-inline' {_FROM}; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_PAGE = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RAGE: the API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_FROM}swagger-ui.css" crossorigin="anonymous"
 integrity="sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I">
</head>
<body>
<div id="swagger-ui"><p>This page loads Swagger UI from cdn.jsdelivr.net. Without the Internet, read
<a href="openapi.json">openapi.json</a>.</p></div>
<script src="{_FROM}swagger-ui-bundle.js" crossorigin="anonymous"
 integrity="sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""


@router.get("")
def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})


@router.get("/start.js")
def start() -> Response:
    """What starts Swagger UI on it."""
    return Response(_START, media_type="text/javascript")
