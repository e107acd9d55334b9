// The same plan as YAML, and as a command. Pure.

// Texts that YAML reads as the text they are; all others are quoted as JSON does.
const PLAIN = /^[A-Za-z][\w/.@-]*(:[\w.@-]+)*$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n)$/i;

const leaf = (each) =>
  typeof each === "string" && (!PLAIN.test(each) || RESERVED.test(each)) ? JSON.stringify(each) : String(each);

const isLeaf = (each) => typeof each !== "object" || each === null;

/** YAML of plain data. */
export function yaml(data, indent = "") {
  if (isLeaf(data)) return leaf(data);
  const inner = `${indent}  `;
  if (!Array.isArray(data)) {
    const lines = Object.entries(data).map(([key, each]) => `\n${indent}${leaf(key)}:${isLeaf(each) ? " " : ""}${yaml(each, inner)}`);
    return lines.join("") || " {}";
  }
  if (data.every((each) => typeof each === "number")) return ` [${data.join(", ")}]`;
  return data.map((each) => `\n${indent}- ${yaml(each, inner).trimStart()}`).join("");
}

/** A command that sends the plan; its quotes are safe for a shell. */
export const curl = (plan) =>
  `curl ${location.origin}/benchmark -H 'Content-Type: application/json' \\\n  -d '${JSON.stringify(plan, null, 2).replaceAll("'", "'\\''")}'`;
