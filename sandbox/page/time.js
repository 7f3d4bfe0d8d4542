// Writes instants the way people of the company's zone read them, on the simulated clock.

import { currentLanguage, t } from "/static/i18n.js";
import { state } from "/static/state.js";

const made = new Map();

function format(options) {
  const key = `${currentLanguage()} ${state.clock?.zone} ${JSON.stringify(options)}`;
  if (!made.has(key))
    made.set(key, new Intl.DateTimeFormat(currentLanguage(), { timeZone: state.clock?.zone, ...options }));
  return made.get(key);
}

/** "16:05" */
export const hourAndMinute = (iso) =>
  format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(iso));

/** "星期五" */
export const weekday = (iso) => format({ weekday: "long" }).format(new Date(iso));

/** "2026年11月27日" */
export const fullDay = (iso) => format({ year: "numeric", month: "long", day: "numeric" }).format(new Date(iso));

/** "11月27日" */
export const shortDay = (iso) => format({ month: "short", day: "numeric" }).format(new Date(iso));

const shortWeekday = (iso) => format({ weekday: "short" }).format(new Date(iso));

/** "11月27日 周五 16:05" */
export const moment = (iso) => `${shortDay(iso)} ${shortWeekday(iso)} ${hourAndMinute(iso)}`;

const DAY = 86_400_000;

/** The head over a day's messages: today, yesterday, else the date with its weekday. */
export function dayHead(iso) {
  const now = state.clock?.now ?? iso;
  if (fullDay(iso) === fullDay(now)) return t("today");
  if (fullDay(iso) === fullDay(new Date(new Date(now).getTime() - DAY).toISOString())) return t("yesterday");
  return `${shortDay(iso)} ${weekday(iso)}`;
}

/** What stands in a list: the hour today, else the day. */
export const brief = (iso) => (fullDay(iso) === fullDay(state.clock?.now ?? iso) ? hourAndMinute(iso) : shortDay(iso));
