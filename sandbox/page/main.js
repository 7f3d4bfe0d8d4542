// Starts the page: loads what there is, listens for changes, and ties the parts together.

import { api, listen } from "/static/api.js";
import { loadChat, startChat } from "/static/chat.js";
import { startChips } from "/static/chips.js";
import { startClock } from "/static/clock.js";
import { startComposer } from "/static/composer.js";
import { startConfiguration } from "/static/configuration.js";
import { byId } from "/static/dom.js";
import { startFaults } from "/static/faults.js";
import { startGuide } from "/static/guide.js";
import { currentLanguage, switchLanguage, t, translatePage } from "/static/i18n.js";
import { startMailbox } from "/static/mailbox.js";
import { tellFailure } from "/static/notices.js";
import { startPeople } from "/static/people.js";
import { emit, on, state } from "/static/state.js";
import { preferred, startSwitch } from "/static/switch.js";

const CLOCK_LOOK_MS = 15_000;

/** Asks for one part of what the page knows and tells whoever shows it. */
async function refresh(topic, ask, store) {
  const answer = await ask().catch(tellFailure);
  if (!answer) return;
  store(answer);
  emit(topic);
}

const refreshPeople = () =>
  refresh("people", api.people, (answer) => {
    state.people = answer.people;
    state.platforms = answer.platforms;
    state.platform ??= preferred(answer.platforms);
  });
const refreshClock = () => refresh("clock", api.clock, (answer) => (state.clock = answer));
const refreshMail = () => refresh("mail", api.mail, (answer) => (state.mails = answer.mails));
const refreshConfiguration = () =>
  refresh("configuration", api.configuration, (answer) => (state.configuration = answer.configuration));
const refreshFaults = () => refresh("faults", api.faults, (answer) => (state.faults = answer));

/** The simulated clock may run on by itself; what shows no other minute is not drawn anew. */
async function followClock() {
  const before = face(state.clock);
  const answer = await api.clock().catch(() => null); // a server that is away is told by the stream
  if (!answer || state.advancing || face(answer) === before) return;
  state.clock = answer;
  emit("clock");
}

const face = (clock) => JSON.stringify([clock?.now.slice(0, 16), clock?.next, clock?.busy, clock?.log.length]);

async function refreshAll() {
  await Promise.all([refreshClock(), refreshMail(), refreshFaults(), refreshConfiguration()]);
  await Promise.all([loadChat(), refreshPeople()]);
}

async function choose(id) {
  const changed = state.person !== id;
  state.person = id;
  showTab("chat");
  if (!changed) return;
  history.replaceState(null, "", `#${encodeURIComponent(id)}`);
  state.messages = [];
  state.loading = true;
  emit("person");
  await showChat();
}

/** Shows the chat as it is, then opens it as a finger does, which may bring a message. */
async function showChat() {
  await loadChat();
  await loadChat(api.open);
  await refreshPeople();
}

function showTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll(".tabs [data-tab]"))
    tab.setAttribute("aria-current", String(tab.dataset.tab === name));
}

function seeMail() {
  state.mailsSeen = state.mails.length;
  emit("mail");
  seePanel("mail");
  byId("mail").querySelector("summary")?.focus();
}

function seePanel(id) {
  showTab("side");
  byId(id).scrollIntoView({ block: "start" });
}

function drawUnread() {
  const [people, side] = document.querySelectorAll(".tabs .dot");
  const fresh = state.mails.length - state.mailsSeen;
  people.hidden = !state.people.some((one) => one.unread > 0);
  byId("mail-news").hidden = fresh <= 0;
  side.hidden = fresh <= 0 && !state.configuration?.problems.length;
  byId("mail-news").textContent = t("mailNews", { count: fresh });
}

function drawLanguage() {
  translatePage();
  const button = byId("language");
  button.textContent = t("otherLanguage");
  button.lang = currentLanguage() === "en" ? "zh-CN" : "en";
  button.setAttribute("aria-label", t("otherLanguageLabel"));
}

async function onChange(change) {
  const asked = [];
  // While time passes, every change is a sign that it has come further.
  if (change.clock || state.advancing) asked.push(refreshClock());
  if (change.clock) asked.push(refreshConfiguration());
  if (change.mail) asked.push(refreshMail());
  if (change.faults) asked.push(refreshFaults());
  if (change.people.includes(state.person)) asked.push(loadChat());
  if (change.people.length) asked.push(refreshPeople());
  await Promise.all(asked);
}

function startTop() {
  byId("language").addEventListener("click", () => {
    switchLanguage();
    emit("language");
  });
  for (const tab of document.querySelectorAll(".tabs [data-tab]"))
    tab.addEventListener("click", () => showTab(tab.dataset.tab));
  byId("mail-news").addEventListener("click", seeMail);
  byId("configuration-news").addEventListener("click", () => seePanel("configuration"));
  on(["language"], drawLanguage);
  on(["mail", "people", "language", "configuration"], drawUnread);
  on(["acted"], () => Promise.all([refreshPeople(), refreshFaults()]));
}

async function start() {
  startTop();
  startPeople(choose);
  startChat(() => showTab("people"));
  startSwitch(showChat);
  startComposer();
  startChips();
  startClock();
  startGuide(choose, seeMail);
  startMailbox();
  startConfiguration();
  startFaults();
  showTab("people");
  emit("language");
  await refreshClock();
  await Promise.all([refreshPeople(), refreshMail(), refreshFaults()]);
  state.mailsSeen = state.mails.length;
  emit("mail");
  const remembered = state.people.find((one) => `#${encodeURIComponent(one.id)}` === location.hash);
  if (remembered) await choose(remembered.id);
  else emit("person");
  listen(onChange, (line) => {
    byId("offline").hidden = line;
    // Whatever changed while nobody listened is fetched whenever the line comes up, the first time too.
    if (line) refreshAll();
  });
  setInterval(followClock, CLOCK_LOOK_MS);
  document.documentElement.dataset.ready = "true";
}

start();
