// Moments as the reader's own clock and words tell them.
const steps = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
  ["day", 14],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const moment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** "2 hours ago", and the date for what is older than two weeks. */
export function ago(when, now = Date.now()) {
  let amount = (when - now) / 1000;
  if (Math.abs(amount) < 10) return "just now";
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return relative.format(Math.round(amount), unit);
    amount /= size;
  }
  return day.format(when);
}

export function tellTimes(root) {
  for (const element of root.querySelectorAll("time[data-moment], time[data-ago]")) {
    const when = new Date(element.dateTime);
    if (Number.isNaN(when.getTime())) continue;
    element.title = moment.format(when);
    element.textContent = "ago" in element.dataset ? ago(when.getTime()) : moment.format(when);
  }
}
