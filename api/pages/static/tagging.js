// Tags of several runs at once: what they have stays, and these are added.
import { getJson, one } from "./dom.js";

const tag = one("#tag");
const field = one("#tagging");
const input = one("#tags");
const wrong = one("#tags-wrong");

const patch = (id, tags) =>
  getJson(`/benchmark/${id}`, { method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ tags }) });

/** Adds the tags to one run; what went wrong, or nothing. */
async function add(id, tags) {
  const found = await getJson(`/benchmark/${id}`);
  if (!found.ok) return found.body.detail;
  const answer = await patch(id, [...new Set([...found.body.tags, ...tags])]);
  return answer.ok ? undefined : answer.body.detail;
}

export function hideTagging() {
  field.hidden = true;
  wrong.textContent = input.value = "";
}

/** chosen: ids of runs. done: called once all of them have the tags. */
export function begin(chosen, done) {
  async function said() {
    if (field.hidden) {
      field.hidden = false;
      input.focus();
      return;
    }
    const tags = input.value.split(",").map((each) => each.trim()).filter(Boolean);
    if (!tags.length) {
      wrong.textContent = "Say a tag, or several with commas between.";
      input.focus();
      return;
    }
    tag.disabled = true;
    const failures = [];
    for (const id of chosen) {
      const why = await add(id, tags);
      if (why && !failures.includes(why)) failures.push(why);
    }
    tag.disabled = false;
    if (failures.length) wrong.textContent = failures.join(" ");
    else {
      hideTagging();
      tag.focus();
      done();
    }
  }
  tag.addEventListener("click", said);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      hideTagging();
      tag.focus();
    }
    if (event.key !== "Enter") return;
    event.preventDefault(); // the form around it compares
    said();
  });
}
