// Stages of a load: a row each, of a kind, its value and how long it lasts.
import { all, element, one } from "./dom.js";
import { numberOf, some } from "./plan.js";

// kind: [words, the field that has its value]
const KINDS = {
  poisson: ["calls a second, at random", "rate_per_s"],
  constant: ["calls a second, evenly", "rate_per_s"],
  burst: ["calls at once", "size"],
  concurrency: ["calls open", "concurrency"],
};
const FIRST = [
  { kind: "poisson", rate_per_s: 1, duration_s: 30 },
  { kind: "poisson", rate_per_s: 4, duration_s: 30 },
];

/** The stages as the plan has them. */
export function stages() {
  return all("#stages .check").map((row) => {
    if (row.dataset.stage) return JSON.parse(row.dataset.stage);
    const [value, duration] = all("input", row).map((input) => numberOf(input.value));
    const kind = one("select", row).value;
    return some({ kind, [KINDS[kind][1]]: value, duration_s: duration });
  });
}

function fieldsOf(stage, n) {
  if (!KINDS[stage.kind] || Object.keys(stage).some((name) => !["kind", KINDS[stage.kind][1], "duration_s"].includes(name)))
    return [element("code", {}, JSON.stringify(stage))]; // of a plan that says more than a row can
  const kind = element("select", { "aria-label": `Stage ${n}: kind` }, ...Object.entries(KINDS).map(([value, [words]]) => element("option", { value }, words)));
  kind.value = stage.kind;
  const value = element("input", { "aria-label": `Stage ${n}: value`, inputmode: "decimal", value: stage[KINDS[stage.kind][1]] ?? "" });
  const duration = element("input", { "aria-label": `Stage ${n}: seconds`, inputmode: "decimal", value: stage.duration_s ?? "" });
  return [value, kind, element("span", { class: "mute" }, "for"), duration, element("span", { class: "mute" }, "s")];
}

/** Shows these stages; without any, two to begin with. */
export function showStages(found, changed) {
  const list = found.length ? found : FIRST;
  const rows = list.map((stage, n) => {
    const out = element("button", { type: "button", class: "btn quiet", "aria-label": `Remove stage ${n + 1}` }, "Remove");
    out.hidden = list.length < 2;
    out.addEventListener("click", () => {
      showStages(stages().toSpliced(n, 1), changed);
      one("#add-stage").focus();
      changed();
    });
    const row = element("div", { class: "check short" }, ...fieldsOf(stage, n + 1), out);
    if (!one("select", row)) row.dataset.stage = JSON.stringify(stage);
    return row;
  });
  const add = element("button", { type: "button", class: "btn", id: "add-stage" }, "Add a stage");
  add.addEventListener("click", () => {
    const now = stages();
    showStages([...now, now.at(-1)], changed);
    one("input", all("#stages .check").at(-1))?.focus();
    changed();
  });
  one("#stages").replaceChildren(...rows, add);
}
