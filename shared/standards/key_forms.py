"""What a key looks like, for all that must not store, show or log one.

A form that is new belongs into each of the three. They differ in how sure they are: a
plan is refused for what is surely a key, since its author can do something about it;
words of a stranger are masked for what may be one, since nobody needs them; in a log
what stands around a key is kept, since somebody looks for the reason there.
"""

import re

SURE = re.compile(
    r"(?i:\b(?:bearer|basic)\s+\S)|\b[spr]k[-_][\w-]{12,}|\bAIza[\w-]{20,}|\beyJ[\w.-]{20,}"
)

PERHAPS = re.compile(
    r"(?i:\b(?:bearer|basic)\s+[^\s\"',;]+)"  # an echo of our Authorization header
    r"|(?i:\b[spr]k[-_][\w-]{6,})"
    r"|(?i:\b(?:key|gsk|xai|hf|ghp)[-_](?=[a-z_-]*\d)[\w-]{8,})"
    r"|\bAIza[\w-]{10,}"
    r"|\beyJ[\w.-]{10,}"
    r"|\buser_\w{6,}"
    r"|[A-Za-z0-9+=_-]{40,}"  # opaque and long; no model id has 40 of these in a row
)

IN_A_LOG = (
    (re.compile(r"(?i)\b(authorization)\b(['\"]?\s*[:=,]\s*b?['\"]?).*"), r"\1\2***"),
    (re.compile(r"(?i)\bbearer\s+[^\s'\"]+"), "Bearer ***"),
    (re.compile(r"\bsk-[\w-]{6,}"), "sk-***"),
    (re.compile(r"(?<=://)[^/\s@]+@"), "***@"),
)
"""(form, what to put in its place), in this order."""
