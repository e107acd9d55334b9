// The models of an upstream, to choose targets from.
import { all, element, getJson, one } from "./dom.js";
import { addressOf, nameWhenSeen } from "./providers.js";
import { choose, isChosen, leave, price, showTargets } from "./targets.js";

const MOST_SHOWN = 200;

let models = [];
let at = ""; // the upstream whose catalogue is shown; "" is that of the settings

const tokens = (n) => (n === null ? "–" : n >= 1000 ? [Math.round(n / 1000).toLocaleString("en"), element("i", {}, "k")] : [String(n)]);

function fits(model) {
  const text = one("#cq").value.trim().toLowerCase();
  const want = one("input[name=price]:checked").value;
  const words = `${model.id} ${model.name}`.toLowerCase();
  return text.split(/\s+/).every((part) => words.includes(part)) && (want === "all" || (want === "free") === model.free);
}

function rowOf(model) {
  const box = element("input", { type: "checkbox", value: model.id, "data-at": at });
  box.checked = isChosen(model.id, at);
  const row = element("tr", {}, element("td", {}, element("label", { class: "nw" }, box, ` ${model.id}`)));
  if (model.free) row.append(element("td", { class: "r" }, element("b", {}, "free")), element("td", { class: "r" }));
  else row.append(element("td", { class: "r" }, price(model.prompt_usd_per_million)), element("td", { class: "r" }, price(model.completion_usd_per_million)));
  const served = element("td", { class: "mute providers" });
  row.append(element("td", { class: "r" }, ...[tokens(model.context_length)].flat()), served);
  nameWhenSeen(served, model.id, at);
  return row;
}

/** The rows that fit what is searched. */
function showCatalogue() {
  const found = models.filter(fits);
  one("#catalogue").replaceChildren(...found.slice(0, MOST_SHOWN).map(rowOf));
  const many = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} shown` : "";
  one("#cn").textContent = models.length ? `${found.length} of ${models.length}${many}` : "";
}

async function load() {
  const answer = await getJson(addressOf("/models?filter=all&details=true", at));
  models = answer.ok ? answer.body.models : [];
  showCatalogue();
  if (!answer.ok) one("#cn").textContent = answer.body.detail;
}

/** The switch between upstreams, where several are configured. */
async function several() {
  const answer = await getJson("/upstreams");
  const names = answer.ok ? answer.body.upstreams.map(({ name }) => name) : [];
  if (names.length < 2) return;
  const select = one("#at");
  select.append(...names.map((name) => element("option", { value: name === "default" ? "" : name }, name)));
  select.hidden = false;
  select.addEventListener("change", () => {
    at = select.value;
    load();
  });
}

export async function begin(changed) {
  one("#cq").addEventListener("input", showCatalogue);
  for (const box of all("input[name=price]")) box.addEventListener("change", showCatalogue);
  one("#catalogue").addEventListener("change", ({ target: box }) => {
    (box.checked ? choose : leave)(box.value, box.dataset.at);
    showTargets(changed);
    changed();
  });
  await Promise.all([load(), several()]);
}
