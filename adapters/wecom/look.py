"""How much room a template card has, and how its buttons look: an app's cards and a robot's differ in both.

Sources: vendor pages "发送应用消息" (模板卡片消息) and "智能机器人 模板卡片类型", read 2026-11-22 (wecom.md
5 and 13.1).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Look:
    """The sizes of one sort of card, in characters, and the numbers of its button styles.

    Attributes:
        title: Of `main_title.title`, and of a drop-down's title, for which no limit is documented.
        desc: Of `main_title.desc`.
        source: Of `source.desc`.
        sub_title: Of `sub_title_text`, and of a quotation, for which no limit is documented.
        value: Of a pair's value.
        line: Of a drop-down's line.
        box: Of a box to tick.
        risky: Style of a button that does harm.
        closed: Style of a button that can no longer be pressed.
    """

    title: int
    desc: int
    source: int
    sub_title: int
    value: int
    line: int
    box: int
    risky: int
    closed: int


APP = Look(title=36, desc=44, source=20, sub_title=160, value=30, line=16, box=17, risky=4, closed=3)
"""Cards of a self-built app."""

ROBOT = Look(title=26, desc=30, source=13, sub_title=112, value=26, line=10, box=10, risky=3, closed=4)
"""Cards of an intelligent robot; options are told as 10 to 11 characters."""
