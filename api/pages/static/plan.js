// The plan that the form says, and the same as YAML and as a command. Pure but for reading fields.
import { all, one } from "./dom.js";

/** A field's number; its text where it is none, so that the server says what is wrong; undefined: empty. */
function numberOf(text) {
  const said = text.trim().replace(/^\$/, "");
  if (!said) return undefined;
  const value = Number(said.replace(",", "."));
  return Number.isNaN(value) ? said : value;
}

const field = (form, name) => one(`[data-field="${name}"]`, form);
const value = (form, name) => numberOf(field(form, name).value);

/** An object without what is undefined; undefined where nothing is left. */
function some(record) {
  const known = Object.entries(record).filter(([, each]) => each !== undefined);
  return known.length ? Object.fromEntries(known) : undefined;
}

export function loadOf(form) {
  const kind = one("input[name=load]:checked", form).value;
  const of = (...names) => some(Object.fromEntries(names.map((name) => [name, value(form, `load.${name}`)])));
  const warmup = value(form, "load.warmup") || undefined;
  if (kind === "sweep") {
    const values = field(form, "sweep.values").value.split(/[\s,;]+/).filter(Boolean).map(numberOf);
    return { load: some({ kind: "concurrency", warmup }), sweep: { over: "concurrency", values } };
  }
  const fields = {
    concurrency: () => of("concurrency"),
    poisson: () => of("rate_per_s", "duration_s", "max_in_flight"),
    constant: () => of("rate_per_s", "duration_s", "max_in_flight"),
    ramp: () => ({ over: field(form, "load.over").value, ...of("start", "end"), duration_s: value(form, "load.ramp_s") }),
    burst: () => of("size", "interval_s"),
    adaptive: () => of("start_per_minute", "max_per_minute"),
  }[kind]();
  return { load: some({ kind, ...fields, warmup }) };
}

/** The whole plan; what the server has as default is left out. */
export function planOf(form, targets, prompts, checks) {
  const text = (name) => field(form, name).value.trim() || undefined;
  const on = (name) => field(form, name).checked || undefined;
  const share = value(form, "max_error_share");
  const tags = (text("tags") ?? "").split(",").map((tag) => tag.trim()).filter(Boolean);
  return some({
    name: text("name"),
    tags: tags.length ? tags : undefined,
    targets,
    prompts: { kind: "inline", prompts },
    runs: value(form, "runs"),
    ...loadOf(form),
    max_tokens: value(form, "max_tokens"),
    temperature: value(form, "temperature"),
    system_prompt: text("system_prompt"),
    unique_prefix: on("unique_prefix"),
    exclusive: on("exclusive"),
    stream: field(form, "stream").checked ? undefined : false,
    checks,
    slo: some(Object.fromEntries(["ttft_s", "latency_s", "tpot_s"].map((name) => [name, value(form, `slo.${name}`)]))),
    max_error_share: typeof share === "number" ? share / 100 : share,
    max_cost_usd: value(form, "max_cost_usd"),
  });
}

// Texts that YAML reads as the text they are; all others are quoted as JSON does.
const PLAIN = /^[A-Za-z][\w/.@-]*(:[\w.@-]+)*$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i;

const leaf = (each) =>
  typeof each === "string" && (!PLAIN.test(each) || RESERVED.test(each)) ? JSON.stringify(each) : String(each);

/** YAML of plain data. */
export function yaml(data, indent = "") {
  if (typeof data !== "object") return leaf(data);
  const inner = `${indent}  `;
  if (!Array.isArray(data))
    return Object.entries(data)
      .map(([key, each]) => `\n${indent}${key}:${typeof each === "object" ? "" : " "}${yaml(each, inner)}`)
      .join("");
  if (data.every((each) => typeof each === "number")) return ` [${data.join(", ")}]`;
  return data.map((each) => `\n${indent}- ${yaml(each, inner).trimStart()}`).join("");
}

/** A command that sends the plan; its quotes are safe for a shell. */
export const curl = (plan) =>
  `curl ${location.origin}/benchmark -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(plan, null, 2).replaceAll("'", "'\\''")}'`;

/** Which field of the form an error of the server is about: its element, or the place for the error. */
export function placeOf(form, said) {
  const path = said.replace(/\[\d+\]/g, "").replace(/^load\.(concurrency|poisson|constant|ramp|burst|adaptive)\./, "load.");
  const named = { "load.duration_s": one("input[name=load]:checked", form).value === "ramp" ? "load.ramp_s" : path }[path] ?? path;
  const input = field(form, named);
  const head = path.split(".")[0];
  const place = all("[data-error]", form).find((each) => each.dataset.error.split(" ").includes(head));
  return { input, place: place ?? input?.closest(".field")?.querySelector("[data-error]") };
}
