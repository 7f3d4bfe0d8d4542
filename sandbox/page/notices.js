// Short notices and questions: toasts, and a dialog with two buttons.

import { ApiError } from "/static/api.js";
import { byId, h } from "/static/dom.js";
import { t } from "/static/i18n.js";

const SHOWN_MS = 3600;
const KINDS = ["success", "info", "warning", "error"];

/** Shows a toast for some seconds; errors are read out at once. */
export function toast(kind, text) {
  const known = KINDS.includes(kind) ? kind : "info";
  const notice = h(
    "div",
    { class: `toast toast-${known}`, role: known === "error" ? "alert" : "status", "data-testid": "toast" },
    text,
  );
  byId("toasts").replaceChildren(notice);
  const shown = known === "error" ? SHOWN_MS * 2 : SHOWN_MS;
  setTimeout(() => notice.remove(), shown);
}

/** Tells the visitor what failed and what is kept; anything that is no failure of a request is thrown on. */
export function tellFailure(failure) {
  if (failure instanceof ApiError && failure.status >= 500)
    toast("error", t("failedServer", { status: failure.status }));
  else if (failure instanceof ApiError) toast("error", t("failed", { message: `${failure.field} ${failure.message}` }));
  else if (failure instanceof TypeError && /fetch|network|load/i.test(failure.message))
    toast("error", t("failedNetwork"));
  else throw failure;
}

/** Asks before something is done; Escape and the backdrop mean no. */
export function ask(title, text) {
  return new Promise((resolve) => {
    const yes = h(
      "button",
      {
        type: "button",
        class: "button primary_filled",
        "data-testid": "confirm-yes",
        onclick: () => dialog.close("yes"),
      },
      t("confirm"),
    );
    const no = h(
      "button",
      { type: "button", class: "button", "data-testid": "confirm-no", onclick: () => dialog.close() },
      t("cancel"),
    );
    const dialog = h(
      "dialog",
      {
        class: "ask",
        "aria-labelledby": "ask-title",
        "data-testid": "confirm",
        onclick: (event) => event.target === dialog && dialog.close(),
        onclose: () => {
          dialog.remove();
          resolve(dialog.returnValue === "yes");
        },
      },
      h(
        "div",
        { class: "ask-inside" },
        h("h2", { id: "ask-title" }, title),
        text ? h("p", {}, text) : null,
        h("div", { class: "ask-buttons" }, no, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
