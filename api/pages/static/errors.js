// What the server says is wrong stands beside its field.
import { all } from "./dom.js";
import { placeOf } from "./plan.js";

export function clearErrors(form) {
  for (const place of all("[data-error]", form)) place.textContent = "";
  for (const input of all("[aria-invalid]", form)) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

/** Marks the fields of a problem; gives what has no place in the form. */
export function showErrors(form, problem) {
  const left = [];
  for (const { field, message } of problem.errors ?? [{ field: "", message: problem.detail }]) {
    const { input, words, place } = placeOf(form, field);
    if (input) input.setAttribute("aria-invalid", "true");
    if (!place) {
      left.push(field ? `${field}: ${message}` : message);
      continue;
    }
    place.id ||= `error-${place.dataset.error.split(" ")[0]}`;
    place.textContent = [place.textContent, words ? `${words}: ${message}` : message].filter(Boolean).join(" ");
    input?.setAttribute("aria-describedby", place.id);
    const quiet = place.closest("details");
    if (quiet) quiet.open = true;
  }
  return left.join(" ") || "Something in the form cannot be run as it is: it is marked there.";
}
