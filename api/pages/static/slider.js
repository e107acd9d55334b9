// The load of a sweep by a slider: what was measured there, and whether it meets the SLO.
import { carried, element } from "./dom.js";

const NAMES = { ttft_s: "TTFT p95", latency_s: "latency p95" };
const STEPS = 20; // between two measured loads

const shown = (seconds) => (seconds < 1 ? `${(seconds * 1000).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`);

/** A figure at a load: as measured, or between two that were. */
function at(points, name, value) {
  const known = points.filter((point) => point[name].point !== null);
  const exact = known.find((point) => point.value === value);
  if (exact) return { value: exact[name].point, low: exact[name].low, high: exact[name].high, measured: true };
  const below = known.filter((point) => point.value < value).pop();
  const above = known.find((point) => point.value > value);
  if (!below || !above) return null;
  const share = (value - below.value) / (above.value - below.value);
  return { value: below[name].point + share * (above[name].point - below[name].point), measured: false };
}

function line(name, target, found, limit) {
  const range = found.measured && found.low && found.high ? ` (${shown(found.low)} to ${shown(found.high)})` : "";
  const how = found.measured ? "measured" : "interpolated";
  const meets = limit === undefined ? null : found.value <= limit;
  const said = meets === null ? "" : `; ${meets ? "meets" : "misses"} the SLO of ${shown(limit)}`;
  return element("span", { class: meets === null ? "" : meets ? "good" : "bad" }, `${target}: ${NAMES[name]} ${shown(found.value)}${range}, ${how}${said}`);
}

export function slide() {
  const input = document.getElementById("load");
  if (!input || !document.getElementById("sweep-data")) return;
  const { values, points, slo } = carried("sweep-data");
  const targets = [...new Set(points.map((point) => point.target))];
  input.max = (values.length - 1) * STEPS;
  const say = () => {
    const place = Number(input.value) / STEPS;
    const low = Math.floor(place);
    const value = values[low] + (place - low) * ((values[low + 1] ?? values[low]) - values[low]);
    const text = String(Number(value.toPrecision(3)));
    document.getElementById("load-at").textContent = text;
    input.setAttribute("aria-valuetext", text);
    const said = [];
    for (const target of targets) {
      const mine = points.filter((point) => point.target === target);
      for (const name of Object.keys(NAMES)) {
        const found = at(mine, name, value);
        if (found) said.push(line(name, target, found, slo[name]));
      }
    }
    document.getElementById("load-said").replaceChildren(...said);
  };
  input.addEventListener("input", say);
  say();
}
