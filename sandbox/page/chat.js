// The chosen person's phone: messages and cards of one platform. Messages are kept as elements and redrawn only when
// they changed, so that what somebody is typing into a card stays where it is.

import { api } from "/static/api.js";
import { renderMessage } from "/static/card.js";
import { avatar, byId, fill, h } from "/static/dom.js";
import { t, tOr } from "/static/i18n.js";
import { tellFailure, toast } from "/static/notices.js";
import { roleBadge } from "/static/people.js";
import { lineOf } from "/static/reading.js";
import { emit, on, person, platformOf, platformsOf, state } from "/static/state.js";
import { nameOf, turnTo } from "/static/switch.js";
import { dayHead, fullDay, hourAndMinute } from "/static/time.js";

const NEAR_BOTTOM_PX = 80;
const TALL_MARGIN_PX = 12;

const drawn = new Map(); // message id → {print, element}
const drafts = new Map(); // person/platform/message → {input: value}
const pending = new Set(); // ids of messages whose button is at work
let restsAt = null; // where the box was put to show a tall message from its top

/** Starts the chat; `choose` leads back to the list on a phone. */
export function startChat(back) {
  const box = byId("messages");
  box.addEventListener("scroll", () => isAtBottom() && (byId("newer").hidden = true));
  byId("newer").addEventListener("click", () => toBottom());
  on(["person", "language", "people"], () => drawHeader(back));
  on(["person", "language"], () => {
    drawn.clear();
    byId("toasts").replaceChildren();
    drawMessages();
    toBottom();
  });
  on(["messages"], drawMessages);
  on(["clock"], drawMessages);
  // Where somebody has messages is known with the list of people, and an empty chat tells it.
  on(["people"], () => state.messages.length === 0 && drawMessages());
}

/** Loads the chat of the chosen person; an answer that comes after another choice is dropped. */
export async function loadChat(ask = api.messages) {
  const chosen = person(state.person);
  const platform = chosen && platformOf(chosen);
  if (!platform) return;
  const answer = await ask(chosen.id, platform).catch(tellFailure);
  take(answer);
}

/** Takes the chat out of any answer of the API, if it is still the one on show. */
export function take(answer) {
  const chosen = person(state.person);
  if (!answer || answer.person !== chosen?.id || answer.platform !== platformOf(chosen)) return;
  state.messages = answer.messages;
  state.loading = false;
  emit("messages");
}

function drawHeader(back) {
  const one = person(state.person);
  const platform = one && platformOf(one);
  byId("composer").classList.toggle("off", !platform);
  byId("composer-text").disabled = byId("send").disabled = !platform;
  fill(
    byId("chat-header"),
    h("button", { type: "button", class: "back", "aria-label": t("people"), onclick: back }, "‹"),
    h("span", { class: "avatar bot", "aria-hidden": "true" }),
    h(
      "span",
      { class: "chat-name" },
      h("b", {}, t("botName")),
      h("span", { class: "badge bot-tag" }, t("botTag")),
      h("small", {}, one ? t("phoneOf", { name: one.name }) : t("chooseTitle")),
    ),
    one ? h("span", { class: "chat-me", title: one.title ?? "" }, roleBadge(one), avatar(one.name, "small")) : null,
  );
}

function drawMessages() {
  const box = byId("messages");
  const [rests, bottom] = [isAtRest(box), isAtBottom()];
  const last = box.lastElementChild;
  const known = box.querySelectorAll(".message").length;
  if (state.person === null) return fill(box, nobody());
  if (state.messages.length === 0) return fill(box, quiet());
  place(box, rows());
  if (rests || (bottom && box.lastElementChild !== last)) toBottom();
  else if (bottom) box.scrollTop = box.scrollHeight;
  else if (box.querySelectorAll(".message").length > known) byId("newer").hidden = false;
}

const nobody = () =>
  h(
    "div",
    { class: "empty big" },
    h("span", { class: "avatar bot huge", "aria-hidden": "true" }),
    h("b", {}, t("chooseTitle")),
    h("p", {}, t("chooseSomebody")),
  );

function quiet() {
  const one = person(state.person);
  const box = (...inside) => h("div", { class: "empty", "data-testid": "empty-chat" }, inside);
  if (one && !platformOf(one)) return box(t("onNoPlatform", { name: one.name }));
  if (state.loading || !one) return box(t("loading"));
  if (platformsOf(one).length < 2) return box(t("emptyChat", { name: one.name }));
  const elsewhere = platformsOf(one).filter((name) => one.last_by?.[name]);
  return box(
    h("b", {}, t("emptyPlatform")),
    h("p", {}, t(elsewhere.length ? "messagesElsewhere" : "emptyEverywhere", { name: one.name })),
    elsewhere.map((name) => wayTo(name)),
  );
}

const wayTo = (name) =>
  h(
    "button",
    { type: "button", class: "button", "data-testid": `empty-to-${name}`, onclick: () => turnTo(name) },
    t("lookAt", { platform: nameOf(name) }),
  );

function rows() {
  let day = null;
  return state.messages.flatMap((message) => {
    const changed = fullDay(message.time) !== day;
    day = fullDay(message.time);
    return changed ? [separator(message), row(message)] : [row(message)];
  });
}

