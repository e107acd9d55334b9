"""What a browser may do with a page of ours."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of every page: scripts, styles and data of this server alone, none of them inline."""

HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
