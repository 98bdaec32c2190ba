// What every page has: times in the reader's own words, copying, menus, the list's search and refreshing.
import { copyButtons } from "./copy.js";
import { jobList } from "./jobs.js";
import { menus } from "./menus.js";
import { tabs } from "./tabs.js";
import { tellTimes } from "./times.js";
import { waitForJob } from "./wait.js";

tellTimes(document);
setInterval(() => tellTimes(document), 30_000);
copyButtons(document);
menus(document);
tabs(document);
jobList(document);
waitForJob(document);
