// A recipe as a start: it fills the form, and says how its result is read.
import { all, element, getJson, one } from "./dom.js";

/** What stands for a model in the plan of a recipe. */
export const MODEL = "MODEL";

/** A text of the docs: what stands between backquotes is code. */
const told = (text) => text.split("`").map((part, n) => (n % 2 ? element("code", {}, part) : part));

async function choose(name, apply) {
  const box = one("#recipe");
  const answer = await getJson(`/recipes?model=${MODEL}`);
  const found = answer.ok && answer.body.recipes.find((each) => each.name === name);
  one("b", box).textContent = found ? found.question : "";
  one("span", box).replaceChildren(...(found ? ["How to read it: ", ...told(found.reading)] : [answer.ok ? `There is no recipe ${name}.` : answer.body.detail]));
  box.hidden = false;
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
