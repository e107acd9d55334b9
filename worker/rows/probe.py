"""One call: what to send for a slot, and the row that came of it."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic_core import to_json

from shared import tracing
from shared.analysis import gap_histogram
from shared.answer import Ask, Reply, has_token, read_exchange
from shared.answer.dialects.chat import Dialect
from shared.answer.wording import USUAL, Wording
from shared.clock import wall_s
from shared.opinion import judges_of
from shared.plan import Work, unique_prefix, with_prefix, work
from shared.sample import Outcome, Sample
from shared.upstream import dialect_of
from shared.wire import Caps, Exchange, Request, caps_for, request
from worker.assignment import AskedUpstream, Assignment
from worker.rows.slack import slack_of
from worker.slot import Slot
from worker.wordings import Wordings

_CACHED_BYTES = 32 * 1024 * 1024


@dataclass(slots=True)
class Attempt:
    """A call under way, or ended and not yet read."""

    slot: Slot
    work: Work
    started_s: float
    """Absolute, monotonic."""
    started_at: float
    """Wall clock, for the label."""
    hold: str = ""
    """The name of what is held of a budget for it; "" for nothing."""
    cut: Outcome | None = None
    """Why we closed it ourselves, if we did."""
    wording: Wording = USUAL
    """How it was asked."""


HasToken = Callable[[Exchange], bool]


@dataclass(frozen=True, slots=True)
class _Address:
    """Where the requests to one upstream go, and how it is spoken to."""

    url: str
    headers: dict[str, str] = field(repr=False)
    """Its key among them."""
    dialect: Dialect
    upstream: str
    """What rows say of it."""

    @classmethod
    def of(cls, upstream: AskedUpstream, more: dict[str, str]) -> "_Address":
        """more: headers of the run."""
        settings = upstream.settings
        dialect = dialect_of(settings)
        headers = dialect.headers(upstream.key, settings) | more
        url = settings.openrouter_base_url + dialect.PATH
        return cls(url, headers, dialect, upstream.url)

    def has_token(self, exchange: Exchange) -> bool:
        """Whether a token has come by now."""
        return has_token(exchange, self.dialect)


class ReadAttempt(NamedTuple):
    """A call that has ended and was read."""

    call: Attempt
    reply: Reply
    sample: Sample


class Probe:
    """Everything about one shard's calls that is the same for each of them."""

    def __init__(
        self,
        assigned: Assignment,
        *,
        wordings: Wordings,
        worker: str,
        traceparent: str | None = None,
    ) -> None:
        """wordings: how its targets are asked.
        traceparent: the shard's place in a trace, the same in each of its requests,
        since their bytes are built once."""
        self.plan, self._lease = assigned.plan, assigned.lease
        plan, settings = assigned.plan, assigned.settings
        self.wordings = wordings
        self.worker = worker
        self._start_s = assigned.clock.monotonic(self._lease.start_ms)
        self._text_bytes = settings.max_answer_bytes
        more = {**tracing.headers(traceparent), **plan.extra_headers}
        there = {
            name: _Address.of(upstream, more)
            for name, upstream in assigned.upstreams.items()
        }
        self._to = [there[target.at] for target in plan.targets]
        """Of each target, where its requests go and how."""
        self._built: OrderedDict[tuple[int, int, Wording], Request] = OrderedDict()
        self._built_bytes = 0
        self._most_tokens = 0
        self.caps = Caps()
        """Of every call: for the largest answer that was asked for so far."""
        self._allow(plan.max_tokens)

    def work(self, index: int) -> Work:
        """What the slot asks."""
        return work(self.plan, self._lease.step.number, index)

    def request(self, slot: Slot, asked: Work) -> Request:
        """The bytes to send, built before the clock of the call runs."""
        if self.plan.is_prefixed(self.plan.targets[asked.target]):
            return self._build(asked, self._prefix(slot))
        key = (asked.target, asked.prompt, self.wordings.of(asked.target))
        built = self._built.get(key)
        if built is None:
            built = self._built[key] = self._build(asked, "")
            self._built_bytes += len(built.head_and_body)
            while self._built_bytes > _CACHED_BYTES and len(self._built) > 1:
                _, old = self._built.popitem(last=False)
                self._built_bytes -= len(old.head_and_body)
        return built

    def _prefix(self, slot: Slot) -> str:
        number = self._lease.step.number
        return unique_prefix(self._lease.job_id, number, slot.number, slot.attempt)

    def _build(self, asked: Work, prefix: str) -> Request:
        plan, target = self.plan, self.plan.targets[asked.target]
        prompt = plan.prompts.prompt(asked.prompt)
        wording = self.wordings.of(asked.target)
        turns = prompt.turns(plan.system_prompt)
        most_tokens = plan.most_tokens(target, prompt)
        self._allow(most_tokens)
        if prefix:
            turns = with_prefix(turns, prefix)
        ask = Ask(
            model=target.model,
            messages=turns,
            max_tokens=most_tokens,
            stream=plan.stream,
            temperature=plan.temperature_of(target),
            seed=plan.seed,
            provider=target.provider,
            routing=target.routing,
            limit_field=wording.limit_field,
            stream_options=wording.stream_options,
            extra=plan.extra_of(target),
        )
        to = self._to[asked.target]
        return request("POST", to.url, to.headers, to.dialect.build(ask))

    def _allow(self, tokens: int) -> None:
        if tokens > self._most_tokens:
            self._most_tokens = tokens
            self.caps = caps_for(tokens)

    def read(self, call: Attempt, exchange: Exchange) -> ReadAttempt:
        """What came of a call that was sent, or tried to be: the answer and its row.
        Never raises for what a stranger sent."""
        reply = read_exchange(
            exchange,
            self._to[call.work.target].dialect,
            self.plan.stream,
            self._text_bytes,
            now_s=wall_s(),
            drained=call.cut is Outcome.UNFINISHED,
        )
        return ReadAttempt(call, reply, self._sample(call, exchange, reply))

    def has_token_of(self, target: int) -> HasToken:
        """Tells whether a token has come by now; asked once, when the first is due."""
        return self._to[target].has_token

    def _sample(self, call: Attempt, exchange: Exchange, reply: Reply) -> Sample:
        start = self._start_s
        dropped = reply.outcome is Outcome.DROPPED
        gaps, gap_sum_s, gap_max_s = gap_histogram(
            () if reply.is_burst else reply.token_events_s
        )
        slack = slack_of(exchange, reply, self._to[call.work.target].dialect)
        due_s, sent_s, ack_s = call.slot.due_s, exchange.sent_s, reply.ack_s
        first_s, visible_s = reply.first_token_s, reply.first_visible_s
        last_s, ended_s = reply.last_token_s, reply.ended_s
        return Sample(
            step=self._lease.step.number,
            slot=call.slot.number,
            attempt=call.slot.attempt,
            segment=self._lease.segment,
            worker=self.worker,
            target=call.work.target,
            prompt=call.work.prompt,
            repetition=call.work.repetition,
            outcome=reply.outcome,
            status=reply.status,
            error=reply.error,
            served_model=reply.served_model,
            provider=reply.provider,
            generation_id=reply.generation_id,
            finish_reason=reply.finish_reason,
            started_at=call.started_at,
            due_s=due_s - start if due_s else None,
            # what was not sent for want of a descriptor has not been started
            started_s=None if dropped else call.started_s - start,
            sent_s=None if sent_s is None else sent_s - start,
            ack_s=None if ack_s is None else ack_s - start,
            first_token_s=None if first_s is None else first_s - start,
            first_visible_s=None if visible_s is None else visible_s - start,
            last_token_s=None if last_s is None else last_s - start,
            ended_s=None if ended_s is None else ended_s - start,
            connect_s=exchange.connect_s,
            reused=exchange.reused,
            stamp_slack_s=slack.token_s,
            gaps=gaps,
            gap_sum_s=gap_sum_s,
            gap_max_s=gap_max_s,
            prompt_tokens=reply.prompt_tokens,
            output_tokens=reply.output_tokens,
            reasoning_tokens=reply.reasoning_tokens,
            cached_tokens=reply.cached_tokens,
            total_tokens=reply.total_tokens,
            tokens_from=reply.tokens_from,
            cost_usd=reply.cost_usd,
            cache_hit=reply.cache_hit,
            retry=call.slot.retries,
            notes=reply.notes,
            upstream=self._to[call.work.target].upstream,
            ttft_slack_s=slack.ttft_s,
            gap_slack_s=slack.gap_s,
            gap_doubtful_n=slack.doubtful_gaps,
            last_slack_s=slack.last_s,
            end_slack_s=slack.end_s,
        )

    def dropped(self, slot: Slot, why: str) -> Sample:
        """The row of a slot that was due and never sent. why: a sentence."""
        asked = self.work(slot.number)
        return Sample(
            step=self._lease.step.number,
            slot=slot.number,
            attempt=slot.attempt,
            segment=self._lease.segment,
            worker=self.worker,
            target=asked.target,
            prompt=asked.prompt,
            repetition=asked.repetition,
            outcome=Outcome.DROPPED,
            error=why,
            started_at=wall_s(),
            due_s=slot.due_s - self._start_s,
            upstream=self._to[asked.target].upstream,
        )

    def answer(self, call: Attempt, exchange: Exchange, reply: Reply) -> bytes:
        """What to keep of the answer, as the plan says; b"" for nothing."""
        keep, keep_events = self.plan.keep_answers, self.plan.keep_events
        keep_text = keep == "all" or (keep == "first" and call.work.repetition == 0)
        text, reasoning = (reply.text, reply.reasoning) if keep_text else ("", "")
        for_judge = not keep_text and self._goes_to_judge(call, reply)
        text = reply.text if for_judge else text
        sent_s = exchange.sent_s
        events_s = None
        if keep_events and sent_s is not None:
            events_s = [round(at_s - sent_s, 6) for at_s in reply.token_events_s]
        if not text and not reasoning and not events_s:
            return b""
        return to_json(
            {
                "step": self._lease.step.number,
                "slot": call.slot.number,
                "attempt": call.slot.attempt,
                "outcome": reply.outcome,
                "text": text,
                "reasoning": reasoning,
                "cut": (keep_text or for_judge) and reply.cut,
                "token_events_s": events_s,
                **({"for_judge": True} if for_judge else {}),
            }
        )

    def _goes_to_judge(self, call: Attempt, reply: Reply) -> bool:
        """Whether its text is kept until it was judged, though the plan keeps none."""
        if reply.outcome is not Outcome.OK or self._lease.step.warmup:
            return False
        return bool(judges_of(self.plan, call.work.prompt))
