// A run that goes on: asks how far it is, and shows the page anew when that changed.
import { getJson, one } from "./dom.js";

const place = one("#going");
const EVERY_MS = 2000;

async function look() {
  const answer = await getJson(`/benchmark/${place.dataset.job}`);
  const job = answer.body;
  if (answer.ok && (job.status !== place.dataset.status || String(job.progress.closed) !== place.dataset.closed)) location.reload();
  else setTimeout(look, EVERY_MS);
}
setTimeout(look, EVERY_MS);
