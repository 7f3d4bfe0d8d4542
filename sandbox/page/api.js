// Talks to the control API of the sandbox, and hears from it what has changed.

const ROOT = "/sandbox/api";

/** A refusal, with the place it names. */
export class ApiError extends Error {
  constructor(status, field, message) {
    super(message);
    this.status = status;
    this.field = field;
  }
}

async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(ROOT + path, options);
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  throw new ApiError(response.status, answer?.error?.field ?? "", answer?.error?.message ?? response.statusText);
}

const chat = (person) => `/people/${encodeURIComponent(person)}`;

export const api = {
  people: () => call("GET", "/people"),
  messages: (person, platform) => call("GET", `${chat(person)}/messages?platform=${encodeURIComponent(platform)}`),
  peek: (person, platform) =>
    call("GET", `${chat(person)}/messages?peek=1&platform=${encodeURIComponent(platform)}`),
  open: (person, platform) => call("POST", `${chat(person)}/open`, { platform }),
  say: (person, platform, text, replyTo) => call("POST", `${chat(person)}/say`, { platform, text, reply_to: replyTo }),
  act: (person, platform, message, action, form) =>
    call("POST", `${chat(person)}/act`, { platform, message, action, form }),
  clock: () => call("GET", "/clock"),
  move: (step) => call("POST", "/clock", step),
  mail: () => call("GET", "/mail"),
  letterAddress: (id) => `${ROOT}/mail/${id}/body`,
  configuration: () => call("GET", "/configuration"),
  faults: () => call("GET", "/faults"),
  setFault: (fault) => call("POST", "/faults", fault),
  clearFaults: () => call("DELETE", "/faults"),
};

/** Calls `onChange({people, mail, clock, faults})` on changes, `onLine(true|false)` as the line comes and goes. */
export function listen(onChange, onLine) {
  const source = new EventSource(`${ROOT}/stream`);
  source.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
  source.addEventListener("open", () => onLine(true));
  source.addEventListener("error", () => onLine(false));
}
