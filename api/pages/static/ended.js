// The page of a run that has ended: figures, brush, slider, head to head, files of figures.
import { all, carried, one } from "./dom.js";
import { drawAll, keepDrawn, save } from "./figures.js";
import { slide } from "./slider.js";

let figures = {};

function read() {
  figures = document.getElementById("figures") ? carried("figures") : {};
  return figures;
}

// -- parts of the page are asked for again, and put in the place of what is there

async function swap(address, id) {
  const place = document.getElementById(id);
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const other = new DOMParser().parseFromString(await answer.text(), "text/html");
    const next = other.getElementById(id);
    if (!next) throw new Error(id);
    history.pushState({ id }, "", address);
    put(place, next, other);
  } catch {
    location.href = address; // what is wrong is said by the page itself
  }
}

function put(place, next, other) {
  const focused = document.activeElement?.id;
  const values = place.contains(document.activeElement) ? document.activeElement.selectionStart : null;
  place.replaceWith(document.adoptNode(next));
  for (const each of all(".definition", other)) if (!document.getElementById(each.id)) document.body.append(document.adoptNode(each));
  if (place.id === "main") start();
  const again = focused && document.getElementById(focused);
  if (again && next.contains(again)) {
    again.focus({ preventScroll: true });
    if (values !== null && again.setSelectionRange && again.type !== "number") again.setSelectionRange(values, values);
  }
}

addEventListener("popstate", (event) => {
  if (event.state !== null || !location.hash) location.reload();
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const id = link.dataset.swap;
  swap(link.href, id).then(() => id === "call" && document.getElementById(id)?.scrollIntoView({ block: "start" }));
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.swap) return;
  event.preventDefault();
  const address = new URL(form.action);
  address.search = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  swap(address.href, form.dataset.swap);
});
document.addEventListener("change", (event) => event.target.form?.matches("[data-auto]") && event.target.form.requestSubmit());

function choose(changes, id, anchor) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) address.searchParams.set(name, value);
  address.hash = anchor;
  return swap(address.href, id);
}

// -- figures

function listen() {
  const strip = one("[data-figure=strip]");
  strip?.on?.("plotly_selected", (event) => {
    const ends = event?.range?.x;
    if (!ends) return;
    const [from, to] = ends.map((end) => Math.max(0, Math.round(end * 1000) / 1000)).sort((a, b) => a - b);
    if (to > from) choose({ from, to }, "main", "time");
  });
  strip?.on?.("plotly_click", (event) => {
    const call = event.points[0]?.customdata;
    if (call) choose({ call }, "call", "call").then(() => one("#call").scrollIntoView());
  });
  one("[data-figure=pairs]")?.on?.("plotly_click", (event) => {
    const [call, beside] = (event.points[0]?.customdata ?? "").split(" ");
    if (beside) choose({ call, beside }, "call", "call").then(() => one("#call").scrollIntoView());
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button");
  if (button?.dataset.save) {
    const name = button.dataset.save;
    if (figures[name]) await save(figures[name], `${document.title.split(" · ")[0]}-${name}`, button.dataset.as);
  } else if (button?.dataset.copy) {
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      const shown = document.getElementById(button.dataset.copy);
      shown.hidden = false; // without leave for the clipboard it is there to be selected
      getSelection().selectAllChildren(shown);
    }
  }
});

// -- rerun, baseline and delete

const acts = {
  rerun: async (button) => {
    button.disabled = true;
    const answer = await fetch(`/benchmark/${button.dataset.job}/rerun`, { method: "POST" });
    const body = await answer.json();
    if (answer.ok) location.href = `/runs/${body.job_id}`;
    else button.replaceWith(Object.assign(document.createElement("span"), { className: "err", textContent: body.detail }));
  },
  baseline: () => document.getElementById("baseline").showModal(),
  delete: () => document.getElementById("sure").showModal(),
  "delete-now": async (button) => {
    const answer = await fetch(`/benchmark/${button.dataset.job}?purge=true`, { method: "DELETE" });
    if (answer.ok) location.href = "/";
    else document.getElementById("sure-said").textContent = (await answer.json()).detail;
  },
};
document.addEventListener("submit", async (event) => {
  const job = event.target.dataset.baseline;
  if (!job) return;
  event.preventDefault();
  const name = new FormData(event.target).get("name");
  const answer = await fetch(`/baselines/${encodeURIComponent(name)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ job }),
  });
  const body = await answer.json();
  const said = document.getElementById("baseline-said");
  said.className = answer.ok ? "gap" : "gap err";
  const wrong = body.errors?.map((each) => each.message).join(" ");
  said.textContent = answer.ok ? [`${name} is this run from now on.`, ...body.warnings].join(" ") : wrong || body.detail;
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-act]");
  acts[button?.dataset.act]?.(button);
});

// -- the tab of the section that is on screen

const tabs = all(".tabs a");

function mark() {
  const sections = tabs.map((tab) => document.getElementById(tab.hash.slice(1))).filter(Boolean);
  const now = sections.filter((section) => section.getBoundingClientRect().top < 180).pop() ?? sections[0];
  for (const tab of tabs) {
    if (now && tab.hash === `#${now.id}`) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
}
addEventListener("scroll", mark, { passive: true });

function start() {
  drawAll(read());
  listen();
  slide();
  mark();
}

if (one("[data-making]")) setTimeout(() => location.reload(), 2000);
keepDrawn(read);
listen();
slide();
mark();
