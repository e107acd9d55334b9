// The form of a new benchmark: what it says is dry-run as it changes, and begun by one button.
import { begin as beginCatalogue } from "./catalogue.js";
import { begin as beginChecks, checks, showChecks } from "./checks.js";
import { all, carried, getJson, one, postJson, settled } from "./dom.js";
import { clearErrors, showErrors } from "./errors.js";
import { fill } from "./fill.js";
import { draw } from "./picture.js";
import { loadOf, planOf } from "./plan.js";
import { begin as beginPrompts, count, source, take } from "./prompts.js";
import { able, quoted, usd } from "./quote.js";
import { begin as beginRecipes, MODEL, tell } from "./recipes.js";
import { curl, yaml } from "./same.js";
import { showStages, stages } from "./stages.js";
import { chosen, follow, lean, showTargets } from "./targets.js";

const form = one("#plan");
const button = one("#begin");
const said = one("#begin-said");
const carriedOver = carried("carried");

let kept = {}; // of a plan that was put into the form: what there is no field for
let inside = {}; // the same of its load, slo, retries and find

function plan() {
  const now = planOf(form, { targets: chosen, prompts: source(), checks: checks(), stages: stages(), kept });
  for (const [name, more] of Object.entries(inside)) if (now[name]) now[name] = { ...now[name], ...more };
  return now;
}

const ready = () => chosen.length > 0 && count() > 0;

function showFields() {
  const kind = one("input[name=load]:checked", form).value;
  for (const row of all("[data-load]", form)) row.hidden = !row.dataset.load.split(" ").includes(kind);
}

function showSame() {
  const as = one("input[name=as]:checked", form).value;
  one("#same").textContent = as === "curl" ? curl(plan()) : yaml(plan()).trimStart();
  const names = [...Object.keys(kept), ...Object.entries(inside).flatMap(([name, more]) => Object.keys(more).map((each) => `${name}.${each}`))];
  one("#kept").textContent = names.length ? `Without a field in this form, and kept as it was: ${names.join(", ")}.` : "";
}

// -- the dry run

let asked = 0;

function showQuote(quote, now) {
  const warmup = now.load?.warmup ?? 0;
  const each = quote.calls === null ? null : Math.floor((quote.calls - warmup) / quote.targets.length);
  one("#quote").replaceChildren(...quoted(quote, warmup), ...(each === null ? [] : [able(each, carriedOver, quote.targets.length)]));
  const budget = now.max_cost_usd;
  const most = [budget, quote.worst_usd].filter((usd) => typeof usd === "number");
  button.textContent = most.length ? `Begin, at most ${usd(Math.min(...most))}` : "Begin";
  said.textContent =
    budget !== undefined && quote.expected_usd !== null && budget < quote.expected_usd
      ? `It will end early: ${usd(budget)} is below the ${usd(quote.expected_usd)} that is expected. ${usd(quote.worst_usd)} is enough for the worst.`
      : "";
  button.removeAttribute("aria-disabled");
}

async function dryRun() {
  const mine = ++asked;
  button.setAttribute("aria-disabled", "true");
  if (!ready()) {
    said.textContent = chosen.length ? "Give a prompt to go on." : "Choose a target to go on.";
    return;
  }
  const now = plan();
  const answer = await postJson("/benchmark?dry_run=true", now);
  if (mine !== asked) return;
  clearErrors(form);
  if (answer.ok) showQuote(answer.body, now);
  else said.textContent = showErrors(form, answer.body);
}

async function showPicture() {
  const { load, sweep, find } = loadOf(form, stages());
  one("#picture").toggleAttribute("hidden", Boolean(find));
  if (find) {
    one("#picture-said").textContent = `It begins at ${find.low ?? "the first value"} and doubles as long as enough calls are good ones (Good enough, below); then it halves the space between the largest value that passed and the smallest that failed. Each value is a step of all prompts, ${one('[data-field="runs"]', form).value || "so many"} times each; hundreds of calls a step make it exact.`;
    return;
  }
  const runs = Math.max(1, (plan().runs || 1) * Math.max(1, chosen.length) * Math.max(1, count()));
  const answer = await postJson("/new/shape", { load, sweep, runs: Math.min(runs, 1_000_000) });
  one("#picture-said").textContent = answer.ok ? draw(one("#picture"), answer.body) : "";
  one("#picture").toggleAttribute("hidden", !answer.ok);
}

const dryRunSoon = settled(dryRun, 350);
const pictureSoon = settled(showPicture, 200);

function changed() {
  asked++; // an answer that is under way is about what was before
  button.setAttribute("aria-disabled", "true");
  showSame();
  dryRunSoon();
  pictureSoon();
}

async function begin(event) {
  event.preventDefault();
  if (button.getAttribute("aria-disabled") === "true") return;
  button.setAttribute("aria-disabled", "true");
  const answer = await postJson("/benchmark", plan());
  if (answer.ok) {
    location.assign(`/runs/${answer.body.job_id}`);
    return;
  }
  clearErrors(form);
  said.textContent = showErrors(form, answer.body);
  button.removeAttribute("aria-disabled");
  one("[aria-invalid]", form)?.focus();
}

/** Puts a plan into the form; its targets are the caller's business. */
function put(given) {
  const found = fill(form, given);
  ({ kept, inside } = found);
  showStages(found.stages, changed);
  showChecks(given.checks ?? [], changed);
  if (given.prompts) take(given.prompts, changed);
  showFields();
  showTargets(changed);
  changed();
}

/** The plan of the run that this one shall be like; else what "Try it" left. */
async function given() {
  const like = new URLSearchParams(location.search).get("like");
  if (!like) return JSON.parse(sessionStorage.getItem("new") ?? "null");
  const answer = await getJson(`/benchmark/${encodeURIComponent(like)}`);
  if (!answer.ok) {
    tell("There is nothing to begin with.", answer.body.detail);
    return null;
  }
  tell(`Like ${answer.body.name ?? answer.body.job_id}.`, "Change what shall differ; the less that is, the more their comparison says.");
  const { name, tags, plan: found } = answer.body;
  for (const [field, value] of [["name", name ?? ""], ["tags", tags.join(", ")]]) one(`[data-field="${field}"]`, form).value = value;
  return found;
}

async function takeOver() {
  const from = await given();
  sessionStorage.removeItem("new");
  if (!from) return;
  chosen.push(...from.targets.map(lean));
  put(from);
}

form.addEventListener("input", (event) => {
  if (event.target.closest(".cat, .filters, .drop, .chosen") || event.target.id === "text") return;
  if (event.target.name === "as") return showSame();
  if (event.target.name === "load") {
    delete inside.load;
    showFields();
  }
  changed();
});
form.addEventListener("submit", begin);
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); // Begin costs money
});
one("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(one("#same").textContent);
  one("#copy").textContent = "Copied";
});

showFields();
showStages([], changed);
beginPrompts(changed);
beginChecks(changed);
beginCatalogue(changed).then(takeOver);
beginRecipes((recipe) => {
  follow(recipe.targets.filter(({ model }) => model === MODEL));
  put(recipe);
});
changed();
