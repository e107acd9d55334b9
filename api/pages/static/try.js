// One prompt for several targets at once, streamed side by side. Answers are text, and never markup.
import { all, element, getJson, one } from "./dom.js";
import { usd } from "./quote.js";

const MARKS = all(".place svg");
let stop = null; // ends all calls that are open

const seconds = (value) =>
  value === null ? "–" : value < 1 ? `${Number((value * 1000).toPrecision(3))} ms` : `${Number(value.toPrecision(3))} s`;

/** Events of a POST that answers with server-sent events. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split("\n").filter((line) => line && !line.startsWith(":")).map((line) => line.split(/: (.*)/s)));
      if (fields.event) yield { name: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

function column(model, n) {
  const made = one("#answer").content.firstElementChild.cloneNode(true);
  made.classList.add(`s${n + 1}`, "going");
  one("h2", made).append(MARKS[n].cloneNode(true), model);
  one(".said", made).setAttribute("aria-label", `Answer of ${model}`);
  return made;
}

function showFigures(made, answer) {
  const set = (name, said) => (one(`[data-is="${name}"]`, made).textContent = said);
  const { ttft_seconds: ttft, latency_seconds: latency, completion_tokens: tokens } = answer;
  set("ttft", seconds(ttft));
  set("latency", seconds(latency));
  set("tokens", tokens === null ? "–" : tokens.toLocaleString("en"));
  set("cost", answer.cost_usd === null ? "–" : usd(answer.cost_usd));
  const spoke = ttft === null || latency === null ? 0 : latency - ttft;
  set("rate", tokens > 1 && spoke > 0 ? String(Number(((tokens - 1) / spoke).toPrecision(3))) : "–");
  const notes = [answer.provider && `by ${answer.provider}`, answer.finish_reason && answer.finish_reason !== "stop" && `ended: ${answer.finish_reason}`, answer.reworded];
  one(".cap", made).textContent = notes.filter(Boolean).join(" · ");
}

function showFailure(made, said) {
  const place = one(".cap", made);
  place.className = "err";
  place.textContent = said;
}

async function ask(question, made, signal) {
  const said = one(".said", made);
  try {
    const response = await fetch("/generate", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
      signal,
    });
    if (!response.ok) return showFailure(made, (await response.json()).detail);
    for await (const { name, data } of events(response)) {
      if (name === "delta") said.append(data.text);
      else if (name === "done") return showFigures(made, data);
      else if (name === "error") return showFailure(made, data.detail);
    }
    showFailure(made, "The answer broke off.");
  } catch (error) {
    showFailure(made, error.name === "AbortError" ? "Stopped." : "The server cannot be reached. Is it running?");
  } finally {
    made.classList.remove("going");
  }
}

const targets = () => all(".place input").map((input, n) => ({ model: input.value.trim(), n })).filter(({ model }) => model);
const number = (id) => (one(id).value.trim() ? Number(one(id).value) : undefined);

one("#ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  const asked = targets();
  one("#wrong").textContent = asked.length ? "" : "Name a target to ask.";
  if (!asked.length || stop) return;
  const question = { prompt: one("#prompt").value, stream: true, max_tokens: number("#max_tokens"), temperature: number("#temperature") };
  if (one("#system").value.trim()) question.system_prompt = one("#system").value;
  stop = new AbortController();
  one("#stop").hidden = false;
  one("#go").hidden = true;
  const columns = asked.map(({ model, n }) => column(model, n));
  one("#tried").replaceChildren(...columns);
  one("#note").hidden = false;
  await Promise.all(asked.map(({ model }, n) => ask({ ...question, model }, columns[n], stop.signal)));
  stop = null;
  one("#stop").hidden = true;
  one("#go").hidden = false;
});

one("#stop").addEventListener("click", () => stop?.abort());
one("#keep").addEventListener("click", () => {
  const prompt = one("#prompt").value.trim();
  const models = [...new Set(targets().map(({ model }) => model))];
  sessionStorage.setItem("new", JSON.stringify({ targets: models.map((model) => ({ model })), ...(prompt ? { prompts: { kind: "inline", prompts: [prompt] } } : {}) }));
  location.assign("/new");
});

getJson("/models?filter=all").then((answer) => {
  if (!answer.ok) one("#wrong").textContent = answer.body.detail;
  else one("#models").replaceChildren(...answer.body.models.map((model) => element("option", { value: model })));
});
