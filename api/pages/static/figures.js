// Draws figures that the server made: puts the colours of the theme in, and keeps to it.
// One script for pages and for the report, where it has no modules and no server.

const SMALL = 640;

/** Colours by the names of tokens, as the theme has them now. */
function tokens() {
  const probe = document.body.appendChild(document.createElement("i"));
  const known = new Map();
  const read = (name) => {
    if (!known.has(name)) {
      probe.style.color = `var(--${name})`;
      known.set(name, getComputedStyle(probe).color);
    }
    return known.get(name);
  };
  read.close = () => probe.remove();
  read.sans = getComputedStyle(document.documentElement).fontFamily;
  return read;
}

const NAMED = /^var\(--([\w-]+)\)(?:\/([\d.]+))?$/;

function painted(value, read) {
  if (typeof value === "string") {
    const found = NAMED.exec(value);
    if (!found) return value;
    if (found[1] === "sans") return read.sans;
    const rgb = read(found[1]);
    if (!found[2]) return rgb;
    return rgb.replace(/rgba?\(([^)]+)\)/, (_, parts) => `rgba(${parts.split(",").slice(0, 3)},${found[2]})`);
  }
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((each) => painted(each, read));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, painted(each, read)]));
  return value;
}

/** Plotly's data and layout of a figure in this theme and this width. */
export function figureOf(figure, narrow) {
  const read = tokens();
  const made = painted(figure, read);
  read.close();
  const layout = { ...made.layout };
  if (narrow)
    for (const [part, more] of Object.entries(made.narrow ?? {}))
      layout[part] = Array.isArray(more) ? more : { ...layout[part], ...more };
  return [made.data, layout];
}

/** Draw every figure of the page, or draw it anew. Returns what was drawn. */
export function drawAll(figures, within = document) {
  const drawn = [];
  for (const place of within.querySelectorAll("[data-figure]")) {
    const figure = figures[place.dataset.figure];
    if (!figure) continue;
    if (place.dataset.lanes) place.style.setProperty("--lanes", place.dataset.lanes);
    const [data, layout] = figureOf(figure, innerWidth < SMALL);
    Plotly.react(place, data, layout, { displayModeBar: false, responsive: true, doubleClick: false });
    drawn.push(place);
  }
  return drawn;
}

/** Draw, and again whenever the theme changes or the window becomes small or large. */
export function keepDrawn(read) {
  const draw = () => drawAll(read());
  addEventListener("themechange", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  matchMedia(`(max-width: ${SMALL - 1}px)`).addEventListener("change", draw);
  addEventListener("beforeprint", draw);
  draw();
}

/** A figure as lines of CSV: its series, x, y, and the words of a mark. */
export function csvOf(figure) {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    // a cell that could begin a formula is made harmless, as in samples.csv
    const safe = /^[=+\-@\s']/.test(text) && typeof value !== "number" ? `'${text}` : text;
    return /[",\n;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const words = (text) => text?.replace(/<br>/g, "; ").replace(/<[^>]*>/g, "");
  const lines = ["series,x,y,low_x,high_x,text"];
  for (const trace of figure.data) {
    if (trace.hoverinfo === "skip") continue;
    trace.x.forEach((x, n) => {
      const more = trace.error_x?.array?.[n] ?? null;
      const less = trace.error_x?.arrayminus?.[n] ?? null;
      const ends = [less === null ? null : x - less, more === null ? null : x + more];
      lines.push([words(trace.name) ?? "", x, trace.y[n], ...ends, words(trace.text?.[n]) ?? ""].map(cell).join(","));
    });
  }
  return lines.join("\n") + "\n";
}

function give(name, address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** Give a figure as a file: png, svg or csv. */
export async function save(figure, name, kind) {
  if (kind === "csv") {
    const address = URL.createObjectURL(new Blob([csvOf(figure)], { type: "text/csv" }));
    give(`${name}.csv`, address);
    setTimeout(() => URL.revokeObjectURL(address), 1000);
    return;
  }
  const [data, layout] = figureOf(figure, false);
  const ground = getComputedStyle(document.documentElement).backgroundColor;
  const whole = { ...layout, paper_bgcolor: ground, showlegend: data.length > 1, width: 1000, height: 480 };
  const address = await Plotly.toImage({ data, layout: whole }, { format: kind, scale: kind === "png" ? 2 : 1 });
  give(`${name}.${kind}`, address);
}
