// The guided week: seven steps, with the people of this very company filled in.

import { toNextEvent } from "/static/clock.js";
import { byId, fill, h } from "/static/dom.js";
import { pieces, t } from "/static/i18n.js";
import { on, person, state } from "/static/state.js";

const done = new Set();

/** Starts the guide; `choose(id)` switches to a person, `seeMail()` shows the mailbox. */
export function startGuide(choose, seeMail) {
  on(["people", "language"], () => draw(choose, seeMail));
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

const STEPS = [0, 1, 2, 3, 4, 5, 6];

function draw(choose, seeMail) {
  const roles = cast();
  const redraw = () => draw(choose, seeMail);
  const again = done.size
    ? h("button", { type: "button", class: "text-button", onclick: () => (done.clear(), redraw()) }, t("guideReset"))
    : null;
  const steps = () => STEPS.map((index) => step(index, roles, offers(index, seeMail), choose, redraw));
  fill(
    byId("guide"),
    h("h2", { id: "guide-title" }, t("guideTitle"), again),
    roles ? h("ol", { class: "steps" }, steps()) : h("p", { class: "empty" }, t("guideNobody")),
  );
}

function step(index, roles, ways, choose, redraw) {
  const press = (id, go) => () => {
    done.add(index);
    redraw();
    byId("guide").querySelector(`[data-testid="${id}"]`)?.focus();
    go();
  };
  const button = (look, words, name, go, label) => {
    const id = `guide-${index + 1}-${name}`;
    return h(
      "button",
      { type: "button", class: look, "data-testid": id, "aria-label": label, onclick: press(id, go) },
      words,
    );
  };
  const be = (one) =>
    button("name-button", one.name, `be-${one.id}`, () => choose(one.id), t("be", { name: one.name }));
  const sentence = pieces(`guide${index + 1}`).map((piece, place) => (place % 2 ? be(roles[piece]) : piece));
  return h(
    "li",
    { class: done.has(index) ? "done" : null },
    h(
      "span",
      { class: "step-words" },
      sentence,
      done.has(index) ? h("span", { class: "hidden-words" }, ` (${t("done")})`) : null,
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
