"""OpenRouter's dialect: what is asked, and every recorded variant understood."""

import pytest
from pydantic_core import from_json

from shared.answer.dialects import openrouter
from shared.answer.reply import Ask, Chunk
from shared.plan import Routing
from shared.plan.prompts import Message
from shared.settings.settings import Settings

USAGE = {
    "prompt_tokens": 17,
    "completion_tokens": 3,
    "total_tokens": 20,
    "cost": 1.4e-05,
    "is_byok": False,
    "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": 0},
    "cost_details": {"upstream_inference_cost": None},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


def event(delta: object = None, finish: object = None, **more: object) -> dict:
    """A chunk as OpenRouter sends it, with `more` at its top."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "gen-1795420801-Qm3x",
        "object": "chat.completion.chunk",
        "model": "acme/orca:free",
        "provider": "DeepInfra",
        "choices": [choice],
    } | more


def test_the_body_says_what_was_asked_and_no_more() -> None:
    message = Message(role="user", content="Столица Португалии?")
    ask = Ask(model="acme/orca", messages=(message,), max_tokens=512, stream=True)
    assert from_json(openrouter.build(ask)) == {
        "model": "acme/orca",
        "messages": [{"role": "user", "content": "Столица Португалии?"}],
        "max_tokens": 512,
        "stream": True,
    }


def test_a_pinned_provider_is_asked_alone_and_zeros_are_sent() -> None:
    ask = Ask(
        model="acme/orca",
        messages=(Message(role="user", content="Hi"),),
        max_tokens=1,
        stream=False,
        temperature=0,
        seed=0,
        provider="deepinfra/fp8",
    )
    body = from_json(openrouter.build(ask))
    assert body["provider"] == {"only": ["deepinfra/fp8"], "allow_fallbacks": False}
    assert (body["temperature"], body["seed"], body["stream"]) == (0, 0, False)


def test_preferences_of_routing_are_the_provider_object() -> None:
    routing = {"sort": "throughput", "max_price": {"prompt": 1, "completion": 2}}
    ask = Ask(
        model="acme/orca",
        messages=(Message(role="user", content="Hi"),),
        max_tokens=1,
        stream=False,
        routing=Routing.model_validate(routing),
    )
    assert from_json(openrouter.build(ask))["provider"] == routing


def test_headers_say_who_we_are() -> None:
    settings = Settings(_env_file=None, app_title="bench", app_referer="https://a.test")
    assert openrouter.headers("sk-or-1", settings) == {
        "Content-Type": "application/json",
        "Authorization": "Bearer sk-or-1",
        "X-OpenRouter-Title": "bench",
        "HTTP-Referer": "https://a.test",
    }


def test_a_chunk_of_text_is_read() -> None:
    chunk = openrouter.read(event({"role": "assistant", "content": "Lis"}))
    assert chunk == Chunk(
        text="Lis",
        provider="DeepInfra",
        served_model="acme/orca:free",
        generation_id="gen-1795420801-Qm3x",
    )


@pytest.mark.parametrize(
    "usage_event",
    [
        event({"content": ""}, "stop", usage=USAGE),  # A: finish_reason repeated
        event(choices=[], usage=USAGE),  # B: no choice
        event({"content": ""}, None, usage=USAGE),  # C: a choice without a reason
        event(choices=None, usage=USAGE),
    ],
)
def test_usage_is_read_in_all_shapes(usage_event: dict) -> None:
    chunk = openrouter.read(usage_event)
    assert chunk.prompt_tokens == 17
    assert chunk.output_tokens == 3
    assert chunk.total_tokens == 20
    assert chunk.cached_tokens == 5
    assert chunk.reasoning_tokens == 2
    assert chunk.cost_usd == 1.4e-05
    assert (chunk.text, chunk.reasoning) == ("", "")


@pytest.mark.parametrize(
    ("cost", "usd"),
    [
        (0, 0.0),
        (None, None),
        ("1.4e-05", 1.4e-05),
        ("dear", None),
        (-1, None),
        (float("nan"), None),
        (True, None),
        (10**400, None),
    ],
)
def test_cost_is_a_number_or_unknown(cost: object, usd: float | None) -> None:
    assert openrouter.read({"usage": {"cost": cost}}).cost_usd == usd


@pytest.mark.parametrize(
    ("told", "known"),
    [(3, 3), (3.0, 3), (0, 0), (None, None), ("3", None), (-1, None), (True, None)],
)
def test_a_count_is_whole_or_unknown(told: object, known: int | None) -> None:
    chunk = openrouter.read({"usage": {"completion_tokens": told}})
    assert chunk.output_tokens == known


@pytest.mark.parametrize(
    ("delta", "reasoning"),
    [
        ({"reasoning": "Hmm"}, "Hmm"),
        (
            {
                "content": "",
                "reasoning": "Hmm",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hmm"}],
            },
            "Hmm",
        ),
        (
            {
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "Hm", "signature": None},
                    {"type": "reasoning.summary", "summary": "m"},
                ]
            },
            "Hmm",
        ),
        (
            {
                "reasoning": "Hmm",
                "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
            },
            "Hmm",
        ),
        ({"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, ""),
        ({"reasoning_details": [{"type": "reasoning.text", "signature": "x"}]}, ""),
        ({"reasoning_details": [None, 3, {"type": []}]}, ""),
        ({"reasoning": None}, ""),
    ],
)
def test_reasoning_is_read_once_and_only_where_readable(
    delta: dict, reasoning: str
) -> None:
    assert openrouter.read(event(delta)).reasoning == reasoning


@pytest.mark.parametrize("delta", [{}, None, {"content": None}, {"content": ""}, "x"])
def test_an_empty_delta_has_no_text(delta: object) -> None:
    assert openrouter.read(event(delta)).text == ""


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "Lis"}, {"type": "image_url"}, "x"]
    parts += [{"type": "text", "text": "bon."}]
    assert openrouter.read(event({"content": parts})).text == "Lisbon."


def test_a_completion_nested_under_provider_is_read() -> None:
    whole = event(provider="Chutes", usage=USAGE)
    whole["choices"] = [{"message": {"content": "Lisbon."}, "finish_reason": "stop"}]
    chunk = openrouter.read({"id": None, "choices": None, "provider": whole})
    assert (chunk.text, chunk.provider, chunk.output_tokens) == ("Lisbon.", "Chutes", 3)


def test_a_provider_that_is_an_object_hides_no_choices() -> None:
    chunk = openrouter.read(event({"content": "a"}, provider={"name": "x"}))
    assert (chunk.text, chunk.provider) == ("a", None)


UPSTREAM_LOST = {
    "code": 502,
    "message": "Upstream connection lost",
    "metadata": {"error_type": "provider_unavailable", "provider_code": "stream_reset"},
}


@pytest.mark.parametrize(
    ("said", "sentence", "code"),
    [
        (
            event({"content": ""}, "error", error=UPSTREAM_LOST),
            "Upstream connection lost",
            502,
        ),
        (
            event({}, None, error={"code": "server_error", "message": "Oh"}),
            "Oh",
            None,
        ),
        (event({}, None, error={"code": "502", "message": "Oh"}), "Oh", 502),
        (
            event({}, usage=USAGE, error={"code": 400, "message": "Token limit"}),
            "Token limit",
            400,
        ),
        (
            event(choices=[], error={"code": 429, "message": "Worker limit"}),
            "Worker limit",
            429,
        ),
        (
            {"error": {"message": "Late", "code": 504}, "user_id": "user_2xE"},
            "Late",
            504,
        ),
        ({"id": None, "choices": None, "error": {"message": "Oh"}}, "Oh", None),
        (
            {"choices": [{"error": {"code": 502, "message": "In choice"}}]},
            "In choice",
            502,
        ),
        ({"error": "just words"}, "just words", None),
        ({"error": {"code": 502}}, "an error without a message (502)", 502),
        (
            {"choices": [{"finish_reason": "error", "native_finish_reason": "MALF"}]},
            "finish_reason error without a message (MALF)",
            None,
        ),
    ],
)
def test_errors_are_read_in_all_shapes(
    said: dict, sentence: str, code: int | None
) -> None:
    chunk = openrouter.read(said)
    assert (chunk.error, chunk.error_code) == (sentence, code)


@pytest.mark.parametrize("error", [None, {}, "", 0, []])
def test_an_empty_error_is_none(error: object) -> None:
    assert openrouter.read(event({"content": "a"}, error=error)).error is None


def test_a_provider_that_failed_is_named() -> None:
    chunk = openrouter.read(
        {"error": {"message": "x", "metadata": {"provider_name": "DeepInfra"}}}
    )
    assert chunk.provider == "DeepInfra"


@pytest.mark.parametrize(
    "said",
    [
        event({"refusal": "I cannot help with that."}),
        event({"content": "I"}, "content_filter"),
        {"error": {"message": "no", "metadata": {"error_type": "refusal"}}},
    ],
)
def test_a_refusal_is_read(said: dict) -> None:
    assert openrouter.read(said).refused


def test_ids_of_strangers_are_made_safe() -> None:
    chunk = openrouter.read({"id": "a\x1b[2Jb", "model": "m" * 1000, "provider": 7})
    assert chunk.generation_id == "a\\x1b[2Jb"
    assert chunk.served_model == "m" * 200
    assert chunk.provider is None


def test_unknown_fields_and_debug_chunks_do_no_harm() -> None:
    chunk = openrouter.read(event(choices=[], debug={"echo": {}}, new_field=[1]))
    assert (chunk.text, chunk.error, chunk.finish_reason) == ("", None, None)
    assert openrouter.read({"choices": [{"finish_reason": "novel"}]}).finish_reason
