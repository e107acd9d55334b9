// Checks of answers: a row each, made of a kind and its value.
import { all, element, one } from "./dom.js";

// kind: [words, what stands in an empty field]
const KINDS = {
  contains: ["has in it", "Paris"],
  equals: ["is", "Paris"],
  regex: ["matches", "(?i)paris"],
  number: ["ends with the number", "42"],
  max_words: ["has at most so many words", "50"],
  json_schema: ["is JSON of the schema", '{"type": "object"}'],
};

const NUMBERS = new Set(["number", "max_words"]);

/** The value as the plan has it; the text where it is none of its kind, so that the server says what is wrong. */
function valueOf(kind, text) {
  if (NUMBERS.has(kind)) return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
  if (kind !== "json_schema") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The checks of the form; undefined: none. */
export function checks() {
  const found = all("#checks .check").map((row) => {
    if (row.dataset.check) return JSON.parse(row.dataset.check);
    const [negate, kind] = all("select", row).map(({ value }) => value);
    const said = { [kind]: valueOf(kind, one("input", row).value) };
    return negate ? { ...said, negate: true } : said;
  });
  return found.length ? found : undefined;
}

/** The kind of a check that a row can say; undefined: it says more than that. */
function kindOf({ kind, negate, ...said }) {
  const [[name, value] = [], ...more] = Object.entries(said);
  const plain = !more.length && name in KINDS && (typeof value !== "object" || name === "json_schema");
  return plain ? name : undefined;
}

function fieldsOf(check, n) {
  const name = kindOf(check);
  if (!name) return [element("code", {}, JSON.stringify(check))]; // of a plan
  const not = element("select", { "aria-label": `Check ${n}: passes or not` }, element("option", { value: "" }, "passes where it"), element("option", { value: "1" }, "fails where it"));
  const kind = element("select", { "aria-label": `Check ${n}: kind` }, ...Object.entries(KINDS).map(([value, [words]]) => element("option", { value }, words)));
  const text = element("input", { "aria-label": `Check ${n}: value`, placeholder: KINDS[name][1] });
  not.value = check.negate ? "1" : "";
  kind.value = name;
  text.value = typeof check[name] === "object" ? JSON.stringify(check[name]) : String(check[name]);
  kind.addEventListener("change", () => (text.placeholder = KINDS[kind.value][1]));
  return [not, kind, text];
}

function add(check, changed) {
  const n = all("#checks .check").length + 1;
  const out = element("button", { type: "button", class: "btn quiet", "aria-label": `Remove check ${n}` }, "Remove");
  const row = element("div", { class: "check" }, ...fieldsOf(check, n), out);
  if (!one("select", row)) row.dataset.check = JSON.stringify(check);
  out.addEventListener("click", () => {
    row.remove();
    one("#add-check").focus();
    changed();
  });
  one("#checks").append(row);
  return row;
}

/** Shows these checks, in the place of those that there are. */
export function showChecks(found, changed) {
  one("#checks").replaceChildren();
  for (const check of found) add(check, changed);
}

export function begin(changed) {
  one("#add-check").addEventListener("click", () => {
    one("input", add({ contains: "" }, changed)).focus();
    changed();
  });
}
