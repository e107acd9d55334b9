// The targets that were chosen, a row each, with whoever shall serve them.
import { all, drawn, element, one } from "./dom.js";
import { providersOf } from "./providers.js";
import { usd } from "./quote.js";
import { MODEL } from "./recipes.js";

const COLOURS = 4;
const PINS = ["provider", "providers"];

export const chosen = []; // as the plan has them, in the order of choice

let pattern = [{ model: MODEL }]; // what a model that is ticked becomes

export const atOf = (target) => target.upstream ?? "";
const labelOf = ({ upstream, model, provider, name }) => name ?? `${upstream ? `${upstream}::` : ""}${model}${provider ? `@${provider}` : ""}`;
export const price = (value) => (value === null ? "–" : value === 0 ? "$0" : usd(value));

function made(model, at) {
  return pattern.map((each) => {
    const target = { ...each, model: each.model.replace(MODEL, model) };
    if (each.name) target.name = each.name.replace(MODEL, model);
    if (at) target.upstream = at;
    return target;
  });
}

/** A target of a stored plan, without what says nothing. */
export const lean = (target) => {
  const { upstream, ...said } = Object.fromEntries(Object.entries(target).filter(([, each]) => each !== null && JSON.stringify(each) !== "{}"));
  return upstream && upstream !== "default" ? { ...said, upstream } : said;
};

export const isChosen = (model, at) => chosen.some((each) => each.model === model && atOf(each) === at);

export function choose(model, at) {
  if (!isChosen(model, at)) chosen.push(...made(model, at));
}

export function leave(model, at) {
  for (let n = chosen.length - 1; n >= 0; n--) if (chosen[n].model === model && atOf(chosen[n]) === at) chosen.splice(n, 1);
}

/** From now on, and for those chosen already, each model becomes these targets. */
export function follow(targets) {
  pattern = targets;
  const models = new Map(chosen.map((each) => [JSON.stringify([each.model, atOf(each)]), each]));
  chosen.splice(0, chosen.length);
  for (const each of models.values()) choose(each.model, atOf(each));
}

const mark = (n) => {
  if (n >= COLOURS) return element("span", { class: "m" });
  const use = drawn("use", { href: `#mk${n + 1}`, x: 6, y: 6 });
  return drawn("svg", { class: `m s${n + 1}`, "aria-hidden": "true" }, use);
};

function told(each) {
  const cost = each.completion_usd_per_million === null ? "" : `, ${price(each.completion_usd_per_million)}/1M out`;
  const up = each.uptime_last_1d_percent === null ? "" : `, up ${each.uptime_last_1d_percent.toFixed(1)} %`;
  return `${each.provider}${cost}${up}`;
}

const group = (label, options) => (options.length ? element("optgroup", { label }, ...options) : null);
const option = (value, words) => element("option", { value: JSON.stringify(value) }, words);

/** The choice of who serves it; its values are what it adds to the target. */
function pinOf(target) {
  const pin = element("select", { "aria-label": `Provider of ${labelOf(target)}` }, option({}, "any provider"));
  const now = Object.fromEntries(PINS.filter((name) => target[name]).map((name) => [name, target[name]]));
  if (target.routing) pin.hidden = true;
  providersOf(target.model, atOf(target)).then((found) => {
    const some = Array.from({ length: Math.max(0, found.length - 2) }, (_, n) => option({ providers: n + 2 }, `the ${n + 2} cheapest, each`));
    const each = found.length > 1 ? [option({ providers: "all" }, "all healthy ones, each"), ...some] : [];
    pin.append(...[group("Compare providers", each), group("One of them", found.map((one) => option({ provider: one.slug }, told(one))))].filter(Boolean));
    const value = JSON.stringify(now);
    if (![...pin.options].some((each) => each.value === value)) pin.append(option(now, now.provider ?? (now.providers === "all" ? "all healthy ones, each" : `the ${now.providers} cheapest, each`)));
    pin.value = value;
  });
  return pin;
}

function more({ name, model, routing, unique_prefix: unique }) {
  const said = [
    name && model,
    routing && `routed by ${Object.entries(routing).map(([key, value]) => `${key}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join(", ")}`,
    unique && "a unique line before each prompt",
  ].filter(Boolean);
  return said.length ? element("span", { class: "l2" }, said.join(" · ")) : null;
}

function rowOf(target, n, changed) {
  const pin = pinOf(target);
  const out = element("button", { type: "button", class: "btn quiet", "aria-label": `Remove ${labelOf(target)}` }, "Remove");
  pin.addEventListener("change", () => {
    for (const name of PINS) delete target[name];
    Object.assign(target, JSON.parse(pin.value));
    showTargets(changed);
    changed();
    one("select", all("#targets tr")[n])?.focus();
  });
  out.addEventListener("click", () => {
    chosen.splice(chosen.indexOf(target), 1);
    showTargets(changed);
    changed();
    one("#cq").focus();
  });
  return element("tr", {}, element("td", { class: "nw" }, mark(n), ` ${labelOf(target)}`, more(target)), element("td", {}, pin), element("td", { class: "r" }, out));
}

/** The chosen targets, and the catalogue's boxes as they follow from them. */
export function showTargets(changed) {
  one("#targets").replaceChildren(...chosen.map((target, n) => rowOf(target, n, changed)));
  const free = chosen.some((each) => !each.provider && !each.providers && !each.routing);
  const each = chosen.some((target) => target.providers);
  one("#targets-cap").textContent = [
    free ? "With any provider, each call of a target may be served by another one." : "",
    each ? "Providers are looked up when it begins: a target for each healthy one, the cheapest first; the dry run names them." : "",
  ].filter(Boolean).join(" ");
  for (const box of all("#catalogue input")) box.checked = isChosen(box.value, box.dataset.at);
}
