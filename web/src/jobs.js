// The list of jobs: finding, pictures that fail, and refreshing while a job runs.
import { tellTimes } from "./times.js";

const REFRESH_MS = 3000;

export function jobList(root) {
  const list = root.querySelector("[data-jobs]");
  if (!list) return;
  pictures(list);
  search(list);
  if ("live" in list.dataset) setTimeout(() => refresh(list), REFRESH_MS);
}

function search(list) {
  const field = list.querySelector("[data-search]");
  field?.addEventListener("input", () => filter(list, field.value));
}

function filter(list, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of list.querySelectorAll("[data-section]")) {
    let here = 0;
    for (const card of section.querySelectorAll("[data-card]")) {
      card.hidden = !words.every((word) => card.dataset.text.includes(word));
      here += card.hidden ? 0 : 1;
    }
    section.hidden = words.length > 0 && here === 0;
    shown += here;
  }
  list.querySelector("[data-nothing]").hidden = words.length === 0 || shown > 0;
}

function pictures(root) {
  for (const picture of root.querySelectorAll("[data-thumb]")) {
    const fail = () => {
      const words = document.createElement("p");
      words.textContent = "No preview at the moment.";
      picture.replaceWith(words);
    };
    if (picture.complete && picture.naturalWidth === 0 && picture.src) fail();
    else picture.addEventListener("error", fail, { once: true });
  }
}

/** Takes over the cards of a fresh copy of this page; those that did not change stay, so that nothing flickers. */
async function refresh(list) {
  let again = true;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    // who may not see the list any more sees why
    if ([401, 404].includes(answer.status)) return location.reload();
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-jobs]");
      if (!fresh) throw new Error("not the list of jobs");
      take(list, fresh);
      again = "live" in fresh.dataset;
    }
  } catch {
    // the network is away: ask again
  }
  if (again) setTimeout(() => refresh(list), document.hidden ? REFRESH_MS * 5 : REFRESH_MS);
}

function take(list, fresh) {
  const before = [...list.querySelectorAll("[data-section]")];
  const after = [...fresh.querySelectorAll("[data-section]")];
  after.forEach((section, at) => {
    const mine = before[at];
    if (!mine) return list.querySelector(".services").append(section);
    for (const card of section.querySelectorAll("[data-card]")) {
      const old = mine.querySelector(`[data-card="${CSS.escape(card.dataset.card)}"]`);
      if (old && old.querySelector(".thumb").className === card.querySelector(".thumb").className && !card.querySelector(".thumb-busy")) card.replaceWith(old);
    }
    mine.replaceWith(section);
  });
  pictures(list);
  tellTimes(list);
  const field = list.querySelector("[data-search]");
  if (field) filter(list, field.value);
}
