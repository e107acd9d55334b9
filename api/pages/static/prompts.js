// Prompts by drop, paste or file: read by the server's own reader, shown and counted.
import { carried, element, getJson, one, settled } from "./dom.js";

export let prompts = [];

const { examples, bytes_per_token: bytes } = carried("carried");

function show(name, found) {
  prompts = found.prompts;
  const said = one("#file-said");
  const many = `${found.count.toLocaleString("en")} ${found.count === 1 ? "prompt" : "prompts"}`;
  if (name) said.replaceChildren(element("b", {}, name), " ", element("span", { class: "mute" }, many));
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

async function read(name, body, changed) {
  const place = one("#file-wrong");
  place.textContent = "";
  if (body === "" || body.size === 0) show("", none);
  else {
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await getJson(`/new/prompts?name=${encodeURIComponent(name || "prompts.txt")}`, { method: "POST", body, headers });
    if (answer.ok) show(name, answer.body);
    else {
      show("", none);
      place.textContent = answer.body.detail;
    }
  }
  changed();
}

/** Takes texts that may have several lines, as a JSONL file of them. */
export function keep(texts, changed) {
  read("prompt.jsonl", texts.map((prompt) => JSON.stringify({ prompt })).join("\n"), changed);
}

function paste(text) {
  const area = one("#text");
  area.hidden = false;
  area.value = text;
  area.dispatchEvent(new Event("input"));
}

export function begin(changed) {
  const [drop, file, area] = ["#drop", "#file", "#text"].map((each) => one(each));
  const take = (chosen) => {
    area.hidden = true;
    read(chosen.name, chosen, changed);
  };
  one("#choose").addEventListener("click", () => file.click());
  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
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
    if (dropped) take(dropped);
  });
}
