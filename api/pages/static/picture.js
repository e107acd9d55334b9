// The load as a picture: due times as ticks, or calls open as a line, over the first seconds.
import { drawn } from "./dom.js";

const HEIGHT = 44;
const MOST_LANES = 12;

function axis(svg, until, at, width, unit) {
  for (let n = 0; n <= 4; n++) {
    const x = at + (width * n) / 4;
    const anchor = x < 1 ? "start" : x > 99 ? "end" : "middle";
    svg.append(
      drawn("line", { class: "g", x1: `${x}%`, x2: `${x}%`, y1: 0, y2: HEIGHT }),
      drawn("text", { x: `${x}%`, y: HEIGHT + 16, "text-anchor": anchor }, `${Number(((until * n) / 4).toPrecision(3))}${n === 4 ? ` ${unit}` : ""}`),
    );
  }
}

function ticks(svg, step) {
  const bins = 120;
  const heights = new Array(bins).fill(0);
  for (const at of step.due_s) heights[Math.min(bins - 1, Math.floor((bins * at) / step.until_s))]++;
  const most = Math.max(1, ...heights);
  heights.forEach((calls, n) => {
    if (!calls) return;
    const high = Math.max(3, (HEIGHT - 4) * (calls / most));
    svg.append(drawn("rect", { class: "f sp1", x: `${(100 * n) / bins}%`, width: `${80 / bins}%`, y: HEIGHT - high, height: high }));
  });
  return most;
}

function stairs(svg, steps, most) {
  const width = 100 / steps.length;
  steps.forEach((step, n) => {
    step.open.forEach(([at, open], k) => {
      if (k === step.open.length - 1) return;
      const share = width / (step.open.length - 1);
      const high = Math.max(2, ((HEIGHT - 4) * open) / most);
      svg.append(drawn("rect", { class: step.warmup ? "f2 sp1" : "f sp1", x: `${n * width + k * share}%`, width: `${share + 0.05}%`, y: HEIGHT - high, height: high }));
    });
  });
}

/** Calls that are open all the time: a line each, as far as there is room. */
function lanes(svg, open) {
  const shown = Math.min(open, MOST_LANES);
  for (let n = 0; n < shown; n++) {
    const y = 4 + ((HEIGHT - 8) * (n + 0.5)) / shown;
    svg.append(drawn("line", { class: "w sp1", x1: 0, x2: "100%", y1: y, y2: y, "stroke-dasharray": "34 3", "stroke-dashoffset": n * 13 }));
  }
}

/** Draws the steps into `svg`; gives the words for its caption. */
export function draw(svg, steps) {
  svg.replaceChildren();
  const measured = steps.filter((step) => !step.warmup);
  if (!measured.length) return "";
  const [first] = measured;
  if (first.due_s) {
    axis(svg, first.until_s, 0, 100, "s");
    const most = ticks(svg, first);
    const all = first.count === first.due_s.length;
    const width = `${Number((first.until_s / 120).toPrecision(2))} s`;
    return `${all ? "All" : "The first"} ${first.due_s.length.toLocaleString("en")} calls as they will be due${most > 1 ? `; the highest bar is ${most} calls within ${width}` : ""}. They begin whether or not those before have ended.`;
  }
  const most = Math.max(...steps.flatMap((step) => step.open.map(([, open]) => open)));
  if (measured.length === 1 && first.duration_s === null) lanes(svg, most);
  else stairs(svg, steps, most);
  if (measured.length > 1) {
    steps.forEach((step, n) => {
      if (!step.warmup) svg.append(drawn("text", { x: `${(100 * (n + 0.5)) / steps.length}%`, y: HEIGHT + 16, "text-anchor": "middle" }, String(step.open[0][1])));
    });
    return `${measured.length} steps, one after another, each with so many calls open. A step ends when all it asks is answered.`;
  }
  if (first.duration_s !== null) {
    axis(svg, first.until_s, 0, 100, "s");
    return `Calls open over the time; at most ${most}.`;
  }
  return `${most} ${most === 1 ? "call is" : "calls are"} open all the time, until all is asked: the next begins when one ends, so the upstream's speed sets the pace.`;
}
