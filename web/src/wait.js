// The page of a job that runs asks how it is doing, and opens the map when there is one.
const ASK_MS = 1500;
const LONGEST_MS = 15_000;

export function waitForJob(root) {
  const page = root.querySelector("[data-wait]");
  if (page) ask(page, ASK_MS);
}

function ask(page, pause) {
  setTimeout(async () => {
    try {
      const answer = await fetch(page.dataset.wait);
      const job = await answer.json();
      if (!answer.ok || job.isOver || job.messages.length !== Number(page.dataset.waitCount)) return location.reload();
    } catch {
      // the network is away: ask again
    }
    ask(page, Math.min(pause * 1.2, LONGEST_MS));
  }, pause);
}
