// Reads the platforms' kinds of Markdown and builds elements from it, never HTML: what it does not know stays text.

import { h, link } from "/static/dom.js";
import { t } from "/static/i18n.js";
import { nameBehind } from "/static/state.js";

const PIECES = {
  escaped: String.raw`\\(?<escaped>[\\${"`"}*_{}\[\]()#+\-.!~>|<&])`,
  entity: String.raw`&(?<entity>lt|gt|amp|quot|nbsp|#\d{1,7});`,
  code: "`(?<code>[^`\\n]+)`",
  bold: String.raw`\*\*(?<bold>(?:\\.|[^*\\]|\*(?!\*))+)\*\*`,
  strike: String.raw`~~(?<strike>(?:\\.|[^~\\]|~(?!~))+)~~`,
  italic: String.raw`\*(?=\S)(?<italic>(?:\\.|[^*\\\n])+)\*`,
  picture: String.raw`!\[(?<picture>[^\]\n]*)\]\([^)\s]+\)`,
  label: String.raw`\[(?<label>(?:\\.|[^\]\\\n])+)\]\((?<href>[^)\s]+)\)`,
  at: String.raw`<(?:at|person)\s+(?:user_id|id|email)\s*=\s*["']?(?<at>[^"'>\s]+)["']?[^>]*>(?<atName>[^<]*)</(?:at|person)>`,
  font: String.raw`<font(?<fontSet>[^>]*)>(?<font>[^]*?)</font>`,
  tag: String.raw`<text_tag(?<tagSet>[^>]*)>(?<tag>[^<]*)</text_tag>`,
  linked: String.raw`<link(?<linkSet>[^>]*)>(?<linked>[^<]*)</link>`,
  anchor: String.raw`<a\s+href\s*=\s*["'](?<anchor>[^"'\s]+)["']\s*>(?<anchored>[^<]*)</a>`,
  plain: String.raw`<(?<plain>[bius])>(?<inside>[^]*?)</\k<plain>>`,
  url: String.raw`(?<url>https?://[^\s<>"'，。、；！？）)\]]+)`,
  breaks: String.raw`(?<br><br\s*/?>|\n)`,
  // DingTalk ends a line at two blanks before the line's end; without them the next line goes on in the same one.
  wideBreaks: String.raw`(?<br>\u0020{2,}\n\s*)|(?<blank>\n)`,
};

const reading = (...names) => new RegExp(names.map((name) => PIECES[name]).join("|"), "gu");

/**
 * What each platform's text knows; whatever a dialect leaves out stays as it was typed.
 * `link(href, label, nodes)` may draw a link in its own way, and gives null for those it leaves to the page.
 */
