// Who runs a model: asked once for each, and only for what is seen.
import { getJson } from "./dom.js";

const AT_ONCE = 3;

const known = new Map(); // of an upstream and a model: a promise of its providers
const silent = new Set(); // upstreams that do not tell
const waiting = [];
let open = 0;

export const addressOf = (path, at) => (at ? `${path}${path.includes("?") ? "&" : "?"}upstream=${encodeURIComponent(at)}` : path);

async function ask({ model, at }) {
  if (silent.has(at)) return [];
  const path = model.split("/").map(encodeURIComponent).join("/");
  const answer = await getJson(addressOf(`/models/${path}/providers`, at));
  if (answer.status === 501) silent.add(at);
  return answer.ok ? answer.body.providers : [];
}

function next() {
  while (open < AT_ONCE && waiting.length) {
    const { of, done } = waiting.shift();
    open++;
    ask(of)
      .then(done)
      .finally(() => {
        open--;
        next();
      });
  }
}

/** A promise of the providers of a model at an upstream; empty where nobody tells. */
export function providersOf(model, at) {
  const key = JSON.stringify([model, at]);
  if (!known.has(key))
    known.set(key, new Promise((done) => {
      waiting.push({ of: { model, at }, done });
      next();
    }));
  return known.get(key);
}

let watcher = null;

/** Fills `cell` with the names of the providers once it is seen. */
export function nameWhenSeen(cell, model, at) {
  watcher ??= new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      target.tell();
    }
  });
  cell.tell = async () => {
    const found = await providersOf(model, at);
    cell.textContent = [...new Set(found.map(({ provider }) => provider))].join(", ") || "–";
    cell.title = cell.textContent;
  };
  watcher.observe(cell);
}
