// Reads Feishu's Markdown and builds elements from it, never HTML: what it does not know stays text.

import { h, link } from "/static/dom.js";
import { nameBehind } from "/static/state.js";

const INLINE = new RegExp(
  [
    String.raw`\\(?<escaped>[\\${"`"}*_{}\[\]()#+\-.!~>|<&])`,
    String.raw`&(?<entity>lt|gt|amp|quot|nbsp|#\d{1,7});`,
    "`(?<code>[^`\\n]+)`",
    String.raw`\*\*(?<bold>(?:\\.|[^*\\]|\*(?!\*))+)\*\*`,
    String.raw`~~(?<strike>(?:\\.|[^~\\]|~(?!~))+)~~`,
    String.raw`\*(?=\S)(?<italic>(?:\\.|[^*\\\n])+)\*`,
    String.raw`\[(?<label>(?:\\.|[^\]\\\n])+)\]\((?<href>[^)\s]+)\)`,
    String.raw`<(?:at|person)\s+(?:user_id|id|email)\s*=\s*["']?(?<at>[^"'>\s]+)["']?[^>]*>(?<atName>[^<]*)</(?:at|person)>`,
    String.raw`<font(?<fontSet>[^>]*)>(?<font>[^]*?)</font>`,
    String.raw`<text_tag(?<tagSet>[^>]*)>(?<tag>[^<]*)</text_tag>`,
    String.raw`<link(?<linkSet>[^>]*)>(?<linked>[^<]*)</link>`,
    String.raw`<(?<plain>[bius])>(?<inside>[^]*?)</\k<plain>>`,
    String.raw`(?<url>https?://[^\s<>"'，。、；！？）)\]]+)`,
    String.raw`(?<br><br\s*/?>|\n)`,
  ].join("|"),
  "gu",
);

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: "\u00a0" };
const COLOURS = /\bcolor\s*=\s*["']?([a-z]+)/i;
const ADDRESS = /\burl\s*=\s*["']?([^"'\s>]+)/i;

/** The nodes of one stretch of text: bold, mentions, links, breaks; as `lark_md` and inside blocks. */
export function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    if (found.index > from) nodes.push(text.slice(from, found.index));
    nodes.push(...inlineNode(found.groups, found[0]));
    from = found.index + found[0].length;
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}

function inlineNode(is, whole) {
  if (is.escaped) return [is.escaped];
  if (is.entity) return [entity(is.entity, whole)];
  if (is.code) return [h("code", {}, is.code)];
  if (is.bold) return [h("strong", {}, inline(is.bold))];
  if (is.strike) return [h("s", {}, inline(is.strike))];
  if (is.italic) return [h("em", {}, inline(is.italic))];
  if (is.label) return [link(is.href, inline(is.label))];
  if (is.at) return [mention(is.at, is.atName)];
  if (is.font !== undefined) return [h("span", { class: `ink-${colour(is.fontSet)}` }, inline(is.font))];
  if (is.tag !== undefined) return [h("span", { class: `tag tint-${colour(is.tagSet)}` }, is.tag)];
  if (is.linked !== undefined) return [link(is.linkSet.match(ADDRESS)?.[1], is.linked)];
  if (is.plain) return [h(is.plain, {}, inline(is.inside))];
  if (is.url) return [link(is.url, is.url)];
  return [h("br")];
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

const BLOCKS = [
  { is: /^(#{1,6})\s+(.*)$/, build: headingBlock },
  { is: /^\s*(?:-{3,}|\*{3,})\s*$/, build: (lines) => (lines.shift(), h("hr")) },
  { is: /^```/, build: codeBlock },
  { is: /^>\s?/, build: quoteBlock },
  { is: /^\s*[-*+]\s+/, build: (lines) => listBlock(lines, "ul", /^\s*[-*+]\s+/) },
  { is: /^\s*\d+[.)]\s+/, build: (lines) => listBlock(lines, "ol", /^\s*\d+[.)]\s+/) },
];

/** The blocks of a `markdown` element. */
export function blocks(text) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  const built = [];
  while (lines.length > 0) {
    const kind = BLOCKS.find((block) => block.is.test(lines[0]));
    if (kind) built.push(kind.build(lines));
    else if (lines[0].trim() === "") lines.shift();
    else built.push(paragraph(lines));
  }
  return built;
}

function paragraph(lines) {
  const own = [];
  while (lines.length > 0 && lines[0].trim() !== "" && !BLOCKS.some((block) => block.is.test(lines[0])))
    own.push(lines.shift());
  return h("p", {}, inline(own.join("\n")));
}

function headingBlock(lines) {
  const [, marks, words] = lines.shift().match(BLOCKS[0].is);
  return h(
    "p",
    { class: `heading heading-${marks.length}`, role: "heading", "aria-level": marks.length + 2 },
    inline(words),
  );
}

function codeBlock(lines) {
  lines.shift();
  const own = [];
  while (lines.length > 0 && !lines[0].startsWith("```")) own.push(lines.shift());
  lines.shift();
  return h("pre", {}, own.join("\n"));
}

function quoteBlock(lines) {
  const own = [];
  while (lines.length > 0 && /^>\s?/.test(lines[0])) own.push(lines.shift().replace(/^>\s?/, ""));
  return h("blockquote", {}, inline(own.join("\n")));
}

function listBlock(lines, tag, mark) {
  const start = tag === "ol" ? Number.parseInt(lines[0].trim(), 10) : null;
  const items = [];
  while (lines.length > 0 && mark.test(lines[0])) items.push(h("li", {}, inline(lines.shift().replace(mark, ""))));
  return h(tag, { start: start === 1 ? null : start }, items);
}
