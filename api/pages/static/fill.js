// A plan put into the form: the way back from `planOf`.
import { all, one } from "./dom.js";
import { field, LOADS, SLO } from "./plan.js";

const PLAIN = ["runs", "max_tokens", "temperature", "system_prompt", "max_cost_usd"];
const BOXES = ["unique_prefix", "exclusive"];
const ELSEWHERE = ["schema_version", "name", "tags", "targets", "prompts", "checks"];

function put(form, name, value) {
  if (value !== undefined && value !== null) field(form, name).value = Array.isArray(value) ? value.join(", ") : String(value);
}

const percent = (share) => (typeof share === "number" ? Number((share * 100).toPrecision(12)) : undefined);

/** Of a record, the entries beside those names that say something. */
const rest = (record, names) =>
  Object.fromEntries(Object.entries(record ?? {}).filter(([name, each]) => !names.includes(name) && each !== null && JSON.stringify(each) !== "{}"));

/** Every field as the page came, but for those that say what the run is called. */
function empty(form) {
  for (const each of all("[data-field]", form)) {
    if (["name", "tags", "prompts.number"].includes(each.dataset.field)) continue;
    if (each.type === "checkbox") each.checked = each.defaultChecked;
    else if (each.options) each.selectedIndex = 0;
    else each.value = each.defaultValue;
  }
}

/** Puts `plan` into the fields, which are emptied before, but for name and tags. Gives the stages,
 * and what there is no field for. */
export function fill(form, plan) {
  empty(form);
  for (const name of PLAIN) put(form, name, plan[name]);
  for (const name of BOXES) field(form, name).checked = plan[name] === true;
  field(form, "stream").checked = plan.stream !== false;
  field(form, "keep_answers").value = plan.keep_answers && plan.keep_answers !== "first" ? plan.keep_answers : "";
  put(form, "max_error_share", percent(plan.max_error_share));
  for (const name of SLO) put(form, `slo.${name}`, plan.slo?.[name]);
  for (const name of ["max", "backoff_s"]) put(form, `retries.${name}`, plan.retries?.[name]);
  for (const box of all("[data-decided]", form)) box.checked = plan.until?.decided.includes(box.dataset.decided) ?? false;
  put(form, "until.margin", percent(plan.until?.margin));

  const load = plan.load ?? { kind: "concurrency" };
  const kind = plan.sweep ? "sweep" : plan.find ? "find" : load.kind;
  one(`input[name=load][value="${kind}"]`, form).checked = true;
  put(form, "load.warmup", load.warmup);
  for (const name of LOADS[load.kind]) if (name !== "stages") put(form, `load.${name}`, load[name === "ramp_s" ? "duration_s" : name]);
  for (const name of ["over", "values"]) put(form, `sweep.${name}`, plan.sweep?.[name]);
  for (const name of ["over", "low", "high"]) put(form, `find.${name}`, plan.find?.[name]);
  put(form, "find.goodput", percent(plan.find?.goodput));
  one("#more", form).open = Boolean(plan.until || plan.retries || plan.system_prompt || plan.exclusive);

  const inside = {
    load: rest(load, [...(plan.sweep || plan.find ? [] : ["kind"]), "warmup", ...LOADS[load.kind].map((name) => (name === "ramp_s" ? "duration_s" : name))]),
    slo: rest(plan.slo, SLO),
    retries: rest(plan.retries, ["max", "backoff_s"]),
    find: rest(plan.find, ["over", "low", "high", "goodput"]),
  };
  const names = [...PLAIN, ...BOXES, ...ELSEWHERE, "stream", "keep_answers", "max_error_share", "until", "sweep", ...Object.keys(inside)];
  return { stages: load.stages ?? [], kept: rest(plan, names), inside: rest(inside, []) };
}
