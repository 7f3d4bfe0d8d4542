// The configuration panel: the file the bot runs on, and what was wrong with its last edit.

import { byId, fill, h } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { on, state } from "/static/state.js";
import { moment } from "/static/time.js";

export function startConfiguration() {
  on(["configuration", "language"], draw);
}

function draw() {
  const panel = byId("configuration");
  const known = state.configuration;
  panel.hidden = known === null;
  byId("configuration-news").hidden = !known?.problems.length;
  byId("configuration-news").textContent = t("configurationNews");
  if (known === null) return;
  const wrong = known.problems.length > 0;
  fill(
    panel,
    h("h2", { id: "configuration-title" }, t("configurationTitle")),
    h("p", {}, h("code", {}, known.file)),
    h(
      "p",
      { class: wrong ? null : "quiet", role: wrong ? "alert" : null },
      t(wrong ? "configurationRefused" : "configurationInForce", { time: moment(known.at) }),
    ),
    wrong
      ? h(
          "ul",
          { class: "mistakes" },
          known.problems.map((line) => h("li", {}, line)),
        )
      : null,
  );
}
