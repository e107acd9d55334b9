// Machines stay fresh; the self-test is begun by one button, and shown as a picture.
import { carried, drawn, element, getJson, one } from "./dom.js";

const FRESH_MS = 3000;
const LOOK_MS = 1000;
const { most_off_s: limit } = carried("carried");
const said = one("#test-said");
const ms = (value) => (value === null ? "–" : `${Number((value * 1000).toPrecision(2))} ms`);

async function refresh() {
  try {
    const answer = await fetch("/workers", { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const open = document.querySelector(":popover-open, #live :focus");
    if (answer.ok && !open) for (const id of ["alive", "live"]) one(`#${id}`).replaceWith(fresh.getElementById(id));
  } catch {
    // away: what is shown stays
  }
}

setInterval(() => document.hidden || refresh(), FRESH_MS);

// -- the self-test

function tell(...words) {
  said.hidden = !words.length;
  said.replaceChildren(...words);
}

/** Where a time stands on the log axis of the picture, in percent. */
function axisOf(cases) {
  const low = 1e-6;
  const high = Math.max(limit * 2, ...cases.map((each) => each.ttft_error.p99_s ?? 0));
  const at = (value) => `${(100 * Math.log(Math.max(Math.abs(value), low) / low)) / Math.log(high / low)}%`;
  const ticks = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].filter((each) => each <= high);
  return { at, ticks };
}

const lane = (height, ...drawings) => {
  const svg = drawn("svg", { width: "100%", height, "aria-hidden": "true" }, ...drawings);
  return element("td", { class: "lane" }, svg);
};

const upright = (name, x, y2) => drawn("line", { class: name, x1: x, x2: x, y1: 0, y2 });

function caseRow(each, { at, ticks }) {
  const { p50_s: p50, p99_s: p99 } = each.ttft_error;
  const drawings = [...ticks.map((tick) => upright("g", at(tick), 30)), upright("so sf", at(limit), 30)];
  if (p99 !== null)
    drawings.push(drawn("line", { class: "b s1", x1: at(p50), x2: at(p99), y1: 15, y2: 15 }), drawn("circle", { class: "d s1", cx: at(p50), cy: 15, r: 5 }));
  const how = each.mode === "lockstep" ? "all at once" : "one after another";
  const cells = [["", String(each.streams)], ["", how], ["r", `${each.n} / ${each.calls}`]];
  const row = element("tr", {}, ...cells.map(([name, text]) => element("td", name ? { class: name } : {}, text)));
  row.append(lane(30, ...drawings), element("td", { class: "r" }, ms(p50)), element("td", { class: "r" }, ms(p99)));
  row.append(element("td", {}, element("span", { class: `badge ${each.verdict.kind}` }, each.verdict.kind)));
  return row;
}

function axisRow({ at, ticks }) {
  const words = (value) => (value < 1e-3 ? `${value * 1e6} µs` : `${value * 1e3} ms`);
  const texts = ticks.map((tick, n) => drawn("text", { x: at(tick), y: 14, "text-anchor": n ? "middle" : "start" }, words(tick)));
  const row = element("tr", { class: "ax" }, element("td", { colspan: "3" }), lane(20, ...texts));
  row.append(element("td", { colspan: "3" }));
  return row;
}

function show(result) {
  const axis = axisOf(result.cases);
  const names = [["Streams", ""], ["Begun", ""], ["Calls", "r"], ["Error of TTFT: further left is better", "w"], ["p50", "r"], ["p99", "r"], ["Verdict", ""]];
  const head = element("tr", {}, ...names.map(([name, kind]) => element("th", kind ? { class: kind } : {}, name)));
  const table = element("table", { class: "t errors", "aria-label": "Self-test" }, element("thead", {}, head), element("tbody", {}, ...result.cases.map((each) => caseRow(each, axis)), axisRow(axis)));
  one("#test-result").replaceChildren(
    element("div", { class: "tw", tabindex: "0", role: "region", "aria-label": "Result of the self-test" }, table),
    element("p", { class: "cap" }, `Time to the first token, measured minus true. Dot: the median; bar: up to where 99 % of the calls are; dashed: ${ms(limit)}, beyond which the verdict has to say so. On ${result.machine.host ?? "one machine"}, ${result.made_at.slice(0, 16).replace("T", " ")} UTC; it took ${Math.round(result.took_s)} s.`),
  );
}

async function follow(id) {
  one("#test").disabled = true;
  for (;;) {
    const answer = await getJson(`/selftest/${id}`);
    if (answer.status === 404) localStorage.removeItem("selftest");
    const { state, worker, result, error } = answer.body;
    if (state === "queued") tell(element("b", {}, "Waits for a worker without other work."));
    else if (state === "running") tell(element("b", {}, `${worker} measures.`), " It takes most of a minute.");
    else {
      tell(...(answer.ok && state === "failed" ? [element("b", {}, "It failed. "), error] : []));
      if (result) show(result);
      one("#test").disabled = false;
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

one("#test").addEventListener("click", async () => {
  const answer = await getJson("/selftest", { method: "POST" });
  if (!answer.ok) return tell(element("b", {}, answer.body.detail));
  localStorage.setItem("selftest", answer.body.id);
  follow(answer.body.id);
});

const last = localStorage.getItem("selftest");
if (last) follow(last);
