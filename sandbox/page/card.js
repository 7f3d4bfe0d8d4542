// Draws a message of the bot in the look of the platform that shows it.

import { dingtalkCard, dingtalkWords } from "/static/dingtalk.js";
import { feishuCard, feishuWords } from "/static/feishu.js";
import { wecomCard, wecomWords } from "/static/wecom.js";

const FEISHU = { card: feishuCard, words: feishuWords };
const LOOKS = {
  feishu: FEISHU,
  wecom: { card: wecomCard, words: wecomWords },
  dingtalk: { card: dingtalkCard, words: dingtalkWords },
};

/** The element for what a message holds; `drafts` and `act` as for `contextOf`, a platform unknown here is plain. */
export function renderMessage(message, platform, drafts, act) {
  const look = LOOKS[platform] ?? FEISHU;
  return (message.kind === "card" ? look.card : look.words)(message, drafts, act);
}
