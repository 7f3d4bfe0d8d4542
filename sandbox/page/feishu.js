// Draws Feishu cards (JSON 2.0) as the client does.
// Element reference: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure, read 2026-11-22.

import { chart } from "/static/chart.js";
import { h, safeLink } from "/static/dom.js";
import { field } from "/static/fields.js";
import { contextOf, formOf, inForm, linkButton, placed, press } from "/static/forms.js";
import { t } from "/static/i18n.js";
import { blocks, inline } from "/static/markdown.js";
import { neutralCard } from "/static/neutral.js";
import { nameBehind } from "/static/state.js";

const TEMPLATES = new Set([
  "blue",
  "wathet",
  "turquoise",
  "green",
  "yellow",
  "orange",
  "red",
  "carmine",
  "violet",
  "purple",
  "indigo",
  "grey",
]);
const words = (text) => (typeof text === "string" ? text : (text?.content ?? ""));
const tint = (name) => (TEMPLATES.has(name) ? `tint-${name}` : "tint-default");

/** The element for the card of a message; drafts and act as for `contextOf`. */
export function feishuCard(message, drafts, act) {
  const native = message.card?.body ? message.card : neutralCard(message);
  const context = contextOf(message, drafts, act);
  const body = h("div", { class: "card-body" }, children(native.body.elements, context));
  return h("div", { class: "card", "data-testid": `card-${message.id}`, tabindex: "-1" }, header(native.header), body);
}

/** The element for a text of the bot. */
export const feishuWords = (message) => h("div", { class: "bubble" }, inline(message.text ?? ""));

function header(head) {
  if (!head) return null;
  const tags = (head.text_tag_list ?? []).map((tag) => h("span", { class: `tag ${tint(tag.color)}` }, words(tag.text)));
  return h(
    "header",
    { class: `card-header ${tint(head.template)}` },
    h("div", { class: "card-title" }, h("h3", {}, words(head.title)), tags),
    words(head.subtitle) ? h("p", { class: "card-subtitle" }, words(head.subtitle)) : null,
  );
}

const children = (elements, context) => (elements ?? []).map((element) => render(element, context));

function render(element, context) {
  const draw = ELEMENTS[element.tag];
  if (draw) return draw(element, context);
  const input = field(element, context.drafts[element.name], context.offered.get(element.name));
  if (input) return placed(input, context);
  return h("p", { class: "unsupported" }, t("unsupported", { tag: element.tag }));
}

function text(object, extra = "") {
  const size = object.text_size ? `size-${object.text_size}` : "";
  const set = { class: `text ${size} ${extra} ${object.text_color ? `ink-${object.text_color}` : ""}` };
  return h("div", set, object.tag === "lark_md" ? inline(words(object)) : words(object));
}

function div(element) {
  const fields = (element.fields ?? []).map((one) =>
    h("div", { class: one.is_short ? "fact short" : "fact" }, text(one.text)),
  );
  return h(
    "div",
    { class: "block" },
    element.text ? text(element.text) : null,
    fields.length ? h("div", { class: "facts" }, fields) : null,
  );
}

function markdown(element) {
  const align = ["center", "right"].includes(element.text_align) ? `align-${element.text_align}` : "";
  return h("div", { class: `block markdown size-${element.text_size ?? "normal"} ${align}` }, blocks(words(element)));
}

function columnSet(element, context) {
  const columns = (element.columns ?? []).map((column) => {
    const drawn = h("div", { class: `column column-${column.width ?? "auto"}` }, children(column.elements, context));
    if (column.width === "weighted") drawn.style.flexGrow = String(column.weight ?? 1);
    return drawn;
  });
  const onlyButtons = (element.columns ?? []).every((column) =>
    (column.elements ?? []).every((one) => one.tag === "button"),
  );
  return h(
    "div",
    { class: `columns ${onlyButtons ? "buttons" : ""} ${element.background_style === "grey" ? "shaded" : ""}` },
    columns,
  );
}

const form = (element, context) => formOf(element.name, children(element.elements, inForm(context)));

function collapsible(element, context) {
  const title = element.header?.title;
  return h(
    "details",
    { class: "collapsible", open: element.expanded === true },
    h("summary", {}, title?.tag === "plain_text" ? words(title) : inline(words(title))),
    h("div", { class: "collapsible-inside" }, children(element.elements, context)),
  );
}

const image = (element) => {
  const alt = words(element.alt) || words(element.title) || "";
  return h(
    "div",
    { class: "image", role: "img", "aria-label": alt },
    h("span", { "aria-hidden": "true" }, t("image", { alt })),
  );
};

function table(element) {
  const columns = element.columns ?? [];
  const cell = (row, column) =>
    h(
      "td",
      {},
      [row[column.name]]
        .flat()
        .map((value) => words(value?.text ?? value) || String(value ?? ""))
        .join(" "),
    );
  return h(
    "div",
    { class: "table-box" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          columns.map((column) => h("th", { scope: "col" }, column.display_name ?? column.name)),
        ),
      ),
      h(
        "tbody",
        {},
        (element.rows ?? []).map((row) =>
          h(
            "tr",
            {},
            columns.map((column) => cell(row, column)),
          ),
        ),
      ),
    ),
  );
}

const person = (element) => h("span", { class: "mention" }, nameBehind(element.user_id ?? ""));

function button(element, context) {
  const label = words(element.text);
  const told = pressed(element, label, context);
  const address = safeLink(
    (element.behaviors ?? []).find((one) => one.type === "open_url")?.default_url ?? element.url ?? told.link,
  );
  const set = {
    class: `button ${element.type ?? "default"} ${element.width === "fill" ? "fill" : ""}`,
    "data-testid": `action-${told.action}`,
    title: words(element.hover_tips) || null,
  };
  const disabled = element.disabled === true || told.disabled === true;
  if (address && !disabled && told.onlyLink) return linkButton(address, set, label);
  const drawn = h(
    "button",
    {
      ...set,
      type: "button",
      disabled,
      title: disabled ? words(element.disabled_tips) || set.title : set.title,
      onclick: () => press(told.action, doneBy(element), questionOf(element), context, drawn),
    },
    label,
  );
  return drawn;
}

const doneBy = (element) =>
  element.form_action_type ?? { form_submit: "submit", form_reset: "reset" }[element.action_type];

const questionOf = ({ confirm }) => (confirm ? { title: words(confirm.title), text: words(confirm.text) } : null);

/** Finds what the control API calls this button: by name, else by its words, else the next one in order. */
function pressed(element, label, context) {
  const ways = [(one) => element.name && one.action === element.name, (one) => one.label === label, () => true];
  for (const way of ways) {
    const place = context.left.findIndex(way);
    if (place >= 0) return withLink(context.left.splice(place, 1)[0], element);
  }
  return withLink({ action: element.name ?? label }, element);
}

const withLink = (told, element) => ({
  ...told,
  onlyLink: !(element.behaviors ?? []).some((one) => one.type === "callback") && !element.form_action_type,
});

const ELEMENTS = {
  div,
  plain_text: (element) => text(element),
  lark_md: (element) => text(element),
  markdown,
  hr: () => h("hr", { class: "card-rule" }),
  column_set: columnSet,
  interactive_container: (element, context) => h("div", { class: "block" }, children(element.elements, context)),
  form,
  collapsible_panel: collapsible,
  button,
  chart: (element) => chart(element.chart_spec ?? {}),
  img: image,
  table,
  person,
};
