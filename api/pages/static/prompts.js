// Prompts by drop, paste or file: read by the server's own reader, shown and counted.
import { carried, element, getJson, one, settled } from "./dom.js";
import { numberOf } from "./plan.js";

let prompts = [];
let synthetic = null; // a source of made-up prompts, in their place

const { examples, bytes_per_token: bytes } = carried("carried");

/** Where the prompts come from, as the plan has it. */
export const source = () => (synthetic ? { ...synthetic, number: numberOf(one("[data-field=\"prompts.number\"]").value) } : { kind: "inline", prompts });
export const count = () => (synthetic ? Number(source().number) || 0 : prompts.length);

const fileSaid = (bold, more) => one("#file-said").replaceChildren(element("b", {}, bold), " ", element("span", { class: "mute" }, more));
const plainly = ({ kind, value, median, low, high }) => (kind === "fixed" ? `${value} tokens each` : kind === "uniform" ? `${low} to ${high} tokens` : `about ${median} tokens, some much longer`);

/** Takes a source of a plan: texts, or made-up ones, which do not take the place of one's own. */
export function take(from, changed) {
  if (from.kind !== "synthetic") return Array.isArray(from.prompts) ? keep(from.prompts, changed) : undefined; // of a large plan only their number is told
  if (prompts.length) return;
  synthetic = from;
  one("#made-up").hidden = false;
  if (from.number) one("[data-field=\"prompts.number\"]").value = from.number;
  fileSaid("Made-up prompts", from.input_tokens ? plainly(from.input_tokens) : "256 tokens each");
  one("#counted").textContent = "Common English words, the same in every run. Your own say more: drop a file here, or paste them.";
}

function show(name, found) {
  synthetic = null;
  one("#made-up").hidden = true;
  prompts = found.prompts;
  const many = `${found.count.toLocaleString("en")} ${found.count === 1 ? "prompt" : "prompts"}`;
  if (name) fileSaid(name, many);
  else fileSaid("Drop a file here", ".txt, .jsonl or .csv");
  one("#preview").replaceChildren(
    ...found.preview.map((each, n) =>
      element("tr", {}, element("td", { class: "faint r" }, String(n)), element("td", { class: "clip" }, each.text), element("td", { class: "r" }, each.tokens.toLocaleString("en"), " ", element("i", {}, each.tokens === 1 ? "token" : "tokens"))),
    ),
  );
  const rest = found.count - found.preview.length;
  one("#counted").textContent = found.count
    ? `${rest > 0 ? `${rest.toLocaleString("en")} more. ` : ""}${many}, about ${found.tokens.toLocaleString("en")} tokens: counted as ${bytes} bytes of text to a token; what is billed is the upstream's own count.`
    : "";
}

const none = { prompts: [], count: 0, tokens: 0, preview: [] };

async function read(name, body, changed, title = name) {
  const place = one("#file-wrong");
  place.textContent = "";
  if (body === "" || body.size === 0) show("", none);
  else {
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await getJson(`/new/prompts?name=${encodeURIComponent(name || "prompts.txt")}`, { method: "POST", body, headers });
    if (answer.ok) show(title, answer.body);
    else {
      show("", none);
      place.textContent = answer.body.detail;
    }
  }
  changed();
}

/** Takes texts that may have several lines, and prompts with fields, as a JSONL file of them. */
function keep(texts, changed) {
  read("prompts.jsonl", texts.map((prompt) => JSON.stringify(typeof prompt === "string" ? { prompt } : prompt)).join("\n"), changed, "Taken over");
}

function paste(text) {
  const area = one("#text");
  area.hidden = false;
  area.value = text;
  area.dispatchEvent(new Event("input"));
}

export function begin(changed) {
  const [drop, file, area] = ["#drop", "#file", "#text"].map((each) => one(each));
  const opened = (given) => {
    area.hidden = true;
    read(given.name, given, changed);
  };
  one("#choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => file.files[0] && opened(file.files[0]));
  one("#paste").addEventListener("click", () => {
    paste(area.value);
    area.focus();
  });
  one("#examples").addEventListener("click", () => paste(examples.join("\n")));
  const soon = settled(() => read("", area.value.trim() && area.value, changed), 300);
  area.addEventListener("input", soon);
  for (const name of ["dragenter", "dragover"])
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const [dropped] = event.dataTransfer.files;
    if (dropped) opened(dropped);
  });
}
