// Progress of the picture, and what to say when a tile fails: the result may have changed since the page was opened, or it has ended, or
// the link to it.
const QUIET_MS = 150;

export function watchVersion(stack, data, stage) {
  const progress = stage.querySelector("[data-progress]");
  let timer = 0;
  stack.onLoading = (isLoading) => {
    clearTimeout(timer);
    timer = setTimeout(() => (progress.hidden = !isLoading), isLoading ? QUIET_MS : 0);
  };
  let asking = null;
  stack.onFailure = () => {
    asking ??= ask(data, stage).finally(() => setTimeout(() => (asking = null), 2000));
  };
}

async function ask(data, stage) {
  try {
    const answer = await fetch(data.paths.state);
    if (answer.status === 404 || answer.status === 410) return say(stage, "This map is not there any more.", false);
    if (answer.status === 401) return say(stage, "You are not signed in any more.", true);
    const job = await answer.json();
    if (job.version !== data.version) return say(stage, "This result has changed.", true);
    say(stage, "A part of the map could not be drawn.", true);
  } catch {
    say(stage, "The service cannot be reached.", true);
  }
}

function say(stage, text, canReload) {
  const toast = stage.querySelector("[data-toast]");
  toast.querySelector("[data-toast-text]").textContent = text;
  const button = toast.querySelector("[data-toast-button]");
  button.hidden = !canReload;
  button.onclick = () => location.reload();
  toast.hidden = false;
}
