// Answers that can be sent with one tap: what the bot's newest message offers in words, else what it always knows.

import { say } from "/static/composer.js";
import { byId, fill, h } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { on, person, state } from "/static/state.js";

const OPTION = /^\s*(\d{1,2})[.)．、）]\s*(\S.*)$/gm;
const QUOTED = /(?:回|回复|发|reply|send)\s*[「“"]([^」”"\n]{1,20})[」”"]/gi;
const LISTED = /(?:也可以直接回复|Or reply)[：:]\s*([^\n·…]+)(?=$|[\n·])/;
const ALWAYS = ["chipWeekly", "chipOpen", "chipHelp"];
const MOST = 12;

export function startChips() {
  on(["messages", "person", "language", "people"], draw);
}

function draw() {
  const box = byId("chips");
  const offers = person(state.person) ? (offered(state.messages.at(-1)) ?? ALWAYS.map((key) => plain(t(key)))) : [];
  const focused = box.contains(document.activeElement) ? document.activeElement.textContent : null;
  box.hidden = offers.length === 0;
  fill(box, offers.map(chip));
  if (focused !== null) [...box.children].find((one) => one.textContent === focused)?.focus();
}

const plain = (words) => ({ says: words, shows: words });

const chip = ({ says, shows }) =>
  h("button", { type: "button", class: "chip", "data-testid": `chip-${says}`, onclick: () => say(says) }, shows);

/** What the newest message offers, null where it offers nothing. */
function offered(message) {
  if (message?.from !== "bot" || message.recalled) return null;
  const { main_title: title, sub_title_text: paragraph } = message.card ?? {};
  const said = [message.text, title?.desc, paragraph].filter(Boolean).join("\n");
  const typed = [...said.matchAll(QUOTED)].map((found) => plain(found[1]));
  const listed = (said.match(LISTED)?.[1] ?? "").split(" / ").filter(Boolean).map(plain);
  const all = [...(isPlain(message) ? numbered(said) : []), ...listed, ...typed];
  const fresh = all.filter((one, at) => all.findIndex((other) => other.says === one.says) === at);
  return fresh.length ? fresh.slice(0, MOST) : null;
}

/** Cards, and what is written like one, number their questions; a mere text numbers the answers. */
const isPlain = (message) =>
  message.kind === "text" && message.type !== "markdown" && message.card?.msgKey !== "sampleMarkdown";

/** The numbered answers of one question; of several questions at once no number would say which is meant. */
function numbered(said) {
  const found = [...said.matchAll(OPTION)];
  const inOrder = found.every(([, number], at) => Number(number) === at + 1);
  if (found.length < 2 || !inOrder) return [];
  return found.map(([, number, label]) => ({ says: number, shows: `${number} ${label}` }));
}
