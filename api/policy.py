"""What a browser may do with a page of ours."""

_ALL = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; frame-ancestors 'none'; "
)
POLICY = _ALL + "style-src 'self'; form-action 'none'"
"""Of the pages of the API: scripts, styles and data of this server alone, none of them
inline."""

_FORMS = _ALL + "style-src 'self'; form-action 'self'"
_CHARTS = (
    _ALL.replace("data:;", "data: blob:;")  # of which Plotly makes a PNG
    + "style-src 'self' 'unsafe-inline'; form-action 'self'"
)


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


HEADERS = _headers(POLICY)
PAGE = {**_headers(_FORMS), "Cache-Control": "no-cache"}
"""Of a page that sends forms to this server."""
CHARTED_PAGE = {**_headers(_CHARTS), "Cache-Control": "no-cache"}
"""Of a page with figures by Plotly, which styles its buttons and legends inline."""
