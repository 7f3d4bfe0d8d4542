"""Realistic Feishu cards (JSON 2.0) for tests of the demo page: one of every kind that the bot sends, and its states.

Written for these tests after the vendor's card reference (https://open.feishu.cn/document/feishu-cards/card-json-v2-structure,
read 2026-11-22); no recorded message, no real people.
"""

from __future__ import annotations

from typing import Any

Card = dict[str, Any]


def plain(content: str) -> Card:
    return {"tag": "plain_text", "content": content}


def card(title: str, template: str, tag: tuple[str, str] | None, elements: list[Card], subtitle: str = "") -> Card:
    header: Card = {"title": plain(title), "template": template}
    if subtitle:
        header["subtitle"] = plain(subtitle)
    if tag is not None:
        header["text_tag_list"] = [{"tag": "text_tag", "text": plain(tag[0]), "color": tag[1]}]
    return {"schema": "2.0", "config": {"update_multi": True}, "header": header, "body": {"elements": elements}}


def button(name: str, label: str, kind: str = "default", **more: Any) -> Card:
    behaviours = [{"type": "callback", "value": {"op": name}}]
    return {"tag": "button", "name": name, "text": plain(label), "type": kind, "behaviors": behaviours, **more}


def row(*buttons: Card) -> Card:
    return {"tag": "column_set", "columns": [{"tag": "column", "elements": [one]} for one in buttons]}


def question(name: str, label: str, placeholder: str, *, required: bool = True) -> Card:
    return {
        "tag": "input",
        "name": name,
        "label": plain(label),
        "placeholder": plain(placeholder),
        "required": required,
        "input_type": "multiline_text",
        "rows": 2,
        "max_length": 500,
    }


def choice(name: str, label: str, *options: tuple[str, str]) -> Card:
    listed = [{"text": plain(words), "value": value} for value, words in options]
    return {"tag": "select_static", "name": name, "label": plain(label), "required": True, "options": listed}


def weekly() -> Card:
    """Friday's questions: three texts, three buttons of which two need no text."""
    form = {
        "tag": "form",
        "name": "weekly",
        "elements": [
            question("result", "① 本周最重要的成果?", "一两句就好"),
            question("obstacle", "② 遇到的主要障碍?", "卡在哪里,卡了多久"),
            question("next", "③ 下周的关键行动?", "一件最要紧的事"),
            row(
                button("submit", "提交复盘", "primary", form_action_type="submit"),
                button("later", "晚点再说"),
                button(
                    "skip", "这周跳过", "text", confirm={"title": plain("跳过这周?"), "text": plain("下周五再见。")}
                ),
            ),
        ],
    }
    intro = {"tag": "markdown", "content": "三个问题,**一分钟**。写给自己,也会有人回你。"}
    return card("本周复盘", "blue", ("待填写", "orange"), [intro, form], "2026 第 48 周 · 到周日 18:00")


def micro() -> Card:
    """Three taps."""
    pace = choice("pace", "这周的节奏", ("ok", "刚刚好"), ("fast", "有点赶"), ("slow", "有点慢"))
    energy = choice("energy", "精力", ("high", "充沛"), ("mid", "一般"), ("low", "见底了"))
    focus = choice("focus", "最花时间的", ("build", "做东西"), ("meet", "开会"), ("fire", "救火"))
    submit = button("submit", "看我的周报", "primary", form_action_type="submit", width="fill")
    form = {"tag": "form", "name": "micro", "elements": [pace, energy, focus, submit]}
    return card("微复盘", "turquoise", None, [{"tag": "div", "text": plain("点三下就好,马上看到你的周报。")}, form])


def submitted(answers: dict[str, str]) -> Card:
    """What Friday's card becomes; answers stand in plain text, whatever they hold."""
    said = [{"tag": "div", "text": plain(text)} for text in answers.values()]
    note = {"tag": "div", "text": {**plain("王磊,李华会在 周一 16:05 前回你。"), "text_size": "notation"}}
    return card("本周复盘", "green", ("已提交", "green"), [*said, {"tag": "hr"}, note, row(button("edit", "修改"))])


def to_manager(name: str, said: list[str]) -> Card:
    """The manager's card with a reply form, quick answers and one button that is no longer of use."""
    texts = [{"tag": "div", "text": plain(line)} for line in said]
    reply = question("reply", "回一句", "一句具体的话就够")
    form = {
        "tag": "form",
        "name": "reply",
        "elements": [
            reply,
            row(
                button("send", "回一句", "primary_filled", form_action_type="submit"),
                button("thanks", "有帮助,谢谢"),
                button("meet", "约个时间"),
                button("gone", "转给代理人", disabled=True, disabled_tips=plain("代理人在休假")),
            ),
        ],
    }
    return card(f"{name} 的本周复盘", "blue", ("等你回", "orange"), [*texts, {"tag": "hr"}, form], "到 周一 16:05")


