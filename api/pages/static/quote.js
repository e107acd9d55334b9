// What a dry run says, and what so many calls will be able to say.
import { element } from "./dom.js";

export function usd(value) {
  if (value === null || value === undefined) return "unknown";
  if (value === 0) return "$0";
  if (value >= 0.01 && Number(value.toFixed(2)) === value) return `$${value.toFixed(2)}`;
  if (value >= 1) return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  return `$${Number(value.toPrecision(2)).toLocaleString("en", { maximumSignificantDigits: 2, maximumFractionDigits: 12 })}`;
}

export function duration(seconds) {
  if (seconds < 1) return "under 1 s";
  const left = Math.round(seconds);
  const parts = [[Math.floor(left / 86400), "d"], [Math.floor(left / 3600) % 24, "h"], [Math.floor(left / 60) % 60, "min"], [left % 60, "s"]];
  const first = parts.findIndex(([number]) => number);
  return parts.slice(first, first + 2).filter(([number]) => number).map(([number, unit]) => `${number} ${unit}`).join(" ");
}

const count = (value) => (value === null ? "unknown" : value.toLocaleString("en"));

/** The dry run as nodes. */
export function quoted(quote, warmup) {
  const rows = [
    ["Calls", count(quote.calls === null ? null : quote.calls - warmup), warmup ? ` + ${count(warmup)} warm-up` : ""],
    ["Cost, expected", usd(quote.expected_usd), ""],
    ["Cost, at worst", usd(quote.worst_usd), ""],
    ...(quote.max_cost_usd === null ? [] : [["Budget", usd(quote.max_cost_usd), ""]]),
    ...(quote.takes_s < 1
      ? [["Takes", "as long as the answers", ""]]
      : [
          ["Takes at least", duration(quote.takes_s), ""],
          ["Done not before", `${quote.earliest_end.slice(11, 16)} UTC`, ""],
        ]),
  ];
  const list = element("dl");
  for (const [name, said, more] of rows)
    list.append(element("dt", {}, name), element("dd", {}, said, element("span", { class: "mute" }, more)));
  const body = element("tbody");
  for (const each of quote.targets)
    body.append(
      element("tr", {}, element("td", {}, each.target), element("td", { class: "r", title: each.expected_from ?? "" }, usd(each.expected_usd)), element("td", { class: "r" }, usd(each.worst_usd))),
    );
  const head = element("tr", {}, element("th", {}, "Target"), element("th", { class: "r" }, "Expected"), element("th", { class: "r" }, "Worst"));
  return [list, element("div", { class: "tw" }, element("table", {}, element("thead", {}, head), body)), ...limits(quote), ...warnings(quote)];
}

function limits(quote) {
  return quote.limits.map((limit) => {
    const words = [`${count(limit.calls)} ${limit.limit === "free" ? "free " : ""}calls`];
    if (limit.per_minute !== null) words.push(`at ${limit.per_minute} a minute`);
    words.push(limit.takes_s > 0 ? `take ${duration(limit.takes_s)} at least.` : "fit into the limit.");
    if (limit.per_day !== null) words.push(`${count(limit.left_today)} of the day's ${count(limit.per_day)} are left before it.`);
    return element("p", { class: "cap" }, element("b", {}, "Limits. "), words.join(" "));
  });
}

const warnings = (quote) =>
  quote.warnings.map((said) => element("p", { class: "cap" }, element("b", {}, "Note. "), said));

/** "60 calls a target: p50 and p90 with intervals, ..." of what so many calls support. */
export function able(each, { needs, beyond_pairs: beyond }, targets) {
  const all = Object.entries(needs).map(([p, need]) => ({ p: `p${p}`, ...need }));
  const both = all.filter(({ both }) => each >= both).map(({ p }) => p);
  const upper = all.filter(({ both, upper }) => each >= upper && each < both).map(({ p }) => p);
  const none = all.filter(({ upper }) => each < upper);
  const and = (list) => (list.length > 1 ? `${list.slice(0, -1).join(", ")} and ${list.at(-1)}` : list[0]);
  const words = [];
  if (both.length) words.push(`${and(both)} with intervals`);
  if (upper.length) words.push(`an upper end for ${and(upper)}`);
  if (none.length) words.push(`no ${none[0].p} (${count(none[0].upper - each)} calls more each)`);
  const pairs = targets < 2 ? "" : each < beyond ? ` Compared in ${count(each)} pairs: what holds in these minutes; from ${beyond} on, also beyond them.` : ` Compared in ${count(each)} pairs, enough to say what holds beyond these minutes.`;
  return element("p", { class: "cap" }, element("b", {}, "What it will be able to say. "), `${count(each)} calls a target: ${words.join(", ")}.${pairs}`);
}
