"""The body of an answer, read: `stream` as server-sent events, `document` as JSON."""
