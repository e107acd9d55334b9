"""A second opinion: reads a simulator's replies with nothing of the simulator's."""

import json
import re
import time
from typing import Any

import httpx

OPENROUTER = "/api/v1/chat/completions"
PLAIN = "/v1/chat/completions"


def ask(
    model: str = "acme/swift-8b", prompt: str = "hello there", **more: object
) -> dict[str, object]:
    """The body of a request."""
    messages = [{"role": "user", "content": prompt}]
    return {"model": model, "messages": messages, **more}


def fault_header(fault: str) -> dict[str, str]:
    return {"X-Sim-Fault": fault}


def payloads(body: bytes) -> list[bytes]:
    """The data of each event; lines end with CR LF, LF or CR."""
    lines = re.split(rb"\r\n|\n|\r", body.removeprefix(b"\xef\xbb\xbf"))
    return [line[6:] for line in lines if line.startswith(b"data: ")]


def events(body: bytes) -> list[dict[str, Any]]:
    """The JSON of each event but `[DONE]`."""
    return [json.loads(data) for data in payloads(body) if data != b"[DONE]"]


def text(body: bytes) -> str:
    """The content of a stream."""
    choices = [choice for event in events(body) for choice in event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def last_record(sim: httpx.Client) -> dict[str, Any]:
    """The ledger's newest record, once its call is over."""
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        records: list[dict[str, Any]] = sim.get("/sim/ledger").json()["records"]
        if records and records[-1]["ended_s"] is not None:
            return records[-1]
        time.sleep(0.01)
    raise AssertionError("the call did not end")


def classify(sim: httpx.Client, request: dict[str, Any], fault: str) -> str:
    """The outcome of one call, in the words of the project's metrics."""
    body = b""
    dropped = False
    with sim.stream(
        "POST", OPENROUTER, json=request, headers=fault_header(fault)
    ) as reply:
        try:
            for part in reply.iter_raw():
                body += part
        except httpx.RemoteProtocolError:
            dropped = True
    if reply.status_code != 200:
        return _of_status(reply.status_code)
    if "content-encoding" in reply.headers:
        return "protocol_error"
    if dropped:
        return "truncated"
    try:
        if reply.headers["content-type"] == "text/event-stream":
            return _of_stream(body)
        return _of_body(json.loads(_without_comments(body)))
    except ValueError as error:
        broke_off = isinstance(error, json.JSONDecodeError) and (
            not body.strip()
            or error.pos >= len(body) - 1
            or "Unterminated" in error.msg
        )
        return "truncated" if broke_off else "protocol_error"


def _without_comments(body: bytes) -> bytes:
    lines = body.split(b"\n")
    return b"\n".join(line for line in lines if not line.startswith(b":"))


def _of_status(status: int) -> str:
    if status in (402, 429):
        return {402: "no_credit", 429: "rate_limited"}[status]
    return "refused" if status < 429 and status != 408 else "upstream_error"


def _of_stream(body: bytes) -> str:
    if max(len(data) for data in payloads(body)) > 1 << 20:
        return "protocol_error"
    if re.search(rb"^ *[{]", body, re.MULTILINE):
        return "protocol_error"  # a line without a field
    if b"event: error" in body:
        return "error_in_200"
    unnamed = re.sub(rb"event: \w+[\r\n]+data: .*", b"", body)
    told = [event for event in events(unnamed) if event is not None]
    if any(isinstance(event, list) or _is_flat_error(event) for event in told):
        return "error_in_200"
    choices = [choice for event in told for choice in event.get("choices", [])]
    deltas = [choice["delta"] for choice in choices]
    finishes = [choice["finish_reason"] for choice in choices]
    if any(delta.get("refusal") for delta in deltas) or "content_filter" in finishes:
        return "refused"
    if any("error" in event for event in told) or "error" in finishes:
        return "error_in_200"
    if b"[DONE]" not in payloads(body) and not any(finishes):
        return "truncated"
    thought = any(d.get("reasoning") or d.get("reasoning_details") for d in deltas)
    spoken = any(
        delta.get("content") or delta.get("tool_calls") or delta.get("function_call")
        for delta in deltas
    )
    return _of_text(spoken=spoken, thought=thought, cut="length" in finishes)


def _is_flat_error(body: Any) -> bool:
    return "choices" not in body and bool({"code", "detail"} & set(body))


def _of_body(body: Any) -> str:
    if isinstance(body, list) or (_is_flat_error(body) and "error" not in body):
        return "error_in_200"
    if isinstance(body.get("provider"), dict):
        body = body["provider"]
    choices = body.get("choices") or []
    if "error" in body or any(choice.get("error") for choice in choices):
        return "error_in_200"
    if not choices:
        return "empty"
    message = choices[0]["message"]
    if message["refusal"] or choices[0]["finish_reason"] == "content_filter":
        return "refused"
    return _of_text(
        spoken=any(
            message.get(name) for name in ("content", "tool_calls", "function_call")
        ),
        thought=bool(message["reasoning"]),
        cut=choices[0]["finish_reason"] == "length",
    )


def _of_text(*, spoken: bool, thought: bool, cut: bool) -> str:
    if spoken:
        return "ok"
    return "no_text" if thought or cut else "empty"


def catalogue_rows(sim: httpx.Client, **query: str) -> dict[str, Any]:
    """The rows of the catalogue by model id, asked for without a key."""
    reply = sim.get("/api/v1/models", params=query, headers={"authorization": ""})
    assert reply.headers["cache-control"].startswith("public, max-age=120")
    return {row["id"]: row for row in reply.json()["data"]}
