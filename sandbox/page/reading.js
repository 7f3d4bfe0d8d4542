// Reads what a message of any platform says: its heading, and the words that a list or a quotation shows of it.

const MARKS = /<\/?font[^>]*>|\*\*|`|^\s*(?:#{1,6}|>)\s+/gm;
const SPEAKING_LINK = /\[([^\]\n]*)\]\([^)\s]*\)/g;
const HEADING = /^\s*#{1,6}\s+(.+)$|^\s*\*\*(.+)\*\*\s*$/;

/** A text without the marks of markdown, as far as they can be told from words. */
export const bare = (text) => text.replace(SPEAKING_LINK, "$1").replace(MARKS, "").trim();

/** What stands at the top of a card, or of a message that is written like one; empty for mere words. */
export function headingOf(message) {
  const card = message.card ?? {};
  const told = card.header?.title?.content ?? card.main_title?.title ?? card.title;
  if (message.kind === "card") return String(told ?? "");
  const [first = ""] = (message.text ?? "").trimStart().split("\n");
  const found = first.match(HEADING);
  return found ? bare(found[1] ?? found[2]) : "";
}

/** One line that tells a message from others. */
export const lineOf = (message) => headingOf(message) || bare(message.text ?? "").split("\n")[0];
