// The switch between the platforms on which the chosen person can be met, with what is unread on each.

import { byId, fill, h } from "/static/dom.js";
import { t, tOr } from "/static/i18n.js";
import { keep, recall } from "/static/memory.js";
import { emit, on, person, platformOf, platformsOf, state } from "/static/state.js";

const KEY = "platform";

let load = async () => {};

/** Starts the switch; `show()` loads the chat once another platform is chosen. */
export function startSwitch(show) {
  load = show;
  on(["people", "person", "language"], draw);
}

/** The name of a platform, as readers know it. */
export const nameOf = (platform) => tOr(`platform.${platform}`, platform);

/** The platform that this visitor looked at last, else the first there is. */
export const preferred = (platforms) => (platforms.includes(recall(KEY)) ? recall(KEY) : (platforms[0] ?? null));

/** Shows the chosen person on another platform, and remembers it. */
export async function turnTo(platform) {
  if (state.platform === platform) return;
  state.platform = platform;
  keep(KEY, platform);
  state.messages = [];
  state.loading = true;
  emit("person");
  await load();
}

function draw() {
  const box = byId("platforms");
  const one = person(state.person);
  const reachable = one ? platformsOf(one) : [];
  const shown = one ? platformOf(one) : state.platform;
  const focused = box.contains(document.activeElement);
  byId("phone").dataset.platform = shown ?? "";
  box.hidden = reachable.length < 2;
  fill(
    box,
    h("legend", { class: "hidden-words" }, t("platform")),
    reachable.map((name) => option(name, name === shown, one.unread_by?.[name] ?? 0)),
  );
  if (focused) box.querySelector("input:checked")?.focus();
}

function option(name, checked, unread) {
  const pick = h("input", { type: "radio", name: "platform", value: name, checked, onchange: () => turnTo(name) });
  const count = { class: "unread", "data-testid": `unread-on-${name}`, "aria-label": t("unread", { count: unread }) };
  return h(
    "label",
    { class: "platform", "data-platform": name, "data-testid": `platform-${name}` },
    pick,
    h("span", { class: "platform-mark", "aria-hidden": "true" }),
    h("span", {}, nameOf(name)),
    unread ? h("span", count, unread > 99 ? "99+" : unread) : null,
  );
}
