// The console reads without a script; this adds searching while one types, progress, charts and a theme of one's own.
import "./charts.js";
import "./forms.js";
import "./theme.js";
import htmx from "htmx.org";
import { toast } from "./toast.js";

// The page's policy allows neither eval nor inline styles. (The page says the same in its <meta>, which htmx reads.)
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;

document.addEventListener("htmx:responseError", ({ detail }) => {
  const words = new DOMParser().parseFromString(detail.xhr.responseText, "text/html").body.textContent.trim();
  toast(words || `The server answered ${detail.xhr.status}.`);
});
document.addEventListener("htmx:sendError", () => toast("The server does not answer; try again."));
