"""The few words that stand on a card because of WeCom and not because of what it says, in each language.

They are short: the platform gives a button, like the drop-down's neutral first line, about ten characters.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Labels:
    """Words of one language.

    Attributes:
        choose: First line of each drop-down, which stands for no answer; WeCom preselects the first line.
        in_words: The button in place of fields that a card cannot hold.
        done: Stands where buttons stood, when a card has none any more and says no state itself.
        or_reply: Leads in the labels of buttons that the card has no room for; typing one is pressing it.
        above: Ends what was cut on a card when the message in front of it holds all.
        cut: Ends what had to be cut altogether.
        colon: Between a label and its value.
    """

    choose: str
    in_words: str
    done: str
    or_reply: str
    above: str
    cut: str
    colon: str


CHINESE = Labels("请选择", "文字填写", "已更新", "也可以直接回复：", "…（全文见上一条）", "…（已截短）", "：")
ENGLISH = Labels("Choose", "In words", "Updated", "Or reply: ", "… (in full above)", "… (shortened)", ": ")


def labels_of(locale: str) -> Labels:
    """Return the words of a language such as "en"; an unknown one gets Chinese, like everywhere else."""
    return ENGLISH if locale.lower().startswith("en") else CHINESE
