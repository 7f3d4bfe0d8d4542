// Draws DingTalk's (钉钉) messages and interactive cards: the two templates of docs/dingtalk-templates, and markdown
// whose links may send a text in the reader's name.

import { h, link } from "/static/dom.js";
import { feishuCard } from "/static/feishu.js";
import { field } from "/static/fields.js";
import { button, contextOf, formOf, inForm, placed } from "/static/forms.js";
import { t } from "/static/i18n.js";
import { BARE, blocks, DINGTALK, inline } from "/static/markdown.js";
import { asElement } from "/static/neutral.js";

const SPEAKING = "dtmd://";
const LOOKS = { main: "primary_filled", primary: "primary_filled", risky: "danger", danger: "danger" };

/** The element for an interactive card; drafts and act as for `contextOf`. */
export function dingtalkCard(message, drafts, act) {
  const card = message.card;
  if (!card?.template) return feishuCard(message, drafts, act);
  const context = inForm(contextOf(message, drafts, act));
  const inputs = fieldsOf(message, card).map((one) => placed(field(one, drafts[one.name]), context));
  const form = formOf(message.id, inputs, buttons(message, card, context));
  return h(
    "div",
    { class: "card dingtalk", "data-testid": `card-${message.id}`, "data-tone": card.tone || "calm", tabindex: "-1" },
    h("header", { class: "dingtalk-head" }, h("h3", {}, card.title ?? "")),
    card.tag ? h("p", { class: "dingtalk-tag" }, card.tag) : null,
    card.body ? h("div", { class: "markdown dingtalk-body" }, blocks(card.body, IN_CARD)) : null,
    form.firstElementChild ? form : null,
  );
}

/** The element for a message of the robot; drafts and act as for `contextOf`. */
export function dingtalkWords(message, drafts, act) {
  const native = message.card ?? {};
  if (native.msgKey === "sampleMarkdown") return markdown(message, act);
  if (native.msgKey?.startsWith("sampleActionCard")) return actionCard(message, contextOf(message, drafts, act));
  return h("div", { class: "bubble" }, inline(message.text ?? "", BARE));
}

function markdown(message, act) {
  const left = [...message.buttons];
  const speaking = {
    ...DINGTALK,
    link: (href, label, words) => (href.startsWith(SPEAKING) ? speakingLink(label, words, left, act) : null),
  };
  return h("div", { class: "bubble markdown dingtalk-markdown" }, blocks(message.card.text ?? "", speaking));
}

/** A link that sends a text for the reader; one that the API does not list has a broken address and does nothing. */
function speakingLink(label, words, left, act) {
  const place = left.findIndex((one) => one.label === label);
  if (place < 0) return h("span", { class: "mention" }, words);
  const [told] = left.splice(place, 1);
  const set = { type: "button", class: "speaking", "data-testid": `action-${told.action}`, title: t("speaks") };
  const drawn = h("button", { ...set, onclick: () => act(told.action, {}, drawn) }, words);
  return drawn;
}

/** Inside of a card no link speaks: there the client only shows its words. */
const IN_CARD = {
  ...DINGTALK,
  link: (href, _label, words) => (href.startsWith(SPEAKING) ? h("span", {}, words) : link(href, words)),
};

function actionCard(message, context) {
  const { title = "", text = "" } = message.card;
  return h(
    "div",
    { class: "card dingtalk", "data-testid": `card-${message.id}` },
    h("header", { class: "dingtalk-head" }, h("h3", {}, title)),
    h("div", { class: "markdown dingtalk-body" }, blocks(text, IN_CARD)),
    h("div", { class: "dingtalk-buttons" }, message.buttons.map((one) => button(one, context, "fill"))),
  );
}

/** What can be filled in; a closed form shows what it holds, and takes nothing. */
function fieldsOf(message, card) {
  if (message.inputs.length || !card.form?.fields?.length) return message.inputs.map(asElement);
  return card.form.fields.map((one) => ({ ...asElement(closed(one)), disabled: true }));
}

const KINDS = { TEXT: "text", DATE: "date", SELECT: "select", MULTI_SELECT: "multi", CHECKBOX: "check" };

function closed(one) {
  const held = one.defaultValue?.value ?? one.defaultValue;
  const options = (one.options ?? []).map((option) => ({ value: option.value, label: option.text }));
  return { name: one.name, kind: KINDS[one.type] ?? "text", label: one.label, options, initial: held };
}

/** A closed card draws no buttons, as its template says. */
function buttons(message, card, context) {
  if (card.status === "closed" || message.buttons.length === 0) return null;
  const drawn = message.buttons.map((one) => button(one, context, `fill ${LOOKS[one.style] ?? ""}`));
  return h("div", { class: "dingtalk-buttons" }, drawn);
}
