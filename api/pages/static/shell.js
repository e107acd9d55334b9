// What every page does: theme, definitions, keyboard, the jump to a run.
import { element, getJson, typing } from "./dom.js";

const root = document.documentElement;

function switchTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  dispatchEvent(new Event("themechange")); // charts read the tokens anew
}

// -- definitions: a click or a touch is the browser's own popover; hover and focus are ours

function place(popover, word) {
  const at = word.getBoundingClientRect();
  const width = popover.offsetWidth;
  const below = at.bottom + popover.offsetHeight + 8 < innerHeight;
  popover.style.left = `${Math.max(12, Math.min(at.left, innerWidth - width - 12))}px`;
  popover.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - popover.offsetHeight - 6)}px`;
}

const popoverOf = (word) => document.getElementById(word.getAttribute("popovertarget"));

function open(word) {
  const popover = popoverOf(word);
  if (!popover || popover.matches(":popover-open")) return;
  popover.showPopover({ source: word });
}

let leaving = 0;

function closeSoon(word) {
  clearTimeout(leaving);
  leaving = setTimeout(() => {
    const popover = popoverOf(word);
    if (!popover?.matches(":hover") && document.activeElement !== word && popover?.matches(":popover-open"))
      popover.hidePopover();
  }, 200);
}

document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const word = event.target.closest?.(".def");
  if (word) open(word);
});
document.addEventListener("pointerout", (event) => {
  const word = event.target.closest?.(".def");
  if (word && event.pointerType === "mouse") closeSoon(word);
});
document.addEventListener("focusin", (event) => {
  const word = event.target.closest?.(".def");
  // A click gives the focus, too, and opens by itself: only the keyboard's focus opens here.
  if (word?.matches(":focus-visible")) open(word);
});
document.addEventListener("focusout", (event) => {
  const word = event.target.closest?.(".def");
  if (word) closeSoon(word);
});
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.(".definition") || event.newState !== "open") return;
    const words = [...document.querySelectorAll(`[popovertarget="${event.target.id}"]`)];
    const word = words.find((each) => each.matches(":hover, :focus")) ?? words[0];
    if (word) place(event.target, word);
  },
  true,
);
// One that the mouse opened shall not be shut by the click that follows.
document.addEventListener(
  "click",
  (event) => {
    const word = event.target.closest?.(".def");
    if (word && popoverOf(word)?.matches(":popover-open")) event.preventDefault();
  },
  true,
);

// -- the jump to a run

const jump = document.getElementById("jump");
const query = document.getElementById("jump-q");
const found = document.getElementById("jump-found");
const said = document.getElementById("jump-said");
let asked = 0;

function choose(item) {
  for (const each of found.children) each.setAttribute("aria-selected", String(each === item));
  if (item) query.setAttribute("aria-activedescendant", item.id);
  else query.removeAttribute("aria-activedescendant");
  item?.scrollIntoView({ block: "nearest" });
}

async function look() {
  const mine = ++asked;
  const text = query.value.trim();
  const answer = await getJson(`/benchmark?limit=12${text ? `&text=${encodeURIComponent(text)}` : ""}`);
  if (mine !== asked) return;
  const jobs = answer.ok ? answer.body.jobs : [];
  found.replaceChildren(
    ...jobs.map((job, n) => {
      const item = element("li", { role: "option", id: `jump-${n}` });
      item.dataset.href = `/runs/${job.job_id}`;
      item.append(
        element("span", { class: `state ${job.status}` }, job.status),
        element("b", {}, job.name ?? job.job_id),
        element("span", { class: "mute" }, job.targets.join(", ")),
      );
      return item;
    }),
  );
  said.textContent = !answer.ok ? answer.body.detail : jobs.length ? "" : "No run is called so.";
  choose(found.firstElementChild);
}

function openJump() {
  if (jump.open) return;
  query.value = "";
  jump.showModal();
  query.focus();
  look();
}

query.addEventListener("input", look);
query.addEventListener("keydown", (event) => {
  const now = found.querySelector('[aria-selected="true"]');
  if (event.key === "ArrowDown") choose(now?.nextElementSibling ?? found.firstElementChild);
  else if (event.key === "ArrowUp") choose(now?.previousElementSibling ?? found.lastElementChild);
  else if (event.key === "Enter" && now) location.href = now.dataset.href;
  else return;
  event.preventDefault();
});
found.addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (item) location.href = item.dataset.href;
});

// -- buttons and keys

const acts = {
  theme: switchTheme,
  jump: openJump,
  help: () => document.getElementById("help").showModal(),
};

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-act]");
  acts[button?.dataset.act]?.();
  if (event.target.matches?.("dialog.sheet")) event.target.close(); // beside it
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openJump();
  } else if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) {
    return;
  } else if (event.key === "/") {
    event.preventDefault();
    document.querySelector("main input[type=search]")?.focus();
  } else if (event.key === "?") {
    acts.help();
  }
});
