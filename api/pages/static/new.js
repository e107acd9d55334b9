// The form of a new benchmark: what it says is dry-run as it changes, and begun by one button.
import { begin as beginCatalogue, chosen, showTargets } from "./catalogue.js";
import { begin as beginChecks, checks } from "./checks.js";
import { all, carried, one, postJson, settled } from "./dom.js";
import { draw } from "./picture.js";
import { curl, loadOf, placeOf, planOf, yaml } from "./plan.js";
import { begin as beginPrompts, keep, prompts } from "./prompts.js";
import { able, quoted, usd } from "./quote.js";

const form = one("#plan");
const button = one("#begin");
const said = one("#begin-said");
const { needs } = carried("carried");

const plan = () => planOf(form, chosen, prompts, checks());
const ready = () => chosen.length > 0 && prompts.length > 0;

function showFields() {
  const kind = one("input[name=load]:checked", form).value;
  for (const row of all("[data-load]", form)) row.hidden = !row.dataset.load.split(" ").includes(kind);
}

function showSame() {
  const as = one("input[name=as]:checked", form).value;
  one("#same").textContent = as === "curl" ? curl(plan()) : yaml(plan()).trimStart();
}

// -- errors stand beside their field

function clearErrors() {
  for (const place of all("[data-error]", form)) place.textContent = "";
  for (const input of all("[aria-invalid]", form)) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

function showErrors(problem) {
  const left = [];
  for (const { field, message } of problem.errors ?? [{ field: "", message: problem.detail }]) {
    const { input, place } = placeOf(form, field);
    if (input) input.setAttribute("aria-invalid", "true");
    if (!place) {
      left.push(field ? `${field}: ${message}` : message);
      continue;
    }
    place.id ||= `error-${place.dataset.error.split(" ")[0]}`;
    place.textContent = [place.textContent, message].filter(Boolean).join(" ");
    input?.setAttribute("aria-describedby", place.id);
  }
  said.textContent = left.join(" ") || "Something in the form cannot be run as it is: it is marked there.";
}

// -- the dry run

let asked = 0;

function showQuote(quote, now) {
  const warmup = now.load?.warmup ?? 0;
  const each = quote.calls === null ? null : Math.floor((quote.calls - warmup) / now.targets.length);
  one("#quote").replaceChildren(...quoted(quote, warmup), ...(each === null ? [] : [able(each, needs)]));
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
  clearErrors();
  if (answer.ok) showQuote(answer.body, now);
  else showErrors(answer.body);
}

async function showPicture() {
  const { load, sweep } = loadOf(form);
  const runs = Math.max(1, (plan().runs || 1) * Math.max(1, chosen.length) * Math.max(1, prompts.length));
  const answer = await postJson("/new/shape", { load, sweep, runs: Math.min(runs, 1_000_000) });
  if (answer.ok) one("#picture-said").textContent = draw(one("#picture"), answer.body);
  one("#picture").toggleAttribute("hidden", !answer.ok);
}

const dryRunSoon = settled(dryRun, 350);
const pictureSoon = settled(showPicture, 200);

function changed() {
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
  clearErrors();
  showErrors(answer.body);
  button.removeAttribute("aria-disabled");
  one("[aria-invalid]", form)?.focus();
}

form.addEventListener("input", (event) => {
  if (event.target.closest(".cat, .find, .drop, .chosen") || event.target.name === "price" || event.target.id === "text") return;
  if (event.target.name === "as") return showSame();
  if (event.target.name === "load") showFields();
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
beginPrompts(changed);
beginChecks(changed);
beginCatalogue(changed).then(() => {
  // what another page left: targets and a prompt of "Try it"
  const from = JSON.parse(sessionStorage.getItem("new") ?? "null");
  sessionStorage.removeItem("new");
  if (!from) return;
  chosen.push(...from.targets);
  showTargets(changed);
  if (from.prompts.length) keep(from.prompts, changed);
  changed();
});
changed();
