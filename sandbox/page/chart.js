// Draws the charts of cards (a small part of VChart's specification) as SVG, and the figures as words beside it.

import { h, svg } from "/static/dom.js";
import { t } from "/static/i18n.js";

const WIDTH = 320;
const HEIGHT = 176;
const FRAME = { left: 34, right: 10, top: 12, bottom: 26 };
const SERIES_COLOURS = 6;

/** The drawing of a `chart_spec`; a type unknown here becomes a table of its figures. */
export function chart(spec) {
  const drawing = readSpec(spec);
  const draw = { bar: bars, line: lines, area: lines, radar, linearProgress: progress, gauge, circularProgress: gauge }[
    spec.type
  ];
  if (!draw || drawing.rows.length === 0) return table(spec, drawing);
  return h(
    "figure",
    { class: "chart", "data-testid": "chart" },
    drawing.title ? h("figcaption", {}, drawing.title) : null,
    draw(drawing),
    drawing.series.length > 1 ? legend(drawing.series) : null,
  );
}

/** VChart takes data as one set or a list of sets, and the category field as a name or a list of names. */
function readSpec(spec) {
  const sets = [spec.data ?? []].flat();
  const values = sets.flatMap((set) => set.values ?? []);
  const sideways = spec.direction === "horizontal";
  const categories = [(sideways ? spec.yField : spec.xField) ?? spec.categoryField ?? spec.yField ?? "x"].flat();
  const measure = [(sideways ? spec.xField : spec.yField) ?? spec.valueField ?? "y"].flat()[0];
  const seriesField = spec.seriesField ?? categories[1];
  const rows = values.map((value) => ({
    category: String(value[categories[0]] ?? ""),
    series: seriesField && seriesField !== categories[0] ? String(value[seriesField] ?? "") : "",
    amount: Number(value[measure] ?? 0) || 0,
  }));
  return {
    title: typeof spec.title === "string" ? spec.title : (spec.title?.text ?? ""),
    sideways,
    area: spec.type === "area",
    rows,
    categories: [...new Set(rows.map((row) => row.category))],
    series: [...new Set(rows.map((row) => row.series))],
  };
}

const amountAt = (drawing, category, series) =>
  drawing.rows.find((row) => row.category === category && row.series === series)?.amount ?? null;

const written = (amount) => String(Math.round(amount * 100) / 100);

const tone = (index) => `series-${index % SERIES_COLOURS}`;

/** A round top for the scale with at most six steps: 1, 2, 2.5 or 5 times a power of ten each. */
function scale(drawing) {
  const most = Math.max(...drawing.rows.map((row) => row.amount), 0);
  const least = Math.min(...drawing.rows.map((row) => row.amount), 0);
  const rough = (most - least || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((times) => times * power).find((size) => size >= rough - 1e-9);
  const bottom = Math.floor(least / step) * step;
  const top = Math.max(Math.ceil(most / step - 1e-9) * step, bottom + step);
  const marks = Array.from({ length: Math.round((top - bottom) / step) + 1 }, (_one, index) => bottom + index * step);
  return { bottom, top, marks };
}

function canvas(drawing, height, ...children) {
  const words = drawing.rows.map((row) => `${row.category} ${row.series} ${written(row.amount)}`.replace(/\s+/g, " "));
  const label = `${drawing.title ? `${drawing.title}: ` : ""}${words.join(", ")}`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label }, ...children);
}

function grid(range, y) {
  return range.marks.map((mark) => [
    svg("line", { class: "grid", x1: FRAME.left, x2: WIDTH - FRAME.right, y1: y(mark), y2: y(mark) }),
    svg("text", { class: "axis", x: FRAME.left - 6, y: y(mark) + 3.5, "text-anchor": "end" }, written(mark)),
  ]);
}

const below = (x, words) => svg("text", { class: "axis", x, y: HEIGHT - 9, "text-anchor": "middle" }, short(words, 8));

