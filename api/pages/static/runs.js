// The list: filters at once, lines that stay fresh, and runs chosen to be compared.
import { all, one, settled } from "./dom.js";
import { begin as beginTagging, hideTagging } from "./tagging.js";

const GOING_MS = 2000;
const RESTING_MS = 15000;

const filters = one(".filters");
const lines = () => one("#lines");

// -- chosen runs, which stay chosen on other pages of the list

const chosen = new Set(JSON.parse(sessionStorage.getItem("chosen") ?? "[]"));

function showChosen() {
  for (const box of all("#lines input[name=job]")) box.checked = chosen.has(box.value);
  const many = chosen.size;
  one("#chosen").textContent = many ? `${many} ${many === 1 ? "run" : "runs"} selected` : "";
  one("#compare").hidden = one("#hint").hidden = many < 2;
  one("#clear").hidden = one("#tag").hidden = !many;
  if (!many) hideTagging();
}

function choose(id, is) {
  if (is) chosen.add(id);
  else chosen.delete(id);
  sessionStorage.setItem("chosen", JSON.stringify([...chosen]));
  showChosen();
}

// -- what is asked for stands in the address

async function show(address, { quietly = false } = {}) {
  let text;
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) {
      if (!quietly) location.assign(address); // whose page says what is wrong
      return;
    }
    text = await answer.text();
  } catch {
    return; // away: what is shown stays, and is asked for again
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  if (!fresh.getElementById("lines") || !lines()) return location.assign(address);
  const focused = document.activeElement?.closest?.("#lines tr")?.dataset.id;
  const inside = document.activeElement?.tagName;
  for (const id of ["lines", "going"]) one(`#${id}`).replaceWith(fresh.getElementById(id));
  one(".none")?.remove();
  const none = one(".none", fresh);
  if (none) one(".runs").after(none);
  for (const id of ["older", "newest"]) {
    const link = fresh.getElementById(id);
    document.getElementById(id)?.remove();
    if (link) one("#pick").append(link);
  }
  if (focused) one(`#lines tr[data-id="${focused}"] ${inside}`)?.focus();
  showChosen();
}

function asked() {
  const said = new URLSearchParams(new FormData(filters));
  for (const [name, value] of [...said]) if (!value) said.delete(name);
  return `/${said.size ? `?${said}` : ""}`;
}

async function filter() {
  const address = asked();
  history.replaceState(null, "", address);
  await show(address);
}

let timer = 0;

function refreshLater() {
  clearTimeout(timer);
  const going = one("#lines .going");
  timer = setTimeout(async () => {
    if (!document.hidden) await show(location.pathname + location.search, { quietly: true });
    refreshLater();
  }, going ? GOING_MS : RESTING_MS);
}

if (lines()) {
  showChosen();
  const soon = settled(filter, 250);
  filters.addEventListener("input", (event) => (event.target.type === "search" ? soon() : filter()));
  filters.addEventListener("submit", (event) => {
    event.preventDefault();
    filter();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("#lines input[name=job]")) choose(event.target.value, event.target.checked);
  });
  one("#clear").addEventListener("click", () => {
    chosen.clear();
    choose("", false);
  });
  beginTagging(chosen, filter);
  one("#picked").addEventListener("submit", (event) => {
    event.preventDefault(); // chosen runs may be on other pages of the list
    location.assign(`/compare?${[...chosen].map((id) => `job=${id}`).join("&")}`);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refreshLater();
  });
  refreshLater();
}
