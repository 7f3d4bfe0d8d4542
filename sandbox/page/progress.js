// How far the guided week has come, read from the chats that it is about, so that a reload loses nothing of it.

import { api } from "/static/api.js";
import { headingOf } from "/static/reading.js";
import { person, platformsOf, state } from "/static/state.js";

const ROLES = ["employee", "manager", "hrbp"];

let seen = null; // what the chats showed in the list when they were last read
let reached = new Set();

/** The numbers, from 0, of the steps that are done; the chats are read only when the list of people says so. */
export async function progress(roles) {
  const cast = ROLES.map((role) => person(roles[role].id));
  const print = JSON.stringify(cast.map((one) => [one.id, one.last_by, one.unread_by]));
  if (print === seen) return reached;
  const chats = await Promise.all(cast.map(chatsOf)).catch(() => null); // a server that is away is told by the stream
  if (chats === null) return reached;
  seen = print;
  reached = new Set(worlds(chats).flatMap((world) => done(roles, world)));
  return reached;
}

/** A person's chats with something to read at the top, one for each platform. */
const chatsOf = (one) =>
  Promise.all(
    platformsOf(one).map(async (platform) => {
      const { messages } = await api.peek(one.id, platform);
      const told = messages.filter((message) => message.from === "bot" && !message.recalled && headingOf(message));
      return { platform, person: one.id, told };
    }),
  );

/** The week may be lived on any platform, and each person may live it on one of their own. */
function worlds(chats) {
  const alike = state.platforms.map((name) => chats.map((own) => own.find((chat) => chat.platform === name)));
  const longest = chats.map((own) => own.reduce(longer, { told: [] }));
  return [...alike.filter((world) => world.every(Boolean)), longest];
}

const longer = (most, chat) => (chat.told.length > most.told.length ? chat : most);

function done({ employee, manager }, [own, managers, hrbps]) {
  const asked = managers.told.filter((message) => headingOf(message).includes(employee.name));
  const told = hrbps.told.some((message) => names(message, [employee, manager]));
  const replies = own.told.filter((message) => headingOf(message).includes(manager.name));
  const steps = [own.told.length > 0, asked.length > 0, false, asked.length > 1, told, replies.length > 0, false];
  // Who has looked once has looked, whatever came later.
  steps[2] = steps[1] && (looked(managers) || reached.has(2) || steps[3] || steps[5]);
  steps[6] = steps[5] && (looked(own) || reached.has(6) || replies.some((message) => message.version > 1));
  return steps.flatMap((is, index) => (is ? [index] : []));
}

function names(message, people) {
  const said = JSON.stringify([message.card, message.text]);
  return people.every((one) => said.includes(one.name));
}

const looked = (chat) => person(chat.person).unread_by?.[chat.platform] === 0;
