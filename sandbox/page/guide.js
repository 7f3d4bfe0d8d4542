// The guided week: seven steps, with the people of this very company filled in, ticked off as the week is lived.

import { toNextEvent } from "/static/clock.js";
import { byId, fill, h } from "/static/dom.js";
import { currentLanguage, pieces, t } from "/static/i18n.js";
import { progress } from "/static/progress.js";
import { on, person, state } from "/static/state.js";

const STEPS = [0, 1, 2, 3, 4, 5, 6];

let done = new Set();

/** Starts the guide; `choose(id)` switches to a person, `seeMail()` shows the mailbox. */
export function startGuide(choose, seeMail) {
  const redraw = () => draw(choose, seeMail);
  on(["people", "language", "clock"], redraw);
  on(["people"], async () => {
    const roles = cast();
    if (!roles) return;
    const before = done;
    done = await progress(roles);
    if (done !== before) redraw();
  });
}

/** An employee with a manager and an HRBP of their own, who leads nobody: the best one to start with. */
function cast() {
  const leads = new Set(state.people.map((one) => one.manager));
  const fit = state.people.filter((one) => person(one.manager) && person(one.hrbp) && one.manager !== one.hrbp);
  const employee = fit.find((one) => !leads.has(one.id)) ?? fit[0];
  return employee ? { employee, manager: person(employee.manager), hrbp: person(employee.hrbp) } : null;
}

/** What each step offers beside the people named in it. */
function offers(index, seeMail) {
  const next = { words: t("toNext"), id: "next", go: toNextEvent };
  return { 0: [next], 3: [next], 4: [next, { words: t("seeMail"), id: "mail", go: seeMail }] }[index] ?? [];
}

function draw(choose, seeMail) {
  const panel = byId("guide");
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  const roles = cast();
  const now = Math.max(-1, ...done) + 1;
  const steps = () => STEPS.map((index) => step(index, index === now, roles, offers(index, seeMail), choose));
  fill(
    panel,
    h("h2", { id: "guide-title" }, t("guideTitle")),
    roles ? h("ol", { class: "steps" }, steps()) : h("p", { class: "empty" }, t("guideNobody")),
    now === STEPS.length ? h("p", { class: "guide-note" }, t("guideWhole")) : null,
    speaksOther() ? h("p", { class: "guide-note" }, t("speaksOther")) : null,
  );
  if (focused) panel.querySelector(`[data-testid="${focused}"]`)?.focus();
}

/** Whether the company's language, in which its bot speaks, is another than the page's. */
function speaksOther() {
  const next = state.clock?.next;
  return currentLanguage() in (next ?? {}) && next[currentLanguage()] !== next.what;
}

function step(index, isNow, roles, ways, choose) {
  const button = (look, words, name, go, label) =>
    h(
      "button",
      { type: "button", class: look, "data-testid": `guide-${index + 1}-${name}`, "aria-label": label, onclick: go },
      words,
    );
  const be = (one) =>
    button("name-button", one.name, `be-${one.id}`, () => choose(one.id), t("be", { name: one.name }));
  const sentence = pieces(`guide${index + 1}`).map((piece, place) => (place % 2 ? be(roles[piece]) : piece));
  const isDone = done.has(index);
  return h(
    "li",
    { class: isDone ? "done" : isNow ? "now" : null, "aria-current": isNow ? "step" : null },
    h(
      "span",
      { class: "step-words" },
      sentence,
      isDone ? h("span", { class: "hidden-words" }, ` (${t("done")})`) : null,
    ),
    ways.length
      ? h(
          "span",
          { class: "step-ways" },
          ways.map((way) => button("chip", way.words, way.id, way.go, null)),
        )
      : null,
  );
}
