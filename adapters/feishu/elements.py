"""The parts of a card in the components of card JSON 2.0.

Formats: the vendor's component pages 普通文本, 富文本, 分栏, 表单容器, 输入框, 下拉选择, 按钮, read 2026-11-22. Nothing
that a person typed goes anywhere but into `plain_text`. Unknown attributes make the platform refuse the whole card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.feishu.buttons import button_name, button_value
from adapters.feishu.chart import chart_element, width
from adapters.feishu.markup import escape_markdown, mention, shorten
from domain.cards import (
    Block,
    Button,
    CardKey,
    Chart,
    ChoiceField,
    Divider,
    Facts,
    Field,
    Mention,
    Paragraph,
    Quote,
    Style,
    TextField,
)

Element = dict[str, Any]

_BUTTON_TYPES = {Style.MAIN: "primary_filled", Style.PLAIN: "default", Style.RISKY: "danger"}
_LONGEST_LABEL = 100  # of a button, and of a placeholder
_LONGEST_INPUT = 1000
_MOST_IN_A_ROW = 3
_WIDEST_ROW = 24  # half-width characters that fit on a phone of 360 px beside the buttons' padding


def plain(text: str) -> Element:
    """Return a text in which nothing is markup."""
    return {"tag": "plain_text", "content": text}


def block_elements(block: Block, receiver: str, longest: int, *, roomy: bool) -> list[Element]:
    """Return what shows a block.

    Args:
        block: What is to be read.
        receiver: The reader's open_id, for mentions; empty if not known.
        longest: Characters that are shown of each text of somebody's own.
        roomy: Whether there is room for shading and columns, which take up to three times the elements.
    """
    match block:
        case Paragraph():
            return [_side_remark(block.text) if block.small else _div(block.text)]
        case Mention():
            return [_called(block, receiver)]
        case Quote():
            return _quote(block.heading, shorten(block.text, longest), roomy=roomy)
        case Facts():
            rows = [(label, shorten(value, longest)) for label, value in block.rows]
            return [_row(*row) for row in rows] if roomy or not rows else [_div("\n".join(map(_line, rows)))]
        case Divider():
            return [{"tag": "hr"}]
        case Chart():
            return [chart_element(block)]


def field_elements(field: Field) -> list[Element]:
    """Return what lets a field be filled in; a required one is marked, as the vendor's own examples do."""
    label = f"{field.label} *" if field.required and field.label else field.label
    if isinstance(field, TextField):
        return [_input(field, label)]
    return [_div(label), _choice(field)] if label else [_choice(field)]


def button_rows(key: CardKey, buttons: Sequence[Button], *, in_form: bool) -> list[Element]:
    """Return rows of buttons, each row as full as a phone allows."""
    rows: list[list[Button]] = []
    for button in buttons:
        if rows and _fits(rows[-1], button):
            rows[-1].append(button)
        else:
            rows.append([button])
    return [_button_row(key, row, in_form=in_form) for row in rows]


def _div(text: str) -> Element:
    return {"tag": "div", "text": plain(text)}


def _side_remark(text: str) -> Element:
    return {"tag": "div", "text": plain(text) | {"text_size": "notation", "text_color": "grey"}}


def _called(block: Mention, receiver: str) -> Element:
    call = mention(receiver)
    if not call:
        return _div(f"@{block.name} {block.text}")
    return {"tag": "markdown", "content": f"{call} {escape_markdown(block.text)}"}


def _quote(heading: str, text: str, *, roomy: bool) -> list[Element]:
    if not roomy:
        return [_div(f"{heading}\n{text}" if heading else text)]
    parts = [_side_remark(heading), _div(text)] if heading else [_div(text)]
    column = _column(parts, 1) | {"padding": "8px 12px 8px 12px", "vertical_spacing": "4px"}
    return [_columns([column]) | {"background_style": "grey"}]


def _row(label: str, value: str) -> Element:
    return _columns([_column([_side_remark(label)], 2), _column([_div(value)], 5)])


def _line(row: tuple[str, str]) -> str:
    label, value = row
    return f"{label}：{value}" if width(label) > len(label) else f"{label}: {value}"


def _columns(columns: Sequence[Element]) -> Element:
    return {"tag": "column_set", "flex_mode": "none", "horizontal_spacing": "8px", "columns": list(columns)}


def _column(elements: Sequence[Element], weight: int) -> Element:
    return {"tag": "column", "width": "weighted", "weight": weight, "elements": list(elements)}


def _input(field: TextField, label: str) -> Element:
    most = max(1, min(field.max_length, _LONGEST_INPUT))
    element: Element = {"tag": "input", "name": field.name, "required": field.required, "max_length": most}
    element["width"] = "fill"
    if label:
        element |= {"label": plain(label), "label_position": "top"}
    if field.multiline:
        element |= {"input_type": "multiline_text", "rows": 3, "auto_resize": True}
    if field.placeholder:
        element["placeholder"] = plain(field.placeholder[:_LONGEST_LABEL])
    if field.initial:
        element["default_value"] = field.initial[:most]
    return element


def _choice(field: ChoiceField) -> Element:
    # `required` is always said: the vendor's default for several choices is true.
    element: Element = {
        "tag": "multi_select_static" if field.multiple else "select_static",
        "name": field.name,
        "required": field.required,
        "width": "fill",
        "options": [{"text": plain(option.label), "value": option.value} for option in field.options],
    }
    if field.placeholder:
        element["placeholder"] = plain(field.placeholder[:_LONGEST_LABEL])
    known = {option.value for option in field.options}
    initial = [value for value in field.initial if value in known]
    if initial and field.multiple:
        element["selected_values"] = initial
    elif initial:
        element["initial_option"] = initial[0]
    return element


def _fits(row: Sequence[Button], button: Button) -> bool:
    taken = sum(width(each.label) for each in row) + width(button.label)
    return len(row) < _MOST_IN_A_ROW and taken <= _WIDEST_ROW


def _button_row(key: CardKey, row: Sequence[Button], *, in_form: bool) -> Element:
    # Two characters more or less make no difference in width, so that similar labels stand in equal columns.
    return _columns(
        [_column([_button(key, each, in_form=in_form)], min(5, max(1, round(width(each.label) / 4)))) for each in row]
    )


def _button(key: CardKey, button: Button, *, in_form: bool) -> Element:
    element: Element = {
        "tag": "button",
        "name": button_name(key, button.action),
        "type": _BUTTON_TYPES[button.style],
        "width": "fill",
        "text": plain(button.label[:_LONGEST_LABEL]),
        "behaviors": [{"type": "callback", "value": button_value(key, button.action)}],
    }
    if in_form:
        element["form_action_type"] = "submit"
    if button.confirm is not None:
        # Both are required; old clients do nothing at all on a click if the title is missing.
        element["confirm"] = {"title": plain(button.label[:_LONGEST_LABEL]), "text": plain(button.confirm)}
    return element
