// The list of people: groups by department, unread dots, search, and arrow keys.

import { avatar, byId, fill, h } from "/static/dom.js";
import { t, tOr } from "/static/i18n.js";
import { on, state } from "/static/state.js";
import { brief } from "/static/time.js";

let searched = "";

/** Starts the list; `choose(id)` is called when somebody is picked. */
export function startPeople(choose) {
  const list = byId("people-list");
  const search = byId("search");
  search.addEventListener("input", () => {
    searched = search.value.trim().toLowerCase();
    draw(choose);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clearSearch(search, choose);
    if (event.key === "ArrowDown") focusAt(list, 0, event);
    const [first] = items(list);
    if (event.key === "Enter" && first && !event.isComposing) first.click();
  });
  list.addEventListener("keydown", (event) => walk(list, event));
  on(["people", "person", "language", "clock"], () => draw(choose));
}

function clearSearch(search, choose) {
  search.value = searched = "";
  draw(choose);
}

const items = (list) => [...list.querySelectorAll("[role=option]")];

function walk(list, event) {
  const all = items(list);
  const place = all.indexOf(document.activeElement);
  const last = all.length - 1;
  const target = { ArrowDown: Math.min(place + 1, last), ArrowUp: Math.max(place - 1, 0), Home: 0, End: last }[
    event.key
  ];
  if (target !== undefined) focusAt(list, target, event);
  else if ((event.key === "Enter" || event.key === " ") && place >= 0) {
    event.preventDefault();
    all[place].click();
  }
}

function focusAt(list, place, event) {
  const all = items(list);
  if (all.length === 0) return;
  event.preventDefault();
  for (const item of all) item.tabIndex = -1;
  all[place].tabIndex = 0;
  all[place].focus();
}

function draw(choose) {
  const list = byId("people-list");
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  const found = state.people.filter(matches);
  fill(list, found.length ? grouped(found).map(([name, members]) => group(name, members, choose)) : empty());
  const all = items(list);
  const reachable = all.find((item) => item.getAttribute("aria-selected") === "true") ?? all[0];
  if (reachable) reachable.tabIndex = 0;
  if (focused) all.find((item) => item.dataset.testid === focused)?.focus();
}

const matches = (one) =>
  [one.name, one.department, one.title, one.id].some((part) =>
    String(part ?? "")
      .toLowerCase()
      .includes(searched),
  );

function grouped(people) {
  const groups = new Map();
  for (const one of people) {
    const name = one.department || t("noDepartment");
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups];
}

function empty() {
  return h("p", { class: "empty" }, searched ? t("nobodyFound", { words: byId("search").value }) : t("noPeople"));
}

function group(name, members, choose) {
  return h(
    "div",
    { class: "group", role: "group", "aria-label": name },
    h("div", { class: "group-name", "aria-hidden": "true" }, name),
    members.map((one) => item(one, choose)),
  );
}

export const roleBadge = (one) => {
  const name = tOr(`role.${one.role}`, null);
  return name ? h("span", { class: `badge role-${one.role}` }, name) : null;
};

function item(one, choose) {
  const unread = one.unread ?? 0;
  return h(
    "div",
    {
      class: "person",
      role: "option",
      tabindex: "-1",
      "data-testid": `person-${one.id}`,
      "aria-selected": String(one.id === state.person),
      onclick: () => choose(one.id),
    },
    avatar(one.name),
    h(
      "span",
      { class: "person-words" },
      h(
        "span",
        { class: "person-name" },
        h("b", {}, one.name),
        roleBadge(one),
        one.last ? h("time", {}, brief(one.last.time)) : null,
      ),
      h(
        "span",
        { class: "person-note" },
        h("span", { class: "preview" }, one.last?.text || one.title || t("noMessagesYet")),
      ),
    ),
    unread
      ? h(
          "span",
          { class: "unread", "data-testid": `unread-${one.id}`, "aria-label": t("unread", { count: unread }) },
          unread > 99 ? "99+" : unread,
        )
      : null,
  );
}
