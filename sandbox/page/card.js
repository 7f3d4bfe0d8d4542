// Draws Feishu cards (JSON 2.0) as the client does, and gathers what their forms hold.
// Element reference: https://open.feishu.cn/document/feishu-cards/card-json-v2-structure, read 2026-11-22.

import { chart } from "/static/chart.js";
import { h, link, safeLink } from "/static/dom.js";
import { field } from "/static/fields.js";
import { t } from "/static/i18n.js";
import { blocks, inline } from "/static/markdown.js";
import { ask } from "/static/notices.js";
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

/**
 * The element for the card of a message.
 * `drafts` holds what was typed before, by input name, and is kept up to date; `act(action, form, button)` presses.
 */
export function renderCard(message, drafts, act) {
  const native = message.card?.body ? message.card : neutral(message);
  const offered = new Map(message.inputs.map((one) => [one.name, one.options]));
  const context = { left: [...message.buttons], offered, drafts, act, form: null };
  const body = h("div", { class: "card-body" }, children(native.body.elements, context));
  return h("div", { class: "card", "data-testid": `card-${message.id}`, tabindex: "-1" }, header(native.header), body);
}

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

/** Puts an input into its form; one that stands alone reports each change by itself. */
function placed(input, context) {
  input.root.addEventListener("input", () => {
    context.drafts[input.name] = input.read();
    input.blame(null);
  });
  if (context.form) context.form.set(input.name, input);
  else input.root.addEventListener("change", () => context.act(input.name, { [input.name]: input.read() }, null));
  return input.root;
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

function form(element, context) {
  const inside = { ...context, form: new Map() };
  // Enter in a one-line input would submit with no button named, and Feishu's client does not do that either.
  return h(
    "form",
    { class: "card-form", "data-form": element.name, novalidate: true, onsubmit: (event) => event.preventDefault() },
    children(element.elements, inside),
  );
}

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
      onclick: () => press(element, told, context, drawn),
    },
    label,
  );
  return drawn;
}

function linkButton(address, set, label) {
  const drawn = link(address, label);
  drawn.className = set.class;
  drawn.dataset.testid = set["data-testid"];
  drawn.setAttribute("aria-label", `${label} (${t("opensLink")})`);
  return drawn;
}

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

async function press(element, told, context, drawn) {
  const does = element.form_action_type ?? { form_submit: "submit", form_reset: "reset" }[element.action_type];
  if (does === "reset") return reset(context);
  const submits = does === "submit" && context.form !== null;
  if (submits && !complete(context.form)) return;
  if (element.confirm && !(await ask(words(element.confirm.title), words(element.confirm.text)))) return;
  await context.act(told.action, submits ? gathered(context.form) : {}, drawn);
}

function reset(context) {
  for (const [name, input] of context.form ?? []) {
    input.reset();
    input.blame(null);
    delete context.drafts[name];
  }
}

/** Blames every input that must be filled and is not, and goes to the first. */
function complete(inputs) {
  const missing = [...inputs.values()].filter((input) => input.isMissing());
  for (const input of inputs.values()) input.blame(missing.includes(input) ? t("fillThis") : null);
  missing[0]?.focus();
  return missing.length === 0;
}

function gathered(inputs) {
  return Object.fromEntries([...inputs].map(([name, input]) => [name, input.read()]));
}

/** A card of a platform whose own form this page does not draw: its text, inputs and buttons as Feishu elements. */
function neutral(message) {
  const inputs = message.inputs.map((one) => ({
    ...one,
    tag:
      {
        select: "select_static",
        multi: "multi_select_static",
        date: "date_picker",
        check: "checker",
        person: "select_person",
      }[one.kind] ?? "input",
    input_type: one.multiline ? "multiline_text" : "text",
    text: one.label,
    default_value: one.initial,
    initial_option: one.initial,
    selected_values: one.initial,
    initial_date: one.initial,
    checked: one.initial === true,
    options: (one.options ?? []).map((option) => ({ value: option.value, text: option.label })),
  }));
  const buttons = message.buttons.map((one) => ({
    tag: "button",
    name: one.action,
    text: one.label,
    type: one.style,
    disabled: one.disabled,
    url: one.link,
    confirm: one.confirm ? { title: words(one.confirm.title ?? one.confirm), text: words(one.confirm.text) } : null,
    form_action_type: one.submits ? "submit" : undefined,
    behaviors: one.link ? [] : [{ type: "callback" }],
  }));
  const row = { tag: "column_set", columns: buttons.map((one) => ({ elements: [one] })) };
  const said = { tag: "div", text: { tag: "plain_text", content: message.text ?? "" } };
  return { body: { elements: [said, { tag: "form", name: message.id, elements: [...inputs, row] }] } };
}

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
