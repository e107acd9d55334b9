// Charts of a run that goes on, as SVG: a path for each line, and one for all marks of a
// kind, so that drawing them twice a second is cheap. Texts are set as text.
import { all, drawn, element, one } from "./dom.js";

const DASHES = ["", "6 3", "1.5 3", "8 3 2 3"];
const LANE = 54;
const BOTTOM = 30;
const ms = (most) => (most < 1 ? [1000, "ms"] : [1, "s"]);
const short = (value) => Number(value.toPrecision(3)).toLocaleString("en");

function roundAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 0.999);
}

function linear(high, parts) {
  const step = roundAbove(high / parts);
  return Array.from({ length: Math.floor(high / step + 1e-6) + 1 }, (_, n) => n * step);
}

function logarithmic(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
    for (const step of high / low > 100 ? [1] : [1, 2, 5]) found.push(step * 10 ** power);
  return found.filter((value) => value >= low && value <= high);
}

/** Axes in an empty place: the ways from values to pixels, and what is drawn so far. */
function frame(place, { long, low = 0, high = 1, ticks = [], log = false, left = 44, waits = [], clock = null }) {
  const [width, height] = [place.clientWidth, place.clientHeight];
  const bottom = height - BOTTOM;
  const x = (at) => left + ((width - left - 8) * at) / long;
  const y = (value) => bottom - (bottom - 8) * (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  const parts = [];
  for (const [from, to] of waits) {
    parts.push(drawn("rect", { class: "wait", x: x(from), y: 8, width: Math.max(1, x(to) - x(from)), height: bottom - 8 }));
    if (x(to) - x(from) > 44) parts.push(drawn("text", { x: (x(from) + x(to)) / 2, y: 6, "text-anchor": "middle" }, clock ?? "waiting"));
  }
  for (const tick of ticks) {
    parts.push(drawn("line", { class: "g", x1: left, x2: width - 8, y1: y(tick), y2: y(tick) }));
    parts.push(drawn("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick)));
  }
  parts.push(drawn("line", { class: "axis", x1: left, x2: width - 8, y1: bottom, y2: bottom }));
  for (const at of linear(long, width < 420 ? 3 : 6)) parts.push(drawn("text", { x: x(at), y: bottom + 14, "text-anchor": "middle" }, short(at)));
  parts.push(drawn("text", { x: width - 8, y: bottom + 27, "text-anchor": "end" }, "seconds after the start"));
  return { width, bottom, x, y, parts };
}

function finish(place, { parts }, label) {
  if (label) place.setAttribute("aria-label", label);
  place.replaceChildren(drawn("svg", { "aria-hidden": "true" }, ...parts));
}

/** A line through points; it breaks where they are further apart than `most`. */
function lineOf(points, most = Infinity) {
  let before = null;
  return points.map(([x, y]) => {
    const on = before !== null && x - before <= most;
    before = x;
    return `${on ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}${on ? "" : "h0"}`;
  }).join("");
}

/** The area between two lines, broken like them. */
function bandOf(low, high, most) {
  const ends = low.map(([x], n) => n + 1 === low.length || low[n + 1][0] - x > most);
  let begin = 0;
  return ends.map((end, n) => {
    if (!end) return "";
    const around = [...high.slice(begin, n + 1), ...low.slice(begin, n + 1).reverse()];
    begin = n + 1;
    return `M${around.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}z`;
  }).join("");
}

function paceFrame(place, charts, values) {
  const high = roundAbove(Math.max(1e-3, ...values));
  return frame(place, { long: Math.max(1, charts.now_s), high, ticks: linear(high, 3), waits: charts.waits });
}

function rate(place, charts) {
  const { ended, failed, width_s: wide } = charts.pace;
  const minutes = Math.max(0, ...ended) < 2;
  const each = (values) => values.map((value) => (minutes ? 60 * value : value));
  const drawing = paceFrame(place, charts, each(ended));
  const points = (values) => each(values).map((value, n) => [drawing.x((n + 0.5) * wide), drawing.y(value)]);
  drawing.parts.push(drawn("path", { class: "line", d: lineOf(points(ended)) }), drawn("path", { class: "failed", d: lineOf(points(failed)) }));
  one("#per").textContent = minutes ? "a minute" : "a second";
  const last = each(ended).at(-1);
  finish(place, drawing, `Calls that ended over time${last === undefined ? "" : `; last ${short(last)} ${minutes ? "a minute" : "a second"}`}`);
}

function open(place, charts) {
  const { open: values, width_s: wide } = charts.pace;
  const drawing = paceFrame(place, charts, values);
  drawing.parts.push(drawn("path", { class: "line", d: lineOf(values.map((value, n) => [drawing.x((n + 0.5) * wide), drawing.y(value)])) }));
  finish(place, drawing, `Open calls over time${values.length ? `; last ${short(values.at(-1))}` : ""}`);
}

function times(name) {
  return (place, charts) => {
    const every = charts[name].flatMap(({ p25, p75 }) => [...p25, ...p75]);
    const unitPlace = one(`[data-unit=${name}]`);
    if (!every.length) {
      unitPlace.textContent = "";
      place.replaceChildren(element("p", { class: "mute" }, "No call has told it yet."));
      return;
    }
    const [scale, unit] = ms(Math.max(...every));
    const [low, high] = [Math.min(...every) * scale * 0.9, Math.max(...every) * scale * 1.1];
    const drawing = frame(place, { long: Math.max(1, charts.now_s), low, high, log: true, ticks: logarithmic(low, high), waits: charts.waits });
    const said = [];
    charts[name].forEach((of, target) => {
      if (!of.at_s.length) return;
      const points = (values) => values.map((value, n) => [drawing.x(of.at_s[n]), drawing.y(value * scale)]);
      const gaps = of.at_s.slice(1).map((at, n) => at - of.at_s[n]);
      const most = 4 * (drawing.x(Math.min(...gaps, charts.now_s)) - drawing.x(0));
      const colour = target < 4 ? `s${target + 1}` : "s0";
      if (charts.targets.length <= 8) drawing.parts.push(drawn("path", { class: `band ${colour}`, d: bandOf(points(of.p25), points(of.p75), most) }));
      drawing.parts.push(drawn("path", { class: `line ${colour}`, "stroke-dasharray": DASHES[target] ?? "", d: lineOf(points(of.p50), most) }));
      said.push(`${charts.targets[target]} ${short(of.p50.at(-1) * scale)} ${unit}`);
    });
    unitPlace.textContent = `${unit}, log`;
    finish(place, drawing, `${name === "ttft" ? "Time to the first token" : "Latency"} over time; last ${said.join(", ")}`);
  };
}

const SHAPES = [
  ["dots", (x, y) => `M${x} ${y}h0`],
  ["shapes", (x, y) => `M${x} ${y - 4.5}l4.5 4.5l-4.5 4.5l-4.5-4.5z`],
  ["shapes", (x, y) => `M${x - 3.5} ${y - 3.5}h7v7h-7z`],
  ["shapes", (x, y) => `M${x} ${y - 4.5}l4.5 8h-9z`],
];

function strip(place, charts) {
  place.style.setProperty("--lanes", charts.lanes.length);
  place.style.setProperty("--dot", charts.lanes.some(({ marks }) => marks.length > 150) ? "5px" : "7px");
  const left = innerWidth < 640 ? 8 : 158;
  const drawing = frame(place, { long: charts.length_s, left, waits: charts.waits, clock: "waiting" });
  const high = (drawing.bottom - 8) / charts.lanes.length;
  const kinds = new Map();
  const cross = [];
  let calls = 0;
  charts.lanes.forEach(({ median_s: median, marks }, lane) => {
    const floor = 8 + high * (lane + 1);
    const middle = floor - high / 2;
    if (lane) drawing.parts.push(drawn("line", { class: "g", x1: left, x2: drawing.width - 8, y1: floor - high, y2: floor - high }));
    const name = drawn("text", left > 8 ? { x: left - 8, y: middle + 4, "text-anchor": "end" } : { x: left, y: floor - high + 12 }, charts.targets[lane]);
    drawing.parts.push(name);
    for (const [at, value, provider, outcome, n] of marks) {
      calls += n;
      const off = value === null || !median ? null : Math.max(-1, Math.min(1, Math.log2(value / median) / 2));
      const y = off === null ? floor - 6 : middle - off * high * 0.4;
      const [px, py] = [Number(drawing.x(at).toFixed(1)), Number(y.toFixed(1))];
      if (outcome) cross.push(`M${px - 4} ${py - 4}l8 8m0-8l-8 8`);
      else kinds.set(provider, (kinds.get(provider) ?? "") + SHAPES[Math.max(0, provider) % 4][1](px, py));
    }
  });
  for (const [provider, d] of kinds) drawing.parts.push(drawn("path", { class: `${SHAPES[Math.max(0, provider) % 4][0]} ${colourOf(provider)}`, d }));
  drawing.parts.push(drawn("path", { class: "cross", d: cross.join("") }));
  place.dataset.calls = calls;
  one("#strip-h").textContent = charts.singly ? "Every call" : "Calls over time";
  one("#strip-cap").textContent = charts.singly ? "One mark a call" : "One mark for the calls of one provider in a short time";
  finish(place, drawing, `${calls} calls over time, a lane per target; ${cross.length ? "failed ones are crosses" : "none failed"}`);
  keys(charts.providers, kinds.has(-1));
}

const colourOf = (provider) => (provider < 0 ? "s0" : `pv${(provider % 5) + 1}`);

function keys(providers, unknown) {
  const mark = (name, shape) => drawn("svg", { class: `m ${name}`, "aria-hidden": "true" }, shape);
  const one_ = (provider, name) => {
    const [kind, path] = SHAPES[Math.max(0, provider) % 4];
    const d = kind === "dots" ? "M6 1.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9" : path(6, 6);
    return element("span", {}, mark(colourOf(provider), drawn("path", { d })), name);
  };
  const made = providers.map((name, n) => one_(n, name));
  if (unknown) made.push(one_(-1, "provider unknown"));
  one("#providers").replaceChildren(...made, element("span", { class: "failcell" }, "× failed"));
}

const DRAW = { rate, open, ttft: times("ttft"), latency: times("latency"), strip };

/** Draw every chart of the page. */
export function drawAll(charts) {
  for (const place of all("[data-live]")) DRAW[place.dataset.live](place, charts);
  const width = charts.pace.width_s;
  for (const place of all("[data-width]")) place.textContent = width === 1 ? "second" : `${short(width)} s`;
}