const separator = (message) => ({
  key: `day ${fullDay(message.time)}`,
  print: dayHead(message.time),
  make: () => h("div", { class: "day" }, dayHead(message.time)),
});

const row = (message) => ({ key: message.id, print: JSON.stringify(message), make: () => messageElement(message) });

/** Puts rows into the box in order; elements whose print is the same stay, and keep focus and typed text. */
function place(box, wanted) {
  const focused = document.activeElement;
  const elements = wanted.map(({ key, print, make }) => {
    const kept = drawn.get(key);
    // While a button is at work its card stays: the answer to the press brings the new one.
    if (kept && (kept.print === print || pending.has(key))) return kept.element;
    const element = make();
    drawn.set(key, { print, element });
    if (kept?.element.contains(focused))
      queueMicrotask(() => element.querySelector(".card")?.focus({ preventScroll: true }));
    return element;
  });
  // Only what differs is moved: moving an element would take the focus from what is inside it.
  for (const old of [...box.children]) if (!elements.includes(old)) old.remove();
  elements.forEach(
    (element, at) => box.children[at] !== element && box.insertBefore(element, box.children[at] ?? null),
  );
}

function messageElement(message) {
  if (message.recalled)
    return h("p", { class: "message recalled", "data-testid": `message-${message.id}` }, t("recalled"));
  const mine = message.from === "me";
  const one = person(state.person);
  return h(
    "article",
    {
      class: `message from-${mine ? "me" : "bot"}`,
      "data-testid": `message-${message.id}`,
      "aria-label": mine ? t("me") : t("botName"),
    },
    mine ? avatar(one.name, "small") : h("span", { class: "avatar bot small", "aria-hidden": "true" }),
    h(
      "div",
      { class: "message-body" },
      mine ? h("div", { class: "bubble" }, message.text ?? "") : contentOf(message),
      meta(message, mine),
    ),
  );
}

function meta(message, mine) {
  const changed = (message.version ?? 1) > 1 ? h("span", {}, ` · ${t("updated")}`) : null;
  const reply = mine
    ? null
    : h(
        "button",
        { type: "button", class: "text-button", "data-testid": `reply-${message.id}`, onclick: () => replyTo(message) },
        t("reply"),
      );
  const urgent = message.urgent ? h("b", { class: "urgent" }, t("urgent")) : null;
  return h(
    "div",
    { class: "meta" },
    urgent,
    h("time", { datetime: message.time }, hourAndMinute(message.time)),
    changed,
    reply,
  );
}

function contentOf(message) {
  const platform = platformOf(person(state.person));
  const key = `${state.person}/${platform}/${message.id}`;
  if (!drafts.has(key)) drafts.set(key, {});
  const element = renderMessage(message, platform, drafts.get(key), (action, form, button) =>
    act(message, element, key, action, form, button),
  );
  return element;
}

async function act(message, element, key, action, form, button) {
  if (pending.has(message.id)) return;
  const chosen = person(state.person);
  pending.add(message.id);
  element.setAttribute("aria-busy", "true");
  button?.classList.add("working");
  const answer = await api.act(chosen.id, platformOf(chosen), message.id, action, form).catch(tellFailure);
  pending.delete(message.id);
  element.removeAttribute("aria-busy");
  button?.classList.remove("working");
  if (answer) show(answer, message, key);
  else drawMessages();
}

function show(answer, message, key) {
  if (answer.error) toast("error", clientError(answer.error));
  else if (answer.toast) toast(answer.toast.type, answer.toast.content);
  const now = answer.messages.find((one) => one.id === message.id);
  // What was typed has arrived once the card has another face, be it in the answer or as an update after it.
  if (answer.card || now?.version !== message.version) drafts.delete(key);
  const spoke = message.kind !== "card";
  take(answer);
  if (spoke) toBottom();
  emit("acted");
}

/** What the platform's client would say: a word of ours for its refusals, the bare code for the rest. */
function clientError(error) {
  const [kind, name] = error.split(": ");
  const code = error.match(/^(?:refused )?(\d+)$/)?.[1];
  if (code) return t("clientCode", { code });
  return tOr(`client.${kind}`, t("failed", { message: error })).replace("{name}", name ?? "");
}

export const isAtBottom = () => {
  const box = byId("messages");
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_BOTTOM_PX;
};

/** Shows the newest message: at the bottom, and from its top if all of it does not fit. */
export function toBottom() {
  const box = byId("messages");
  const topOf = (element) => element.getBoundingClientRect().top;
  box.scrollTop = box.scrollHeight;
  if (box.lastElementChild) box.scrollTop += Math.min(0, topOf(box.lastElementChild) - topOf(box) - TALL_MARGIN_PX);
  restsAt = box.scrollTop;
  byId("newer").hidden = true;
}

/** Nobody has scrolled since the newest message was shown. */
const isAtRest = (box) => restsAt !== null && Math.abs(box.scrollTop - restsAt) < 1;

function replyTo(message) {
  emit("reply-off");
  byId("composer").dataset.replyTo = message.id;
  fill(
    byId("replying"),
    h("span", {}, t("replyTo", { text: lineOf(message) })),
    h("button", { type: "button", "aria-label": t("replyCancel"), onclick: () => emit("reply-off") }, "×"),
  );
  byId("replying").hidden = false;
  byId("composer-text").focus();
}
