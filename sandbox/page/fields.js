// The inputs of a card: text, choices, tick boxes, days and people. Each can read, fill, empty and blame itself.

import { h } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { nameBehind } from "/static/state.js";

const LONGEST = 1000; // Feishu's cap and default for an input
const COUNTED = 2000; // beyond that nobody comes near the limit, and a count is only noise

const words = (text) => (typeof text === "string" ? text : (text?.content ?? ""));

/**
 * Builds the field for an element, or gives null where the element is no input.
 * `draft` is what was typed before; `offered` are the choices as the control API tells them, names of people included.
 */
export function field(element, draft, offered) {
  const build = BUILDERS[element.tag];
  if (!build) return null;
  const made = build(element, offered ?? []);
  const initial = made.read();
  if (draft !== undefined) made.write(draft);
  const error = h("p", { class: "field-error", id: unique("error"), role: "alert", hidden: true });
  const root = h("div", { class: `field field-${element.tag}` }, made.label, made.body, error);
  return {
    name: element.name,
    root,
    read: made.read,
    write: made.write,
    reset: () => made.write(initial),
    isMissing: () => element.required === true && isEmpty(made.read()),
    blame: (message) => blame(made.control, error, message),
    focus: () => (made.control.matches("fieldset") ? made.control.querySelector("input") : made.control)?.focus(),
  };
}

const isEmpty = (value) => value === "" || value === null || (Array.isArray(value) && value.length === 0);

function blame(control, error, message) {
  error.hidden = message === null;
  error.textContent = message ?? "";
  if (message === null) control.removeAttribute("aria-invalid");
  else control.setAttribute("aria-invalid", "true");
  control.setAttribute("aria-errormessage", error.id);
}

let counter = 0;
const unique = (what) => `${what}-${(counter += 1)}`;

function labelled(element, control, id) {
  const text = words(element.label);
  if (!text) {
    control.setAttribute("aria-label", words(element.placeholder) || words(element.text) || element.name || "");
    return null;
  }
  return h("label", { for: id, class: "field-label" }, text, required(element));
}

const required = (element) =>
  element.required && !words(element.label).trimEnd().endsWith("*")
    ? h("span", { class: "required", title: t("required"), "aria-hidden": "true" }, " *")
    : null;

const common = (element, id) => ({
  id,
  "data-testid": `input-${element.name}`,
  name: element.name,
  "aria-required": element.required ? "true" : null,
  disabled: element.disabled === true,
});

function input(element) {
  const id = unique("input");
  const longest = element.max_length ?? LONGEST;
  const many = element.input_type === "multiline_text";
  const set = {
    ...common(element, id),
    maxlength: longest,
    placeholder: words(element.placeholder),
    autocomplete: "off",
    value: element.default_value ?? "",
  };
  const control = many
    ? h("textarea", { ...set, rows: Math.min(element.rows ?? 3, 8) })
    : h("input", { ...set, type: element.input_type === "password" ? "password" : "text" });
  const counted = h("span", { class: "counter", "aria-hidden": "true" });
  const count = () => (counted.textContent = `${control.value.length}/${longest}`);
  control.addEventListener("input", count);
  count();
  const write = (value) => {
    control.value = value ?? "";
    count();
  };
  const counts = (many || element.max_length) && longest <= COUNTED;
  const body = h("div", { class: "input-box" }, control, counts ? counted : null);
  return { control, label: labelled(element, control, id), body, read: () => control.value, write };
}

function select(element, options, initial) {
  const id = unique("select");
  const control = h(
    "select",
    common(element, id),
    element.never_empty ? null : h("option", { value: "" }, words(element.placeholder) || t("choose")),
    options.map((option) => h("option", { value: option.value }, option.label)),
  );
  control.value = initial ?? "";
  const write = (value) => (control.value = value ?? "");
  return { control, label: labelled(element, control, id), body: control, read: () => control.value, write };
}

const optionsOf = (element) =>
  (element.options ?? []).map((option) => ({ value: option.value, label: words(option.text) || option.value }));

