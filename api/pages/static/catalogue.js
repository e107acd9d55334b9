// The upstream's models to choose from, and the targets that were chosen.
import { all, drawn, element, getJson, one } from "./dom.js";
import { usd } from "./quote.js";

const MOST_SHOWN = 200;
const COLOURS = 4;

let models = [];
const providers = new Map(); // of a model: a promise of its providers

export const chosen = []; // {model, provider?}, in the order of choice

const tokens = (n) => (n === null ? "–" : n >= 1000 ? [Math.round(n / 1000).toLocaleString("en"), element("i", {}, "k")] : [String(n)]);
const price = (value) => (value === null ? "–" : value === 0 ? "$0" : usd(value));

function fits(model) {
  const text = one("#cq").value.trim().toLowerCase();
  const want = one("input[name=price]:checked").value;
  const words = `${model.id} ${model.name}`.toLowerCase();
  return text.split(/\s+/).every((part) => words.includes(part)) && (want === "all" || (want === "free") === model.free);
}

/** The rows that fit what is searched. */
export function showCatalogue() {
  const found = models.filter(fits);
  const rows = found.slice(0, MOST_SHOWN).map((model) => {
    const box = element("input", { type: "checkbox", value: model.id });
    box.checked = chosen.some((each) => each.model === model.id);
    const row = element("tr", {}, element("td", {}, element("label", { class: "nw" }, box, ` ${model.id}`)));
    if (model.free) row.append(element("td", { class: "r" }, element("b", {}, "free")), element("td", { class: "r" }));
    else row.append(element("td", { class: "r" }, price(model.prompt_usd_per_million)), element("td", { class: "r" }, price(model.completion_usd_per_million)));
    row.append(element("td", { class: "r" }, ...[tokens(model.context_length)].flat()));
    return row;
  });
  one("#catalogue").replaceChildren(...rows);
  const many = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} shown` : "";
  one("#cn").textContent = models.length ? `${found.length} of ${models.length}${many}` : "";
}

const mark = (n) => {
  if (n >= COLOURS) return element("span", { class: "m" });
  const use = drawn("use", { href: `#mk${n + 1}`, x: 6, y: 6 });
  return drawn("svg", { class: `m s${n + 1}`, "aria-hidden": "true" }, use);
};

function providersOf(model) {
  if (!providers.has(model)) {
    const path = model.split("/").map(encodeURIComponent).join("/");
    providers.set(model, getJson(`/models/${path}/providers`).then((answer) => (answer.ok ? answer.body.providers : [])));
  }
  return providers.get(model);
}

function told(each) {
  const cost = each.completion_usd_per_million === null ? "" : `, ${price(each.completion_usd_per_million)}/1M out`;
  const up = each.uptime_last_1d_percent === null ? "" : `, up ${each.uptime_last_1d_percent.toFixed(1)} %`;
  return `${each.provider}${cost}${up}`;
}

function targetRow(target, n, changed) {
  const pin = element("select", { "aria-label": `Provider of ${target.model}` }, element("option", { value: "" }, "any provider"));
  const out = element("button", { type: "button", class: "btn quiet", "aria-label": `Remove ${target.model}` }, "Remove");
  const each = element("button", { type: "button", class: "btn quiet" }, "Compare its providers");
  each.hidden = true;
  providersOf(target.model).then((found) => {
    for (const one of found) pin.append(element("option", { value: one.slug }, told(one)));
    pin.value = target.provider ?? "";
    each.hidden = found.length < 2 || Boolean(target.provider);
  });
  pin.addEventListener("change", () => {
    if (pin.value) target.provider = pin.value;
    else delete target.provider;
    showTargets(changed);
    changed();
  });
  out.addEventListener("click", () => {
    chosen.splice(chosen.indexOf(target), 1);
    showTargets(changed);
    changed();
  });
  each.addEventListener("click", async () => {
    const found = await providersOf(target.model);
    chosen.splice(chosen.indexOf(target), 1, ...found.map(({ slug }) => ({ model: target.model, provider: slug })));
    showTargets(changed);
    changed();
  });
  return element("tr", {}, element("td", { class: "nw" }, mark(n), ` ${target.model}`), element("td", {}, pin), element("td", { class: "r" }, each, out));
}

/** The chosen targets, and the catalogue's boxes as they follow from them. */
export function showTargets(changed) {
  one("#targets").replaceChildren(...chosen.map((target, n) => targetRow(target, n, changed)));
  const free = chosen.filter((each) => !each.provider).length;
  one("#targets-cap").textContent = free ? "Unpinned, each call of a target may be served by another provider." : "";
  for (const box of all("#catalogue input")) box.checked = chosen.some((each) => each.model === box.value);
}

export async function begin(changed) {
  const answer = await getJson("/models?filter=all&details=true");
  if (!answer.ok) {
    one("#cn").textContent = answer.body.detail;
    return;
  }
  models = answer.body.models;
  showCatalogue();
  one("#cq").addEventListener("input", showCatalogue);
  for (const box of all("input[name=price]")) box.addEventListener("change", showCatalogue);
  one("#catalogue").addEventListener("change", ({ target: box }) => {
    if (box.checked) chosen.push({ model: box.value });
    else for (let n = chosen.length - 1; n >= 0; n--) if (chosen[n].model === box.value) chosen.splice(n, 1);
    showTargets(changed);
    changed();
  });
}
