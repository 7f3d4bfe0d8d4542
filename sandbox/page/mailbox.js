// The mailbox panel: every mail the bot sent, opened in place. A mail's HTML stays in a frame that can run nothing.

import { api } from "/static/api.js";
import { byId, fill, h } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { inline } from "/static/markdown.js";
import { emit, on, state } from "/static/state.js";
import { moment } from "/static/time.js";

const opened = new Set();

export function startMailbox() {
  on(["mail", "language", "clock"], draw);
}

function draw() {
  const panel = byId("mail");
  const focused = panel.contains(document.activeElement)
    ? document.activeElement.closest("[data-testid]")?.dataset.testid
    : null;
  const fresh = Math.max(state.mails.length - state.mailsSeen, 0);
  const count = fresh ? h("span", { class: "unread", "aria-label": t("unread", { count: fresh }) }, fresh) : null;
  const letters = [...state.mails].reverse().map(letter);
  fill(
    panel,
    h("h2", { id: "mail-title" }, t("mailTitle"), count),
    letters.length ? h("div", { class: "letters" }, letters) : h("p", { class: "empty" }, t("mailEmpty")),
  );
  if (focused) panel.querySelector(`[data-testid="${focused}"] > summary`)?.focus();
}

function letter(mail) {
  const inside = h("div", { class: "letter-inside" });
  const open = opened.has(mail.id);
  if (open) fill(inside, body(mail));
  return h(
    "details",
    {
      class: "letter",
      "data-testid": `mail-${mail.id}`,
      open,
      ontoggle: (event) => toggle(event.target.open, mail, inside),
    },
    h(
      "summary",
      {},
      h("b", {}, mail.subject || t("noSubject")),
      h("span", { class: "quiet" }, t("mailTo", { to: mail.to.join(", ") })),
      h("time", {}, moment(mail.time)),
    ),
    inside,
  );
}

function toggle(open, mail, inside) {
  if (open === opened.has(mail.id)) return;
  if (open) opened.add(mail.id);
  else opened.delete(mail.id);
  fill(inside, open ? body(mail) : []);
  if (!open || state.mailsSeen === state.mails.length) return;
  state.mailsSeen = state.mails.length;
  emit("mail");
}

function body(mail) {
  const sender = h("p", { class: "quiet" }, t("mailFrom", { from: mail.from }));
  if (mail.html === null)
    return [sender, h("pre", { class: "letter-text" }, mail.text ? autolinked(mail.text) : t("mailNoText"))];
  const frame = h("iframe", {
    class: "letter-frame",
    title: t("mailBody"),
    sandbox: "allow-popups allow-popups-to-escape-sandbox",
    src: api.letterAddress(mail.id),
    loading: "lazy",
  });
  return [sender, frame];
}

/** Addresses become links; nothing else of the text is read as markup. */
const autolinked = (text) =>
  text.split(/(https?:\/\/[^\s<>"'，。、；）)]+)/).map((piece, place) => (place % 2 ? inline(piece) : piece));
