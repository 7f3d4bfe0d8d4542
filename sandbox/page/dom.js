// Builds elements. The only place that sets attributes: text always becomes a text node, so nobody's name is markup.

const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "open", "hidden", "indeterminate"]);
const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; a function under "onclick" and the like listens, null and false leave an attribute out. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (PROPERTIES.has(name)) element[name] = value;
  else element.setAttribute(name, value === true ? "" : String(value));
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export const byId = (id) => document.getElementById(id);

/** A coloured disc with the initial of a name; the same name always has the same colour. */
export function avatar(name, extra = "") {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return h("span", { class: `avatar tone-${sum % 8} ${extra}`, "aria-hidden": "true" }, initial(name));
}

function initial(name) {
  const letters = [...name.trim()];
  const chinese = /^\p{Script=Han}{2,4}$/u.test(name.trim());
  return (chinese ? letters.slice(-2).join("") : (letters[0] ?? "?")).toUpperCase();
}

/** Only addresses that cannot run anything; others give null. */
export function safeLink(address) {
  const text = String(address ?? "").trim();
  if (/^(https?:\/\/|mailto:)/i.test(text) || /^\/(?![/\\])/.test(text)) return text;
  return null;
}

/** A link that opens beside the demo, or plain text where the address is not one we open. */
export function link(address, ...children) {
  const target = safeLink(address);
  if (target === null) return h("span", {}, ...children);
  return h("a", { href: target, target: "_blank", rel: "noopener noreferrer" }, ...children);
}
