// The page's own words, in Chinese and English. What the bot says comes from the bot.

import { keep, recall } from "/static/memory.js";
import { WORDS } from "/static/words.js";

const LANGUAGES = ["zh-CN", "en"];

let language = LANGUAGES.includes(recall("language")) ? recall("language") : "zh-CN";

export const currentLanguage = () => language;

/** A sentence in the current language, with {names} filled in. */
export function t(key, values = {}) {
  const sentence = WORDS[key]?.[LANGUAGES.indexOf(language)];
  if (sentence === undefined) throw new Error(`no words for ${key}`);
  return sentence.replace(/\{(\w+)\}/g, (_whole, name) => String(values[name] ?? ""));
}

/** A sentence in pieces, every second one the name of a {place} to be filled by the caller. */
export const pieces = (key) => WORDS[key][LANGUAGES.indexOf(language)].split(/\{(\w+)\}/);

/** A sentence if there is one under the key, else the fallback: for words that come from the server. */
export const tOr = (key, fallback) => (key in WORDS ? WORDS[key][LANGUAGES.indexOf(language)] : fallback);

export function switchLanguage() {
  language = LANGUAGES[(LANGUAGES.indexOf(language) + 1) % LANGUAGES.length];
  keep("language", language);
}

/** Puts the words into the parts of the page that stand in its HTML. */
export function translatePage() {
  document.documentElement.lang = language;
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-i18n]")) element.textContent = t(element.dataset.i18n);
  for (const element of document.querySelectorAll("[data-i18n-label]"))
    element.setAttribute("aria-label", t(element.dataset.i18nLabel));
  for (const element of document.querySelectorAll("[data-i18n-placeholder]"))
    element.setAttribute("placeholder", t(element.dataset.i18nPlaceholder));
}