export const FEISHU = {
  inline: reading(
    ...["escaped", "entity", "code", "bold", "strike", "italic", "label", "at", "font", "tag", "linked", "plain"],
    ...["url", "breaks"],
  ),
  blocks: ["heading", "rule", "code", "quote", "bullets", "numbers"],
};
export const WECOM = {
  inline: reading("code", "bold", "label", "font", "url", "breaks"),
  blocks: ["heading", "quote"],
};
export const WECOM_TEXT = { inline: reading("anchor", "url", "breaks"), blocks: [] };
export const DINGTALK = {
  inline: reading("bold", "italic", "picture", "label", "url", "wideBreaks"),
  blocks: ["heading", "quote", "bullets", "numbers"],
};
export const BARE = { inline: reading("url", "breaks"), blocks: [] };

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };
const COLOURS = /\bcolor\s*=\s*["']?([a-z]+)/i;
const ADDRESS = /\burl\s*=\s*["']?([^"'\s>]+)/i;

/** The nodes of one stretch of text: bold, mentions, links, breaks; as `lark_md` and inside blocks. */
export function inline(text, dialect = FEISHU) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(dialect.inline)) {
    if (found.index > from) nodes.push(text.slice(from, found.index));
    nodes.push(...inlineNode(found.groups, found[0], dialect));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

function inlineNode(is, whole, dialect) {
  const inner = (text) => inline(text, dialect);
  if (is.escaped) return [is.escaped];
  if (is.entity) return [entity(is.entity, whole)];
  if (is.code) return [h("code", {}, is.code)];
  if (is.bold) return [h("strong", {}, inner(is.bold))];
  if (is.strike) return [h("s", {}, inner(is.strike))];
  if (is.italic) return [h("em", {}, inner(is.italic))];
  if (is.picture !== undefined) return [t("image", { alt: is.picture })];
  if (is.label) return [dialect.link?.(is.href, is.label, inner(is.label)) ?? link(is.href, inner(is.label))];
  if (is.at) return [mention(is.at, is.atName)];
  if (is.font !== undefined) return [h("span", { class: `ink-${colour(is.fontSet)}` }, inner(is.font))];
  if (is.tag !== undefined) return [h("span", { class: `tag tint-${colour(is.tagSet)}` }, is.tag)];
  if (is.linked !== undefined) return [link(is.linkSet.match(ADDRESS)?.[1], is.linked)];
  if (is.anchored !== undefined) return [link(is.anchor, is.anchored)];
  if (is.plain) return [h(is.plain, {}, inner(is.inside))];
  if (is.url) return [link(is.url, is.url)];
  return is.blank ? [" "] : [h("br")];
}

function entity(name, whole) {
  if (!name.startsWith("#")) return ENTITIES[name];
  const point = Number(name.slice(1));
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : whole;
}

const colour = (settings) => settings.match(COLOURS)?.[1].toLowerCase() ?? "grey";

function mention(id, name) {
  const shown = id === "all" ? "所有人" : name.trim() || nameBehind(id);
  return h("span", { class: "mention" }, `@${shown}`);
}

const BLOCKS = {
  heading: { is: /^(#{1,6})\s+(.*)$/, build: headingBlock },
  rule: { is: /^\s*(?:-{3,}|\*{3,})\s*$/, build: (lines) => (lines.shift(), h("hr")) },
  code: { is: /^```/, build: codeBlock },
  quote: { is: /^>\s?/, build: quoteBlock },
  bullets: { is: /^\s*[-*+]\s+/, build: (lines, dialect) => listBlock(lines, dialect, "ul", /^\s*[-*+]\s+/) },
  numbers: { is: /^\s*\d+[.)]\s+/, build: (lines, dialect) => listBlock(lines, dialect, "ol", /^\s*\d+[.)]\s+/) },
};

const blockAt = (line, dialect) => dialect.blocks.map((name) => BLOCKS[name]).find((block) => block.is.test(line));

/** The blocks of a markdown text. */
export function blocks(text, dialect = FEISHU) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const built = [];
  while (lines.length > 0) {
    const kind = blockAt(lines[0], dialect);
    if (kind) built.push(kind.build(lines, dialect));
    else if (lines[0].trim() === "") lines.shift();
    else built.push(paragraph(lines, dialect));
  }
  return built;
}

function paragraph(lines, dialect) {
  const own = [];
  while (lines.length > 0 && lines[0].trim() !== "" && !blockAt(lines[0], dialect)) own.push(lines.shift());
  return h("p", {}, inline(own.join("\n"), dialect));
}

function headingBlock(lines, dialect) {
  const [, marks, words] = lines.shift().match(BLOCKS.heading.is);
  return h(
    "p",
    { class: `heading heading-${marks.length}`, role: "heading", "aria-level": Math.min(marks.length + 2, 6) },
    inline(words, dialect),
  );
}

function codeBlock(lines) {
  lines.shift();
  const own = [];
  while (lines.length > 0 && !lines[0].startsWith("```")) own.push(lines.shift());
  lines.shift();
  return h("pre", {}, own.join("\n"));
}

function quoteBlock(lines, dialect) {
  const own = [];
  while (lines.length > 0 && /^>\s?/.test(lines[0])) own.push(lines.shift().replace(/^>\s?/, ""));
  return h("blockquote", {}, inline(own.join("\n"), dialect));
}

function listBlock(lines, dialect, tag, mark) {
  const start = tag === "ol" ? Number.parseInt(lines[0].trim(), 10) : null;
  const items = [];
  while (lines.length > 0 && mark.test(lines[0]))
    items.push(h("li", {}, inline(lines.shift().replace(mark, ""), dialect)));
  return h(tag, { start: start === 1 ? null : start }, items);
}
