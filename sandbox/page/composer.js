// The line at the bottom of the phone: writes messages, one draft for each person.

import { api } from "/static/api.js";
import { take, toBottom } from "/static/chat.js";
import { byId } from "/static/dom.js";
import { tellFailure } from "/static/notices.js";
import { emit, on, person, platformOf, state } from "/static/state.js";

const TALLEST_PX = 120;
const IME_IS_COMPOSING = 229; // what Safari and old Chromium report for the Enter that ends a composition

const drafts = new Map(); // person/platform → text
let writer = null;
let sending = false;

export function startComposer() {
  const box = byId("composer-text");
  byId("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send(box);
  });
  box.addEventListener("input", () => grow(box));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") emit("reply-off");
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === IME_IS_COMPOSING) return;
    event.preventDefault();
    send(box);
  });
  on(["reply-off"], dropReply);
  on(["person"], () => changeWriter(box));
}

function grow(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight, TALLEST_PX)}px`;
}

function dropReply() {
  delete byId("composer").dataset.replyTo;
  byId("replying").hidden = true;
}

function changeWriter(box) {
  const chosen = person(state.person);
  const next = chosen && deskOf(chosen);
  if (writer === next) return;
  if (writer !== null) drafts.set(writer, box.value);
  writer = next;
  box.value = drafts.get(writer) ?? "";
  grow(box);
  dropReply();
}

/** Where a person writes: each of their chats keeps its own unsent text. */
const deskOf = (one) => `${one.id}/${platformOf(one)}`;

async function send(box) {
  const said = box.value;
  const chosen = person(state.person);
  if (sending || !chosen || said.trim() === "") return;
  box.value = "";
  grow(box);
  const desk = deskOf(chosen);
  if (await say(said)) return;
  // What was written is given back: nothing is worse than a lost answer.
  if (writer === desk) box.value = said;
  else drafts.set(desk, said);
}

/** Says something as the chosen person, as a reply where one was begun; tells whether it was sent. */
export async function say(said) {
  const chosen = person(state.person);
  const platform = chosen && platformOf(chosen);
  if (sending || !platform) return false;
  sending = true;
  const replyTo = byId("composer").dataset.replyTo ?? null;
  const answer = await api.say(chosen.id, platform, said, replyTo).catch(tellFailure);
  sending = false;
  if (!answer) return false;
  dropReply();
  take(answer);
  toBottom();
  emit("acted");
  return true;
}
