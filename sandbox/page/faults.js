// The faults panel: one switch for each way in which a platform or the mail server can misbehave.

import { api } from "/static/api.js";
import { byId, fill, h } from "/static/dom.js";
import { t, tOr } from "/static/i18n.js";
import { tellFailure } from "/static/notices.js";
import { emit, on, person, platformOf, state } from "/static/state.js";

const COUNTS = [1, 3, 10, 100];
let times = 3;

export function startFaults() {
  on(["faults", "language", "person", "people"], draw);
}

async function change(request) {
  const answer = await request.catch(tellFailure);
  if (answer) state.faults = answer;
  emit("faults");
}

function draw() {
  const panel = byId("faults");
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  const places = Object.entries(state.faults.kinds);
  const shown = places.filter(([place]) => isOfInterest(place));
  const clear = state.faults.faults.length
    ? h(
        "button",
        {
          type: "button",
          class: "text-button",
          "data-testid": "faults-clear",
          onclick: () => change(api.clearFaults()),
        },
        t("faultsClear"),
      )
    : null;
  fill(
    panel,
    h("h2", { id: "faults-title" }, t("faultsTitle"), clear),
    h("p", { class: "quiet" }, t("faultsNote")),
    howOften(),
    shown.map(([place, kinds]) => group(place, kinds, places.length)),
  );
  if (focused) panel.querySelector(`[data-testid="${focused}"]`)?.focus();
}

/** The platform on show and the mail; another platform only while something is wrong with it. */
function isOfInterest(place) {
  const chosen = person(state.person);
  const shown = (chosen && platformOf(chosen)) ?? state.platform;
  return place === shown || place === "mail" || state.faults.faults.some((one) => one.platform === place);
}

function howOften() {
  const pick = h(
    "select",
    { "data-testid": "faults-times", onchange: (event) => (times = Number(event.target.value)) },
    COUNTS.map((count) => h("option", { value: count, selected: count === times }, t("faultsTimesUnit", { count }))),
  );
  return h("label", { class: "how-often" }, t("faultsTimes"), pick);
}

function group(place, kinds, places) {
  // With one platform its name adds nothing; the mail's switches carry their own words.
  const head = places > 2 ? h("h3", {}, tOr(`platform.${place}`, place)) : null;
  return h(
    "div",
    { class: "fault-group", role: "group", "aria-label": tOr(`platform.${place}`, place) },
    head,
    kinds.map((kind) => row(place, kind)),
  );
}

function row(place, kind) {
  const fault = state.faults.faults.find((one) => one.platform === place && one.kind === kind);
  const words = place === "mail" ? `fault.mail.${kind}` : `fault.${kind}`;
  const name = tOr(words, kind);
  const flip = () => change(api.setFault({ platform: place, kind, times: fault ? 0 : times }));
  return h(
    "div",
    { class: "fault" },
    h(
      "span",
      { class: "fault-words" },
      h("b", {}, name),
      h("span", { class: "quiet" }, fault ? remaining(fault) : tOr(`${words}.note`, "")),
    ),
    h("button", {
      type: "button",
      class: "switch",
      role: "switch",
      "aria-checked": String(Boolean(fault)),
      "aria-label": name,
      "data-testid": `fault-${place}-${kind}`,
      onclick: flip,
    }),
  );
}

const remaining = (fault) => (fault.times === null ? t("faultOn") : t("faultLeft", { count: fault.times }));
