// Inputs and buttons as the control API tells them, for cards whose own form says nothing of them that a page needs.

const TAGS = {
  select: "select_static",
  multi: "multi_select_static",
  date: "date_picker",
  check: "checker",
  person: "select_person",
};

/** An input as an element that `fields.js` builds. */
export const asElement = (input) => ({
  ...input,
  tag: TAGS[input.kind] ?? "input",
  input_type: input.multiline ? "multiline_text" : "text",
  text: input.label,
  default_value: input.initial,
  initial_option: input.initial,
  selected_values: input.initial,
  initial_date: input.initial,
  checked: input.initial === true,
  options: (input.options ?? []).map((option) => ({ value: option.value, text: option.label })),
});

const words = (text) => (typeof text === "string" ? text : (text?.content ?? ""));

/** A button as a Feishu element. */
const asButton = (told) => ({
  tag: "button",
  name: told.action,
  text: told.label,
  type: told.style,
  disabled: told.disabled,
  url: told.link,
  confirm: told.confirm ? { title: words(told.confirm.title ?? told.confirm), text: words(told.confirm.text) } : null,
  form_action_type: told.submits ? "submit" : undefined,
  behaviors: told.link ? [] : [{ type: "callback" }],
});

/** A card whose own form this page does not know: its text, inputs and buttons as Feishu elements. */
export function neutralCard(message) {
  const row = { tag: "column_set", columns: message.buttons.map((one) => ({ elements: [asButton(one)] })) };
  const said = { tag: "div", text: { tag: "plain_text", content: message.text ?? "" } };
  const form = { tag: "form", name: message.id, elements: [...message.inputs.map(asElement), row] };
  return { body: { elements: [said, form] } };
}
