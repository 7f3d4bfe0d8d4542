// How far the guided week has come, read from the three chats that it is about, so that a reload loses nothing of it.

import { api } from "/static/api.js";
import { person, platformOf, state } from "/static/state.js";

let seen = null; // what the three chats showed in the list when they were last read
let reached = new Set();

/** The numbers, from 0, of the steps that are done; the chats are read only when the list of people says so. */
export async function progress(roles) {
  const cast = Object.values(roles).map((one) => person(one.id));
  const print = JSON.stringify(cast.map((one) => [one.id, one.last, one.unread]));
  if (print === seen) return reached;
  const chats = await Promise.all(cast.map(cardsOf)).catch(() => null); // a server that is away is told by the stream
  if (chats === null) return reached;
  seen = print;
  reached = done(roles, chats);
  return reached;
}

async function cardsOf(one) {
  const platform = platformOf(one);
  if (!platform) return [];
  const { messages } = await api.peek(one.id, platform);
  return messages.filter((message) => message.kind === "card" && !message.recalled);
}

const title = (card) => String(card.card?.header?.title?.content ?? "");

function done({ employee, manager }, [own, managers, hrbps]) {
  const asked = managers.filter((card) => title(card).includes(employee.name));
  const told = hrbps.some((card) => [employee, manager].every((one) => JSON.stringify(card.card).includes(one.name)));
  const replies = own.filter((card) => title(card).includes(manager.name));
  const looked = (one) => state.people.some((known) => known.id === one.id && known.unread === 0);
  const steps = [own.length > 0, asked.length > 0, false, asked.length > 1, told, replies.length > 0, false];
  // Who has looked once has looked, whatever came later.
  steps[2] = steps[1] && (looked(manager) || reached.has(2) || steps[3] || steps[5]);
  steps[6] = steps[5] && (looked(employee) || reached.has(6) || replies.some((card) => card.version > 1));
  return new Set(steps.flatMap((is, index) => (is ? [index] : [])));
}
