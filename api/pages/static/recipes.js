// A recipe as a start: it fills the form, and says how its result is read.
import { all, element, getJson, one } from "./dom.js";

/** What stands for a model in the plan of a recipe. */
export const MODEL = "MODEL";

/** A text of the docs: what stands between backquotes is code. */
const told = (text) => text.split("`").map((part, n) => (n % 2 ? element("code", {}, part) : part));

/** What the form begins with, above it. */
export function tell(bold, ...more) {
  const box = one("#recipe");
  one("b", box).textContent = bold;
  one("span", box).replaceChildren(...more);
  box.hidden = false;
}

async function choose(name, apply) {
  const answer = await getJson(`/recipes?model=${MODEL}`);
  const found = answer.ok && answer.body.recipes.find((each) => each.name === name);
  if (found) tell(found.question, "How to read it: ", ...told(found.reading));
  else tell("There is nothing to begin with.", answer.ok ? `No recipe is called ${name}.` : answer.body.detail);
  for (const link of all("[data-recipe]"))
    if (link.dataset.recipe === name) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  if (found) apply(found.plan);
}

/** apply: puts a plan into the form. */
export function begin(apply) {
  for (const link of all("[data-recipe]"))
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault(); // what was chosen so far stays
      history.replaceState(null, "", link.href);
      choose(link.dataset.recipe, apply);
    });
  const name = new URLSearchParams(location.search).get("recipe");
  return name ? choose(name, apply) : undefined;
}
