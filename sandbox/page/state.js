// What the page knows, and who wants to hear when a part of it changes.

export const state = {
  people: [],
  platforms: [],
  platform: null, // the one the visitor prefers; a person who is not on it is shown on another
  person: null, // id of whom the visitor plays now
  messages: [],
  loading: false, // the chat of a person just chosen is on its way
  clock: null,
  advancing: null, // which clock button is at work
  mails: [],
  mailsSeen: 0,
  configuration: null, // {file, at, problems}, where the stage has one
  faults: { faults: [], kinds: {} },
};

const listeners = new Map();

/** Calls `listener` whenever one of the topics is emitted. */
export function on(topics, listener) {
  for (const topic of topics) listeners.set(topic, [...(listeners.get(topic) ?? []), listener]);
}

export function emit(topic) {
  for (const listener of listeners.get(topic) ?? []) listener();
}

export const person = (id) => state.people.find((one) => one.id === id) ?? null;

/** The platforms on which a person can be met, in the stage's order. */
export const platformsOf = (one) => state.platforms.filter((name) => name in one.ids);

/** The platform on which a person is shown, null where they are on none. */
export function platformOf(one) {
  const reachable = platformsOf(one);
  return reachable.includes(state.platform) ? state.platform : (reachable[0] ?? null);
}

/** The name behind a platform's id, or the id itself where nobody has it. */
export function nameBehind(externalId) {
  const found = state.people.find((one) => Object.values(one.ids).includes(externalId));
  return found?.name ?? externalId;
}