/** People to choose from: those on the card, else those the platform offers. */
const peopleOf = (element, offered) =>
  element.options?.length
    ? element.options.map(({ value }) => ({ value, label: nameBehind(value) }))
    : offered.map(({ value }) => ({ value, label: nameBehind(value) }));

function selectStatic(element) {
  const options = optionsOf(element);
  return select(element, options, element.initial_option ?? options[(element.initial_index ?? 0) - 1]?.value);
}

const selectPerson = (element, offered) => select(element, peopleOf(element, offered), element.initial_option);

const multiSelectStatic = (element) => multiSelect(element, optionsOf(element));

const multiSelectPerson = (element, offered) => multiSelect(element, peopleOf(element, offered));

function multiSelect(element, options) {
  const boxes = options.map((option) =>
    h("input", {
      type: "checkbox",
      value: option.value,
      checked: (element.selected_values ?? []).includes(option.value),
      "data-testid": `input-${element.name}-${option.value}`,
      "data-label": option.label,
      disabled: element.disabled === true,
    }),
  );
  const control = h(
    "fieldset",
    { class: "pills", "data-testid": `input-${element.name}`, name: element.name },
    h("legend", {}, words(element.label) || words(element.placeholder) || t("choose"), required(element)),
    boxes.map((box) => h("label", { class: "pill" }, box, h("span", {}, box.dataset.label))),
  );
  const write = (values) => boxes.forEach((box) => (box.checked = (values ?? []).includes(box.value)));
  return {
    control,
    label: null,
    body: control,
    read: () => boxes.filter((box) => box.checked).map((box) => box.value),
    write,
  };
}

/** One question with its answers one below the other; of several answers any number may be ticked. */
function vote(element) {
  const boxes = optionsOf(element).map((option) =>
    h("input", {
      type: element.multiple ? "checkbox" : "radio",
      name: `${element.name}-${counter}`,
      value: option.value,
      "data-testid": `input-${element.name}-${option.value}`,
      "data-label": option.label,
      disabled: element.disabled === true,
    }),
  );
  counter += 1; // radio buttons belong together by their name, and two cards may ask the same
  const control = h(
    "fieldset",
    { class: "votes", "data-testid": `input-${element.name}`, name: element.name },
    h("legend", { class: "hidden-words" }, words(element.label) || t("choose")),
    boxes.map((box) => h("label", { class: "vote" }, box, h("span", {}, box.dataset.label))),
  );
  const ticked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const write = (value) => boxes.forEach((box) => (box.checked = [value ?? []].flat().includes(box.value)));
  write(element.selected_values);
  const read = () => (element.multiple ? ticked() : (ticked()[0] ?? ""));
  return { control, label: null, body: control, read, write };
}

function checker(element) {
  const id = unique("check");
  const control = h("input", { ...common(element, id), type: "checkbox", checked: element.checked === true });
  const body = h("label", { class: "checker", for: id }, control, h("span", {}, words(element.text)));
  return {
    control,
    label: null,
    body,
    read: () => control.checked,
    write: (value) => (control.checked = value === true),
  };
}

/** A picker of days or times: the browser's own, whose value is turned into what the platform sends and back. */
function picker(type, key, shown, sent) {
  return (element) => {
    const id = unique(type);
    const control = h("input", { ...common(element, id), type, value: shown(element[key] ?? "") });
    const write = (value) => (control.value = shown(value ?? ""));
    return { control, label: labelled(element, control, id), body: control, read: () => sent(control.value), write };
  };
}

const same = (value) => value;
const datePicker = picker("date", "initial_date", (value) => value.slice(0, 10), same);
const timePicker = picker("time", "initial_time", (value) => value.slice(0, 5), same);
const momentPicker = picker(
  "datetime-local",
  "initial_datetime",
  (value) => value.slice(0, 16).replace(" ", "T"),
  (value) => value.replace("T", " "),
);

const BUILDERS = {
  input,
  select_static: selectStatic,
  multi_select_static: multiSelectStatic,
  select_person: selectPerson,
  multi_select_person: multiSelectPerson,
  vote,
  checker,
  date_picker: datePicker,
  picker_time: timePicker,
  picker_datetime: momentPicker,
};