def reminder(name: str) -> Card:
    words = {"tag": "div", "text": plain("周五 16:05 交的,到 明天 16:05。一句具体的话就够。")}
    buttons = row(
        button("now", "现在回", "primary"), button("tonight", "今晚 18:00 提醒我"), button("talked", "已当面聊过")
    )
    return card(f"{name} 在等你一句话", "orange", None, [words, buttons])


def escalation() -> Card:
    words = {"tag": "markdown", "content": "研发/平台:**王磊** → <at id=ou_lihua></at>。可能在出差或请假,麻烦看一眼。"}
    facts = {
        "tag": "div",
        "fields": [
            {"is_short": True, "text": plain("提交\n周五 16:05")},
            {"is_short": True, "text": plain("提醒\n周一 16:05")},
        ],
    }
    buttons = row(
        button("follow", "我来跟进", "primary_filled"), button("normal", "属正常情况"), button("deputy", "转给代理人")
    )
    return card("一条复盘 48 小时没有回音", "red", ("请帮忙看看", "red"), [words, facts, buttons])


def report() -> Card:
    """The weekly report: a bar chart against the team's mean, a line, details, a table, and a link."""
    weeks = [("W45", 3.2, 3.6), ("W46", 3.8, 3.5), ("W47", 4.1, 3.7), ("W48", 4.4, 3.6)]
    values = [
        {"week": w, "who": who, "score": s} for w, mine, team in weeks for who, s in (("我", mine), ("团队均值", team))
    ]
    bar = {"type": "bar", "title": {"text": "节奏自评,与团队均值"}, "data": {"values": values}}
    bar |= {"xField": ["week", "who"], "yField": "score", "seriesField": "who"}
    hours = [
        {"week": w, "hours": h}
        for w, h in (("W43", 30), ("W44", 27), ("W45", 31), ("W46", 22), ("W47", 19), ("W48", 16))
    ]
    line = {
        "type": "line",
        "title": {"text": "收到回复用的小时"},
        "data": [{"values": hours}],
        "xField": "week",
        "yField": "hours",
    }
    details = {
        "tag": "collapsible_panel",
        "expanded": False,
        "header": {"title": plain("看看每一项")},
        "elements": [
            {
                "tag": "markdown",
                "content": "- 成果:3 条\n- 障碍:1 条,**已解决**\n- 回复:平均 19 小时\n\n[怎么算的](https://example.com/how)",
            },
            {
                "tag": "table",
                "columns": [{"name": "k", "display_name": "指标"}, {"name": "v", "display_name": "这周"}],
                "rows": [{"k": "按时复盘", "v": "连续 8 周"}, {"k": "收到回复", "v": "4 条"}],
            },
        ],
    }
    link = {
        "tag": "button",
        "text": plain("打开完整周报"),
        "type": "default",
        "behaviors": [{"type": "open_url", "default_url": "https://example.com/report"}],
    }
    elements: list[Card] = [{"tag": "chart", "chart_spec": bar}, {"tag": "chart", "chart_spec": line}, details, link]
    return card("你的周报", "indigo", ("第 48 周", "indigo"), elements)


def every_input() -> Card:
    """One of each input that the page can show, and the rarer elements."""
    many = [
        {"text": plain(words), "value": value}
        for value, words in (("clear", "目标清楚"), ("help", "有人帮"), ("time", "时间够"))
    ]
    form = {
        "tag": "form",
        "name": "goal",
        "elements": [
            {"tag": "input", "name": "title", "label": plain("目标"), "max_length": 40, "default_value": "转化率 12%"},
            {"tag": "multi_select_static", "name": "why", "label": plain("哪些帮了你"), "options": many},
            {"tag": "date_picker", "name": "due", "label": plain("到哪天"), "initial_date": "2026-12-04"},
            {"tag": "select_person", "name": "who", "label": plain("请谁看"), "options": [{"value": "ou_lihua"}]},
            {"tag": "checker", "name": "public", "text": plain("让团队看到"), "checked": False},
            row(
                button("save", "保存", "primary", form_action_type="submit"),
                {"tag": "button", "name": "clear", "text": plain("清空"), "form_action_type": "reset"},
            ),
        ],
    }
    badge = {"tag": "img", "img_key": "img_v2_badge", "alt": plain("徽章「稳」")}
    gauge = {"type": "gauge", "data": {"values": [{"x": "目标完成", "y": 0.68}]}, "xField": "x", "yField": "y"}
    lone = {
        "tag": "select_static",
        "name": "mood",
        "placeholder": plain("现在的心情"),
        "options": [{"text": plain("还行"), "value": "fine"}],
    }
    danger = button(
        "drop", "放弃这个目标", "danger", confirm={"title": plain("放弃这个目标?"), "text": plain("随时可以再建。")}
    )
    return card(
        "目标", "violet", None, [badge, {"tag": "chart", "chart_spec": gauge}, form, lone, danger, {"tag": "sparkle"}]
    )
