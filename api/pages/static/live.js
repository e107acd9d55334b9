// A run that goes on: its page is kept as the server's pictures of it, which are whole.
// A hidden page follows nothing, since a browser has few connections to one server.
import { all, carried, getJson, one } from "./dom.js";
import { drawAll } from "./live_charts.js";

const AGAIN_MS = 2000;
const HELD = new Set(["said", "ranked", "failures", "workers"]); // while nobody follows
const job = one(".runhead").dataset.job;
const follows = one("#follow");
const shown = new Map();
const parser = new DOMParser();
let charts = document.getElementById("charts") ? carried("charts") : null;
let newest = null;
let source = null;

function tell(...words) {
  const place = one("#lost");
  place.hidden = !words.length;
  place.replaceChildren(...words.map((text, n) => Object.assign(document.createElement(n ? "span" : "b"), { textContent: text })));
}

/** Puts a piece into its place; focus, and what is scrolled or selected, stays. */
function put(place, html) {
  const chosen = getSelection();
  if (!chosen.isCollapsed && place.contains(chosen.anchorNode)) return false;
  const reached = "button, a, [tabindex]";
  const at = all(reached, place).indexOf(document.activeElement);
  const scrolled = one(".tw", place)?.scrollLeft ?? 0;
  place.replaceChildren(...parser.parseFromString(html, "text/html").body.childNodes);
  if (scrolled) one(".tw", place).scrollLeft = scrolled;
  const now = all(reached, place);
  if (at >= 0 && now.length) now[Math.min(at, now.length - 1)].focus({ preventScroll: true });
  return true;
}

function show(picture) {
  newest = picture;
  document.title = picture.title;
  for (const [id, html] of Object.entries(picture.pieces)) {
    if (shown.get(id) === html || (HELD.has(id) && !follows.checked)) continue;
    if (put(one(`#${id}`), html)) shown.set(id, html);
  }
  count();
  if (!follows.checked) return;
  charts = picture.charts;
  if (charts) drawAll(charts);
}

function follow() {
  source?.close();
  source = new EventSource(`/runs/${job}/live`);
  const mine = source;
  mine.addEventListener("picture", (event) => {
    tell();
    show(JSON.parse(event.data));
  });
  mine.addEventListener("away", (event) => tell(JSON.parse(event.data).words, "The run goes on; this page shows it as soon as it can."));
  mine.addEventListener("end", () => {
    mine.close();
    tell("This run has ended.", "Here is what came of it.");
    setTimeout(() => location.reload(), 700);
  });
  mine.addEventListener("error", () => {
    tell("The connection is lost.", "The run goes on without this page, which tries again by itself and misses nothing.");
    if (mine.readyState === EventSource.CLOSED) setTimeout(() => mine === source && !document.hidden && follow(), AGAIN_MS);
  });
}

/** How long from now a wait is over. */
function count() {
  for (const place of all("[data-until]")) {
    const left = Math.max(0, Math.round(Number(place.dataset.until) - Date.now() / 1000));
    place.textContent = left < 120 ? `${left} s from now` : `${Math.round(left / 60)} min from now`;
  }
}

const ASKED = {
  pause: () => getJson(`/benchmark/${job}/pause`, { method: "POST" }),
  resume: () => getJson(`/benchmark/${job}/resume`, { method: "POST" }),
  cancel: () => getJson(`/benchmark/${job}`, { method: "DELETE" }),
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.act === "sure") one("#sure").showModal();
  const ask = ASKED[button?.dataset.do];
  if (!ask) return;
  one("#sure").close();
  const answer = await ask();
  if (!answer.ok) tell("It was not done.", answer.body.detail);
});

follows.addEventListener("change", () => newest && follows.checked && show(newest));
document.addEventListener("visibilitychange", () => (document.hidden ? source?.close() : follow()));
new ResizeObserver(() => charts && drawAll(charts)).observe(one("main"));
setInterval(count, 1000);
if (charts) drawAll(charts);
follow();
