// The clock panel: the simulated time, three ways to let it pass, what comes next and what happened.

import { api } from "/static/api.js";
import { byId, fill, h } from "/static/dom.js";
import { currentLanguage, t } from "/static/i18n.js";
import { tellFailure } from "/static/notices.js";
import { emit, on, state } from "/static/state.js";
import { fullDay, hourAndMinute, moment, weekday } from "/static/time.js";

const STEPS = [
  { id: "clock-1h", words: "plusHour", step: { advance: "1h" } },
  { id: "clock-24h", words: "plusDay", step: { advance: "24h" } },
  { id: "clock-7d", words: "plusWeek", step: { advance: "7d" } },
];
const NEXT = { id: "clock-next", words: "toNext", step: { to: "next" } };

let said = () => ""; // the last sentence for screen readers, made anew in each language

export function startClock() {
  on(["clock", "language"], draw);
}

/** What happens, in the page's language where the server tells it in that one too. */
const inWords = (event) => event[currentLanguage()] ?? event.what;

/** Lets time pass up to the next planned event, where there is one. */
export const toNextEvent = () => state.clock?.next && move(NEXT);

async function move(way) {
  if (state.advancing) return;
  state.advancing = way.id;
  said = () => t("playing");
  emit("clock");
  const answer = await api.move(way.step).catch(tellFailure);
  state.advancing = null;
  said = () => "";
  if (answer) arrive(answer);
  emit("clock");
  emit("acted");
}

function arrive(answer) {
  state.clock = answer;
  const count = answer.played.length;
  said = () => t(count ? "playedSome" : "playedNothing", { time: moment(answer.now), count });
}

function draw() {
  const clock = state.clock;
  if (!clock) return;
  byId("phone-time").textContent = hourAndMinute(clock.now);
  const panel = byId("clock");
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  const busy = Boolean(state.advancing || clock.busy);
  panel.classList.toggle("busy", busy);
  fill(
    panel,
    h("h2", { id: "clock-title" }, t("clockTitle"), h("small", {}, clock.zone)),
    face(clock),
    buttons(busy),
    next(clock, busy),
    progress(busy),
    log(clock),
  );
  if (focused) panel.querySelector(`[data-testid="${focused}"]`)?.focus();
}

const face = (clock) =>
  h(
    "time",
    { class: "face", datetime: clock.local, "data-testid": "clock-now" },
    h("span", { class: "face-time" }, hourAndMinute(clock.now)),
    " ",
    h("span", { class: "face-day" }, h("b", {}, weekday(clock.now)), " ", fullDay(clock.now)),
  );

const buttons = (busy) =>
  h(
    "div",
    { class: "clock-buttons" },
    STEPS.map((way) => button(way, busy, "button")),
  );

function button(way, rests, look) {
  return h(
    "button",
    // Not "disabled" while it rests: that would drop the focus of whoever pressed it.
    {
      type: "button",
      class: `${look} ${state.advancing === way.id ? "working" : ""}`,
      "aria-disabled": rests ? "true" : null,
      "data-testid": way.id,
      onclick: () => rests || move(way),
    },
    t(way.words),
  );
}

function next(clock, busy) {
  const words = clock.next
    ? [
        h("span", { class: "quiet" }, `${t("nextIs")} · ${moment(clock.next.at)}`),
        h("b", { "data-testid": "clock-next-what" }, inWords(clock.next)),
      ]
    : h("span", { class: "quiet" }, t("nothingNext"));
  return h(
    "div",
    { class: "next" },
    h("div", { class: "next-words" }, words),
    button(NEXT, busy || !clock.next, "button primary_filled"),
  );
}

const progress = (busy) =>
  h(
    "p",
    { class: "progress", role: "status", "aria-live": "polite", "data-testid": "clock-progress" },
    busy ? h("span", { class: "spinner", "aria-hidden": "true" }) : null,
    busy ? t("playing") : said() || t("clockRuns"),
  );

function log(clock) {
  const entries = [...clock.log]
    .reverse()
    .map((one) => h("li", {}, h("time", {}, moment(one.at)), h("span", {}, inWords(one))));
  return h(
    "details",
    { class: "log", open: true, "data-testid": "clock-log" },
    h("summary", {}, t("logTitle"), entries.length ? h("small", {}, String(clock.log.length)) : null),
    entries.length
      ? h("ol", { tabindex: "0", "aria-label": t("logTitle") }, entries)
      : h("p", { class: "empty" }, t("logEmpty")),
  );
}
