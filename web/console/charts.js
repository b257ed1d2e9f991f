// Draws the figures of a table as a chart. The table stays: it is what a screen reader, and a page without a script, has.
import uPlot from "uplot";

const HEIGHT = 240;
const DAY = 86400;
const drawn = new Map();

const numbers = (cells) => cells.map((cell) => (cell.dataset.value === "" ? null : Number(cell.dataset.value)));
const percent = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(value === 0 || value === 1 ? 0 : 1)} %`);
const count = (value) => (value === null || value === undefined ? "–" : value.toLocaleString("en"));
const two = (n) => String(n).padStart(2, "0");

function when(seconds, width) {
  const at = new Date(seconds * 1000);
  const day = `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return width >= DAY ? day : `${day} ${two(at.getUTCHours())}:00`;
}

function read(figure) {
  const rows = [...figure.querySelectorAll("tbody tr")].map((row) => numbers([...row.children]));
  const heads = [...figure.querySelectorAll("thead th")].slice(1);
  return { rows, heads, columns: [0, ...heads.map((_, i) => i + 1)].map((i) => rows.map((row) => row[i])) };
}

function draw(figure) {
  drawn.get(figure)?.destroy();
  const { columns, heads } = read(figure);
  const style = getComputedStyle(figure);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  const width = Number(figure.dataset.width);
  const share = heads.every((head) => head.dataset.form === "share");
  const bars = figure.dataset.chart === "bars";
  const place = figure.querySelector(".plot");
  const axis = { stroke: colour("soft"), font: `12px ${style.fontFamily}`, grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
  const series = heads.map((head, place_) => ({
    label: head.textContent,
    stroke: colour(head.dataset.colour),
    fill: bars ? colour(head.dataset.colour) : undefined,
    width: bars ? 0 : 2.5,
    spanGaps: true,
    points: { show: !bars, size: 7, fill: colour(head.dataset.colour) },
    paths: bars ? uPlot.paths.bars({ size: [0.7 - 0.35 * place_, 40], radius: 0.15 }) : undefined,
    value: (_, value) => (share ? percent(value) : count(value)),
  }));
  const newest = columns[0].length - 1;
  const plot = new uPlot({
    width: place.clientWidth, height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: {
      x: { range: (_, low, high) => [low - width * 0.6, high + width * 0.6] },
      y: { range: share ? [0, 1] : (_, low, high) => [0, Math.max(4, Math.ceil(high * 1.1))] },
    },
    axes: [{ ...axis, space: 80, values: (_, ticks) => ticks.map((tick) => when(tick, width).slice(width >= DAY ? 5 : 11)) },
      { ...axis, size: 56, incrs: share ? [0.25] : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000, 1000000], values: (_, ticks) => ticks.map(share ? percent : count) }],
    series: [{ label: "From (UTC)", value: (_, seconds) => (seconds === null || seconds === undefined ? "–" : when(seconds, width)) }, ...series],
    cursor: { drag: { x: false, y: false } },
    // The newest figures stand in the legend while nothing is pointed at.
    hooks: { setCursor: [({ cursor, setLegend }) => cursor.idx === null && setLegend({ idx: newest }, false)], ready: [({ setLegend }) => setLegend({ idx: newest }, false)] },
  }, columns, place);
  // The newest figures stand in the legend while nothing is pointed at.
  drawn.set(figure, plot);
  figure.dataset.drawn = "true";
}

const figures = [...document.querySelectorAll("[data-chart]")];
const sized = new ResizeObserver((entries) => {
  for (const { target, contentRect } of entries) drawn.get(target.closest("figure"))?.setSize({ width: contentRect.width, height: HEIGHT });
});
for (const figure of figures) {
  figure.querySelector(".plot").hidden = false;
  draw(figure);
  sized.observe(figure.querySelector(".plot"));
}
document.addEventListener("themechange", () => figures.forEach(draw));
