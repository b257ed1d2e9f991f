import htmx from "htmx.org";
import uPlot from "uplot";

// The page's policy allows neither eval nor inline styles.
htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
window.uPlot = uPlot;
