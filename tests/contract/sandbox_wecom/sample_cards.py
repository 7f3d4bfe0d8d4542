"""Good cards of every type, for tests to send and to spoil."""

from __future__ import annotations

import copy
from typing import Any

Json = dict[str, Any]

_LINK = {"type": 1, "url": "https://bot.example.com/b/4"}


def notice() -> Json:
    return {
        "card_type": "text_notice",
        "source": {"desc": "周报助手", "desc_color": 0},
        "main_title": {"title": "获得徽章：稳定输出", "desc": "连续 4 周按时签到"},
        "emphasis_content": {"title": "4", "desc": "连续周数"},
        "sub_title_text": "继续保持。",
        "horizontal_content_list": [{"keyname": "授予人", "type": 3, "value": "李华", "userid": "lihua"}],
        "jump_list": [{**_LINK, "title": "全部徽章"}],
        "card_action": dict(_LINK),
    }


def news() -> Json:
    return {
        "card_type": "news_notice",
        "main_title": {"title": "月报"},
        "card_image": {"url": "https://bot.example.com/i.png", "aspect_ratio": 1.3},
        "vertical_content_list": [{"title": "完成", "desc": "12 项"}],
        "card_action": dict(_LINK),
    }


def approval() -> Json:
    return {
        "card_type": "button_interaction",
        "main_title": {"title": "目标调整待审批", "desc": "王磊 · 2026-11-20"},
        "quote_area": {"type": 0, "title": "原目标", "quote_text": "Q4 上线 3 个功能"},
        "sub_title_text": "调整为：Q4 上线 2 个功能",
        "horizontal_content_list": [{"keyname": "申请人", "value": "王磊"}],
        "button_list": [
            {"type": 0, "text": "同意", "style": 1, "key": "approve"},
            {"text": "驳回", "style": 4, "key": "reject"},
            {"type": 1, "text": "详情", "style": 2, "url": "https://bot.example.com/t/17"},
        ],
        "card_action": {"type": 0},
    }


def approval_with_reason() -> Json:
    options = [{"id": "a", "text": "合理"}, {"id": "b", "text": "重复"}]
    return {**approval(), "button_selection": {"question_key": "why", "title": "理由", "option_list": options}}


def vote(mode: int = 0) -> Json:
    options = [{"id": "5", "text": "很好"}, {"id": "3", "text": "一般"}, {"id": "1", "text": "很差"}]
    return {
        "card_type": "vote_interaction",
        "main_title": {"title": "本周心情", "desc": "单选"},
        "checkbox": {"question_key": "mood", "mode": mode, "option_list": options},
        "submit_button": {"text": "提交", "key": "submit_vote"},
    }


def checkin() -> Json:
    return {
        "card_type": "multiple_interaction",
        "source": {"desc": "周五签到"},
        "main_title": {"title": "第 47 周签到", "desc": "补充说明请直接回复文字"},
        "select_list": [
            _select("mood", "心情", {"unset": "请选择", "5": "很好", "3": "一般"}, "unset"),
            _select("progress", "进度", {"unset": "请选择", "ok": "正常", "late": "落后"}, "ok"),
            _select("help", "需要帮助", {"no": "不需要", "yes": "需要"}, None),
        ],
        "submit_button": {"text": "提交", "key": "submit_checkin"},
    }


def with_menu(card: Json) -> Json:
    menu = {"desc": "更多", "action_list": [{"text": "静音", "key": "mute"}, {"text": "退订", "key": "leave"}]}
    return {**card, "action_menu": menu}


ALL = {"notice": notice, "news": news, "approval": approval, "vote": vote, "checkin": checkin}


def spoiled(card: Json, path: str, value: Any) -> Json:
    """A copy with one member changed, or taken away where the value is None; the path has keys and indices."""
    found = copy.deepcopy(card)
    node: Any = found
    *ways, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    for way in ways:
        node = node.setdefault(way, {}) if isinstance(node, dict) else node[way]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return found


def _select(key: str, title: str, options: dict[str, str], selected: str | None) -> Json:
    listed = [{"id": value, "text": text} for value, text in options.items()]
    chosen = {"selected_id": selected} if selected else {}
    return {"question_key": key, "title": title, "option_list": listed, **chosen}