const short = (words, longest) => {
  const letters = [...words];
  return letters.length > longest ? `${letters.slice(0, longest - 1).join("")}…` : words;
};

function bars(drawing) {
  return drawing.sideways ? sidewaysBars(drawing) : uprightBars(drawing);
}

function uprightBars(drawing) {
  const range = scale(drawing);
  const inside = HEIGHT - FRAME.top - FRAME.bottom;
  const y = (amount) => FRAME.top + inside * (1 - (amount - range.bottom) / (range.top - range.bottom));
  const slot = (WIDTH - FRAME.left - FRAME.right) / drawing.categories.length;
  const wide = Math.min((slot * 0.66) / drawing.series.length, 26);
  const drawn = drawing.categories.map((category, place) => {
    const middle = FRAME.left + slot * (place + 0.5);
    const first = middle - (wide * drawing.series.length) / 2;
    const columns = drawing.series.map((series, index) =>
      column(amountAt(drawing, category, series), first + index * wide, wide, index, y),
    );
    return [columns, below(middle, category)];
  });
  return canvas(drawing, HEIGHT, grid(range, y), drawn);
}

function column(amount, x, wide, index, y) {
  if (amount === null) return null;
  const from = Math.min(y(amount), y(0));
  return [
    svg("rect", {
      class: tone(index),
      x: x + 1,
      y: from,
      width: Math.max(wide - 2, 1),
      height: Math.max(Math.abs(y(amount) - y(0)), 0.5),
      rx: 2,
    }),
    wide >= 12
      ? svg("text", { class: "figure", x: x + wide / 2, y: from - 3, "text-anchor": "middle" }, written(amount))
      : null,
  ];
}

/** Each category's words stand above its bars: questions are long, and a phone is narrow. */
function sidewaysBars(drawing) {
  const range = scale(drawing);
  const words = 19;
  const thick = drawing.series.length > 1 ? 10 : 14;
  const slot = words + thick * drawing.series.length + 9;
  const height = slot * drawing.categories.length;
  const long = (amount) => (Math.max(amount, 0) / range.top) * (WIDTH - 34);
  const drawn = drawing.categories.map((category, place) => [
    svg("text", { class: "axis", x: 0, y: place * slot + 12 }, short(category, 28)),
    drawing.series.map((series, index) => {
      const amount = amountAt(drawing, category, series);
      const y = place * slot + words + index * thick;
      if (amount === null) return null;
      return [
        svg("rect", { class: tone(index), x: 0, y, width: Math.max(long(amount), 1), height: thick - 2, rx: 2 }),
        svg("text", { class: "figure", x: long(amount) + 5, y: y + thick - 3 }, written(amount)),
      ];
    }),
  ]);
  return canvas(drawing, height, drawn);
}

function lines(drawing) {
  const range = scale(drawing);
  const inside = HEIGHT - FRAME.top - FRAME.bottom;
  const y = (amount) => FRAME.top + inside * (1 - (amount - range.bottom) / (range.top - range.bottom));
  const across = WIDTH - FRAME.left - FRAME.right - 24;
  const x = (place) =>
    FRAME.left + 12 + (drawing.categories.length > 1 ? (across * place) / (drawing.categories.length - 1) : across / 2);
  const every = Math.ceil(drawing.categories.length / 7);
  const labels = drawing.categories.map((category, place) => (place % every === 0 ? below(x(place), category) : null));
  const drawn = drawing.series.map((series, index) => curve(drawing, series, index, x, y));
  return canvas(drawing, HEIGHT, grid(range, y), labels, drawn);
}

function curve(drawing, series, index, x, y) {
  const points = drawing.categories
    .map((category, place) => [place, amountAt(drawing, category, series)])
    .filter(([, amount]) => amount !== null)
    .map(([place, amount]) => [x(place), y(amount)]);
  const path = points.map(([across, down], place) => `${place ? "L" : "M"}${across} ${down}`).join("");
  const ground = `${path}L${points.at(-1)[0]} ${y(0)}L${points[0][0]} ${y(0)}Z`;
  return [
    drawing.area ? svg("path", { class: `${tone(index)} ground`, d: ground }) : null,
    svg("path", { class: `${tone(index)} stroke`, d: path }),
    points.map(([across, down]) => svg("circle", { class: tone(index), cx: across, cy: down, r: 3 })),
  ];
}

