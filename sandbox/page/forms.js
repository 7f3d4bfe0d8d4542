// What the cards of all platforms have in common: inputs that belong to a form, and buttons that press or submit.

import { h, link, safeLink } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { ask } from "/static/notices.js";

/**
 * What drawing a message needs to know.
 * `drafts` holds what was typed before, by input name, and is kept up to date; `act(action, form, button)` presses.
 */
export const contextOf = (message, drafts, act) => ({
  left: [...message.buttons],
  offered: new Map(message.inputs.map((one) => [one.name, one.options])),
  drafts,
  act,
  form: null,
});

/** The same inside of a form, whose inputs are gathered and sent together. */
export const inForm = (context) => ({ ...context, form: new Map() });

/** An element that holds a form; Enter in a one-line input submits nothing, as in the platforms' clients. */
export const formOf = (name, ...children) =>
  h(
    "form",
    { class: "card-form", "data-form": name, novalidate: true, onsubmit: (event) => event.preventDefault() },
    children,
  );

/** Puts an input into its form; one that stands alone reports each change by itself. */
export function placed(input, context) {
  input.root.addEventListener("input", () => {
    context.drafts[input.name] = input.read();
    input.blame(null);
  });
  if (context.form) context.form.set(input.name, input);
  else input.root.addEventListener("change", () => context.act(input.name, { [input.name]: input.read() }, null));
  return input.root;
}

/** A button as the control API tells it; one that only leads somewhere is a link. */
export function button(told, context, look) {
  const set = { class: `button ${look}`, "data-testid": `action-${told.action}` };
  const address = safeLink(told.link);
  if (address && !told.disabled) return linkButton(address, set, told.label);
  const does = told.submits ? "submit" : null;
  const drawn = h(
    "button",
    { ...set, type: "button", disabled: told.disabled, onclick: () => press(told.action, does, null, context, drawn) },
    told.label,
  );
  return drawn;
}

/** A link that looks like a button. */
export function linkButton(address, set, label) {
  const drawn = link(address, label);
  drawn.className = set.class;
  drawn.dataset.testid = set["data-testid"];
  drawn.setAttribute("aria-label", `${label} (${t("opensLink")})`);
  return drawn;
}

/**
 * Presses a button: `does` is "submit", "reset" or nothing; `confirm` is a question with title and text, or null.
 * What is required and empty is blamed instead, and nothing is sent.
 */
export async function press(action, does, confirm, context, drawn) {
  if (does === "reset") return reset(context);
  const submits = does === "submit" && context.form !== null;
  if (submits && !complete(context.form)) return;
  if (confirm && !(await ask(confirm.title, confirm.text))) return;
  await context.act(action, submits ? gathered(context.form) : {}, drawn);
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
