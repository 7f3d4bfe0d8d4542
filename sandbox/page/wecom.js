// Draws template cards, markdown and text cards of WeCom (企业微信) as its client does.
// Card reference: https://developer.work.weixin.qq.com/document/path/90236, read 2026-11-22.

import { h, link, safeLink } from "/static/dom.js";
import { feishuCard } from "/static/feishu.js";
import { field } from "/static/fields.js";
import { button, contextOf, formOf, inForm, placed } from "/static/forms.js";
import { t } from "/static/i18n.js";
import { blocks, inline, WECOM, WECOM_TEXT } from "/static/markdown.js";
import { asElement } from "/static/neutral.js";
import { nameBehind } from "/static/state.js";

const MENU = ["text_notice", "news_notice", "button_interaction"];
const JUMPS = ["text_notice", "news_notice"];
const MEMBER = 3;

/** The element for a template card; drafts and act as for `contextOf`. */
export function wecomCard(message, drafts, act) {
  const card = message.card;
  if (!card?.card_type) return feishuCard(message, drafts, act);
  const context = inForm(contextOf(message, drafts, act));
  const presses = sorted(card, message.buttons);
  const parts = [head(card, presses.menu, context), news(card), said(card)];
  const asked = [questions(message, card, context), buttons(presses.own, card, context)];
  const form = formOf(message.id, asked);
  return h(
    "div",
    { class: `card wecom ${card.card_type}`, "data-testid": `card-${message.id}`, tabindex: "-1" },
    parts,
    form.firstElementChild ? form : null,
    jumps(presses.jumps),
  );
}

/** The element for a text, a markdown text or a text card. */
export function wecomWords(message) {
  if (message.type === "markdown")
    return h("div", { class: "bubble markdown wecom-markdown" }, blocks(message.text ?? "", WECOM));
  if (message.type === "textcard") return textCard(message);
  return h("div", { class: "bubble" }, inline(message.text ?? "", WECOM_TEXT));
}

/** The buttons as the API lists them: the card's own, then those of its menu, then its links. */
function sorted(card, buttons) {
  const own = [...buttons];
  const last = (shown, count) => own.splice(shown.includes(card.card_type) ? own.length - count : own.length);
  const links = last(JUMPS, (card.jump_list ?? []).filter((jump) => jump.type === 1).length);
  return { jumps: links, menu: last(MENU, card.action_menu?.action_list?.length ?? 0), own };
}

function head(card, menu, context) {
  const title = card.main_title ?? {};
  const address = safeLink(card.card_action?.url);
  const source = card.source?.desc
    ? h("span", { class: `wecom-source desc-${card.source.desc_color ?? 0}` }, card.source.desc)
    : null;
  const top = source || menu.length ? h("div", { class: "wecom-top" }, source, menuOf(card, menu, context)) : null;
  const heading = title.title ? h("h3", {}, address ? link(address, title.title) : title.title) : null;
  return h(
    "header",
    { class: "wecom-head" },
    top,
    heading,
    title.desc ? h("p", { class: "wecom-desc" }, title.desc) : null,
  );
}

const menuOf = (card, menu, context) =>
  menu.length
    ? h(
        "details",
        { class: "wecom-menu" },
        h("summary", { "aria-label": card.action_menu.desc || t("more") }, "···"),
        menu.map((one) => button(one, context, "text")),
      )
    : null;

/** Picture, or picture beside words, and the paragraphs of a news card. */
function news(card) {
  const picture = card.card_image ? h("div", { class: "image", role: "img", "aria-label": t("picture") }) : null;
  const area = card.image_text_area;
  const beside = area
    ? h("div", { class: "wecom-quote" }, h("b", {}, area.title ?? ""), h("p", {}, area.desc ?? ""))
    : null;
  const paragraphs = (card.vertical_content_list ?? []).map((one) =>
    h("div", { class: "wecom-paragraph" }, h("b", {}, one.title), h("p", {}, one.desc ?? "")),
  );
  return [picture, beside, paragraphs];
}

function said(card) {
  const strong = card.emphasis_content;
  const quote = card.quote_area;
  return [
    strong ? h("div", { class: "wecom-strong" }, h("b", {}, strong.title ?? ""), h("p", {}, strong.desc ?? "")) : null,
    quote
      ? h(
          "blockquote",
          { class: "wecom-quote" },
          quote.title ? h("b", {}, quote.title) : null,
          h("p", {}, quote.type === 1 ? link(quote.url, quote.quote_text ?? "") : (quote.quote_text ?? "")),
        )
      : null,
    card.sub_title_text ? h("p", { class: "wecom-text" }, card.sub_title_text) : null,
    (card.horizontal_content_list ?? []).length
      ? h("dl", { class: "wecom-facts" }, card.horizontal_content_list.map(fact))
      : null,
  ];
}

const fact = (one) =>
  h("div", {}, h("dt", {}, one.keyname), h("dd", { class: one.type === MEMBER ? "mention" : null }, valueOf(one)));

function valueOf(one) {
  if (one.type === 1) return link(one.url, one.value || one.url);
  return one.value || (one.type === MEMBER ? nameBehind(one.userid) : "");
}

const questions = (message, card, context) =>
  message.inputs.map((input) => placed(field(questionOf(input, card), context.drafts[input.name]), context));

/** A vote is asked by the card's title; a drop-down always has an answer, the first where nothing else is said. */
function questionOf(input, card) {
  const element = asElement(input);
  if (card.card_type !== "vote_interaction") return { ...element, never_empty: true };
  return { ...element, tag: "vote", multiple: input.kind === "multi" };
}

const LOOKS = { primary: "primary_filled", danger: "danger" };

function buttons(own, card, context) {
  if (own.length === 0) return null;
  const look = (one) => (one.disabled ? "grey" : (LOOKS[one.style] ?? ""));
  const side = own.length === 2 && own.every((one) => one.label.length <= 6) ? "side-by-side" : "";
  return h("div", { class: `wecom-buttons ${side}` }, own.map((one) => button(one, context, `fill ${look(one)}`)));
}

const jumps = (links) =>
  links.length
    ? h(
        "ul",
        { class: "wecom-jumps" },
        links.map((one) => h("li", {}, link(one.link, one.label))),
      )
    : null;

const TEXT_CARD = /<div(?:\s+class\s*=\s*["'](?<tone>\w+)["'])?>(?<words>[^]*?)<\/div>|<br\s*\/?>/g;

function textCard(message) {
  const { title = "", description = "" } = message.content ?? {};
  const [detail] = message.buttons;
  return h(
    "div",
    { class: "card wecom text_notice" },
    h("header", { class: "wecom-head" }, h("h3", {}, title)),
    h("div", { class: "wecom-text" }, described(description)),
    jumps(detail ? [detail] : []),
  );
}

/** A text card's description knows three tones and line ends; the rest is text. */
function described(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(TEXT_CARD)) {
    nodes.push(text.slice(from, found.index));
    const { tone, words } = found.groups;
    nodes.push(words === undefined ? h("br") : h("div", { class: `tone-${tone ?? "normal"}` }, words));
    from = found.index + found[0].length;
  }
  return [...nodes, text.slice(from)].filter(Boolean);
}
