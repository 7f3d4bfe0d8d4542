// The inputs of a card: text, choices, tick boxes, days and people. Each knows how to read, fill, empty and blame itself.

import { h } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { nameBehind, state } from "/static/state.js";

const LONGEST = 1000; // Feishu's cap and default for an input

const words = (text) => (typeof text === "string" ? text : text?.content ?? "");

/** Builds the field for an element, or gives null where the element is no input. */
export function field(element, draft) {
  const build = BUILDERS[element.tag];
  if (!build) return null;
  const made = build(element);
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
  element.required ? h("span", { class: "required", title: t("required"), "aria-hidden": "true" }, " *") : null;

const common = (element, id) => ({
  id, "data-testid": `input-${element.name}`, name: element.name,
  "aria-required": element.required ? "true" : null, disabled: element.disabled === true,
});

function input(element) {
  const id = unique("input");
  const longest = element.max_length ?? LONGEST;
  const many = element.input_type === "multiline_text";
  const set = {
    ...common(element, id), maxlength: longest, placeholder: words(element.placeholder), autocomplete: "off",
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
  const body = h("div", { class: "input-box" }, control, many || element.max_length ? counted : null);
  return { control, label: labelled(element, control, id), body, read: () => control.value, write };
}

function select(element, options, initial) {
  const id = unique("select");
  const control = h(
    "select", common(element, id),
    h("option", { value: "" }, words(element.placeholder) || t("choose")),
    options.map((option) => h("option", { value: option.value }, option.label)),
  );
  control.value = initial ?? "";
  const write = (value) => (control.value = value ?? "");
  return { control, label: labelled(element, control, id), body: control, read: () => control.value, write };
}

const optionsOf = (element) => (element.options ?? []).map((option) => ({ value: option.value, label: words(option.text) || option.value }));

function selectStatic(element) {
  const options = optionsOf(element);
  return select(element, options, element.initial_option ?? options[(element.initial_index ?? 0) - 1]?.value);
}

function selectPerson(element) {
  const ids = element.options?.length
    ? element.options.map((option) => option.value)
    : state.people.flatMap((one) => Object.entries(one.ids).filter(([platform]) => platform === state.platform).map(([, id]) => id));
  return select(element, ids.map((id) => ({ value: id, label: nameBehind(id) })), element.initial_option);
}

function multiSelect(element) {
  const boxes = optionsOf(element).map((option) => h("input", {
    type: "checkbox", value: option.value, checked: (element.selected_values ?? []).includes(option.value),
    "data-testid": `input-${element.name}-${option.value}`, "data-label": option.label, disabled: element.disabled === true,
  }));
  const control = h(
    "fieldset", { class: "pills", "data-testid": `input-${element.name}`, name: element.name },
    h("legend", {}, words(element.label) || words(element.placeholder) || t("choose"), required(element)),
    boxes.map((box) => h("label", { class: "pill" }, box, h("span", {}, box.dataset.label))),
  );
  const write = (values) => boxes.forEach((box) => (box.checked = (values ?? []).includes(box.value)));
  return { control, label: null, body: control, read: () => boxes.filter((box) => box.checked).map((box) => box.value), write };
}

function checker(element) {
  const id = unique("check");
  const control = h("input", { ...common(element, id), type: "checkbox", checked: element.checked === true });
  const body = h("label", { class: "checker", for: id }, control, h("span", {}, words(element.text)));
  return { control, label: null, body, read: () => control.checked, write: (value) => (control.checked = value === true) };
}

function datePicker(element) {
  const id = unique("date");
  const control = h("input", { ...common(element, id), type: "date", value: (element.initial_date ?? "").slice(0, 10) });
  return { control, label: labelled(element, control, id), body: control, read: () => control.value, write: (value) => (control.value = value ?? "") };
}

const BUILDERS = {
  input,
  select_static: selectStatic,
  multi_select_static: multiSelect,
  select_person: selectPerson,
  checker,
  date_picker: datePicker,
};