function radar(drawing) {
  const size = 200;
  const most = scale(drawing).top;
  const at = (place, amount, reach = 66) => {
    const angle = (2 * Math.PI * place) / drawing.categories.length - Math.PI / 2;
    const far = (amount / most) * reach;
    return [WIDTH / 2 + far * Math.cos(angle), size / 2 + far * Math.sin(angle)];
  };
  const ring = (amounts) => amounts.map((amount, place) => at(place, amount).join(",")).join(" ");
  const rings = [0.25, 0.5, 0.75, 1].map((part) =>
    svg("polygon", { class: "grid", points: ring(drawing.categories.map(() => most * part)) }),
  );
  const names = drawing.categories.map((category, place) => {
    const [x, y] = at(place, most, 84);
    return svg("text", { class: "axis", x, y: y + 4, "text-anchor": "middle" }, short(category, 6));
  });
  const shapes = drawing.series.map((series, index) =>
    svg("polygon", {
      class: `${tone(index)} web`,
      points: ring(drawing.categories.map((category) => amountAt(drawing, category, series) ?? 0)),
    }),
  );
  return canvas(drawing, size, rings, shapes, names);
}

/** Progress is a part of one; figures above one are percent. */
const part = (amount) => Math.min(Math.max(amount > 1 ? amount / 100 : amount, 0), 1);

function progress(drawing) {
  const drawn = drawing.rows.map((row, place) => {
    const y = place * 34;
    return [
      svg("text", { class: "axis", x: 4, y: y + 13 }, short(row.category, 16)),
      svg(
        "text",
        { class: "figure", x: WIDTH - 4, y: y + 13, "text-anchor": "end" },
        `${Math.round(part(row.amount) * 100)}%`,
      ),
      svg("rect", { class: "track", x: 4, y: y + 19, width: WIDTH - 8, height: 8, rx: 4 }),
      svg("rect", {
        class: tone(0),
        x: 4,
        y: y + 19,
        width: Math.max((WIDTH - 8) * part(row.amount), 8),
        height: 8,
        rx: 4,
      }),
    ];
  });
  return canvas(drawing, drawing.rows.length * 34 + 2, drawn);
}

function gauge(drawing) {
  const [row] = drawing.rows;
  const arc = (share) => {
    const angle = Math.PI * (1 - share);
    return `M${WIDTH / 2 - 80} 100A80 80 0 0 1 ${WIDTH / 2 + 80 * Math.cos(angle)} ${100 - 80 * Math.sin(angle)}`;
  };
  return canvas(
    drawing,
    124,
    svg("path", { class: "track-arc", d: arc(1) }),
    svg("path", { class: "series-0 arc", d: arc(Math.max(part(row.amount), 0.005)) }),
    svg(
      "text",
      { class: "gauge-figure", x: WIDTH / 2, y: 92, "text-anchor": "middle" },
      `${Math.round(part(row.amount) * 100)}%`,
    ),
    svg("text", { class: "axis", x: WIDTH / 2, y: 114, "text-anchor": "middle" }, short(row.category, 16)),
  );
}

function legend(series) {
  return h(
    "ul",
    { class: "legend" },
    series.map((name, index) => h("li", {}, h("i", { class: `swatch ${tone(index)}` }), name)),
  );
}

function table(spec, drawing) {
  const rows = drawing.rows.map((row) =>
    h("tr", {}, h("th", { scope: "row" }, `${row.category} ${row.series}`.trim()), h("td", {}, written(row.amount))),
  );
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, drawing.title || t("noChart", { type: spec.type ?? "?" })),
    h("table", { class: "figures" }, h("tbody", {}, rows)),
  );
}
