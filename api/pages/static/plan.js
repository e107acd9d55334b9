// The plan that the form says, and which field an error is about. Pure but for reading fields.
import { all, one } from "./dom.js";

/** A field's number; its text where it is none, so that the server says what is wrong; undefined: empty. */
export function numberOf(text) {
  const said = text.trim().replace(/^\$/, "");
  if (!said) return undefined;
  const value = Number(said.replace(",", "."));
  return Number.isNaN(value) ? said : value;
}

export const field = (form, name) => one(`[data-field="${name}"]`, form);
const value = (form, name) => numberOf(field(form, name).value);
const share = (form, name) => {
  const said = value(form, name);
  return typeof said === "number" ? said / 100 : said;
};

/** An object without what is undefined; undefined where nothing is left. */
export function some(record) {
  const known = Object.entries(record).filter(([, each]) => each !== undefined);
  return known.length ? Object.fromEntries(known) : undefined;
}

/** Fields of each kind of load, as the form has them. */
export const LOADS = {
  concurrency: ["concurrency"],
  poisson: ["rate_per_s", "duration_s", "max_in_flight"],
  constant: ["rate_per_s", "duration_s", "max_in_flight"],
  ramp: ["over", "start", "end", "ramp_s"],
  burst: ["size", "interval_s"],
  stages: ["stages"],
  adaptive: ["start_per_minute", "max_per_minute"],
};
export const SLO = ["ttft_s", "latency_s", "tpot_s"];

/** `load`, with `sweep` or `find` where those are meant. stages: what their rows say. */
export function loadOf(form, stages) {
  const kind = one("input[name=load]:checked", form).value;
  const warmup = value(form, "load.warmup") || undefined;
  if (kind === "sweep" || kind === "find") {
    const over = field(form, `${kind}.over`).value;
    const load = over === "rate" ? { kind: "poisson", rate_per_s: 1, warmup } : { kind: "concurrency", warmup };
    if (kind === "find")
      return { load: some(load), find: some({ over, low: value(form, "find.low"), high: value(form, "find.high"), goodput: share(form, "find.goodput") }) };
    const values = field(form, "sweep.values").value.split(/[\s,;]+/).filter(Boolean).map(numberOf);
    return { load: some(load), sweep: { over, values } };
  }
  if (kind === "stages") return { load: some({ kind, stages, warmup }) };
  const { ramp_s: duration_s, ...fields } = Object.fromEntries(LOADS[kind].map((name) => [name, value(form, `load.${name}`)]));
  return { load: some({ kind, ...fields, ...(kind === "ramp" ? { duration_s } : {}), warmup }) };
}

/** The whole plan; what the server has as default is left out. `parts` has what is no field:
 * targets, prompts, checks, stages, and `kept`: what a plan had for which there is no field. */
export function planOf(form, { targets, prompts, checks, stages, kept }) {
  const text = (name) => field(form, name).value.trim() || undefined;
  const on = (name) => field(form, name).checked || undefined;
  const tags = (text("tags") ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
  const decided = all("[data-decided]", form).filter((box) => box.checked).map((box) => box.dataset.decided);
  const retries = some({ max: value(form, "retries.max"), backoff_s: value(form, "retries.backoff_s") });
  return some({
    name: text("name"),
    tags: tags.length ? tags : undefined,
    targets,
    prompts,
    runs: value(form, "runs"),
    ...loadOf(form, stages),
    max_tokens: value(form, "max_tokens"),
    temperature: value(form, "temperature"),
    system_prompt: text("system_prompt"),
    unique_prefix: on("unique_prefix"),
    exclusive: on("exclusive"),
    stream: field(form, "stream").checked ? undefined : false,
    keep_answers: text("keep_answers"),
    retries,
    checks,
    slo: some(Object.fromEntries(SLO.map((name) => [name, value(form, `slo.${name}`)]))),
    max_error_share: share(form, "max_error_share"),
    max_cost_usd: value(form, "max_cost_usd"),
    until: decided.length ? some({ decided, margin: share(form, "until.margin") }) : undefined,
    ...kept,
  });
}

const rowOf = (form, rows, n) => one("select, input", all(rows, form)[n] ?? form.cloneNode(false));

/** Which field of the form an error of the server is about: its element, the words of its label,
 * and the place for the error. */
export function placeOf(form, said) {
  const [, list, n] = said.match(/^(targets|checks|load\.stages(?:\.stages)?)\[(\d+)\]/) ?? [];
  const path = said.replace(/\[\d+\]/g, "").replace(/^load\.(concurrency|poisson|constant|ramp|burst|stages|adaptive)\./, "load.");
  const named = { "load.duration_s": one("input[name=load]:checked", form).value === "ramp" ? "load.ramp_s" : path }[path] ?? path;
  const rows = { targets: "#targets tr", checks: "#checks .check" }[list] ?? "#stages .check";
  const input = list ? rowOf(form, rows, Number(n)) : field(form, named);
  const words = list ? input?.getAttribute("aria-label") : input?.closest("label")?.firstChild.textContent.trim();
  const head = path.split(".")[0];
  const place = all("[data-error]", form).find((each) => each.dataset.error.split(" ").includes(head));
  return { input, words, place: place ?? input?.closest(".field")?.querySelector("[data-error]") };
}
