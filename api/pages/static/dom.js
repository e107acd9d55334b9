// Small ways to the document and to the API. Text is always set as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export const one = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** An element with attributes and children: texts and nodes. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The same in SVG. */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Whether keys go into a field. */
export const typing = (target) => /^(input|select|textarea)$/i.test(target.tagName) || target.isContentEditable;

/** {ok, status, body, headers} of an address; a server that cannot be reached answers as a problem. */
export async function getJson(address, options = {}) {
  try {
    const answer = await fetch(address, options);
    const text = await answer.text();
    return { ok: answer.ok, status: answer.status, body: text ? JSON.parse(text) : {}, headers: answer.headers };
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return { ok: false, status: 0, body: { detail: "The server cannot be reached. Is it running?" }, headers: new Headers() };
  }
}

export const postJson = (address, body, options = {}) =>
  getJson(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), ...options });

/** The JSON that the page carries in <script type="application/json" id="...">. */
export const carried = (id) => JSON.parse(document.getElementById(id).textContent);

/** Calls `work` when `wait` ms have passed without another call. */
export function settled(work, wait) {
  let timer = 0;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...args), wait);
  };
}
