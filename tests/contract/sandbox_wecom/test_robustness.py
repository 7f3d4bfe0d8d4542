"""No request, however odd, breaks the fake: it answers with HTTP 200 and a code, as the real platform does."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.wecom.cards import check_card, check_task_id, oddities
from sandbox.wecom.refusals import CATALOGUE, Refusal
from sandbox.wecom.view import buttons_of, questions_of
from tests.contract.sandbox_wecom import sample_cards as cards
from tests.contract.sandbox_wecom.harness import APP, LEI, Desk, Json

_ODD: tuple[Any, ...] = (None, 5, -1, 1.5, True, "", "x", [], [5], [None], [[]], {}, {"a": 1}, {"content": 5}, "|")
_CALLS: list[tuple[str, Json]] = [
    ("message/send", {"touser": LEI, "toparty": "", "totag": "", "msgtype": "text", "agentid": APP.agent_id}),
    (
        "message/send",
        {"touser": LEI, "msgtype": "text", "agentid": APP.agent_id, "text": {"content": "x"}}
        | {"enable_duplicate_check": 1, "duplicate_check_interval": 5},
    ),
    ("message/send", {"touser": LEI, "msgtype": "textcard", "agentid": APP.agent_id, "textcard": {}}),
    ("message/send", {"touser": LEI, "msgtype": "news", "agentid": APP.agent_id, "news": {"articles": []}}),
    ("message/send", {"touser": LEI, "msgtype": "template_card", "agentid": APP.agent_id, "template_card": {}}),
    (
        "message/update_template_card",
        {"userids": [LEI], "partyids": [], "tagids": [], "atall": 0, "agentid": APP.agent_id, "response_code": "{code}"}
        | {"button": {"replace_name": "x"}, "template_card": cards.notice()},
    ),
    ("message/recall", {"msgid": "x"}),
    ("message/get_statistics", {"time_type": 0}),
]


@pytest.mark.parametrize(("path", "body"), _CALLS)
async def test_an_odd_value_in_any_field_is_answered_with_a_code(desk: Desk, path: str, body: Json) -> None:
    for field in body:
        for value in _ODD:
            sent = await desk.send_card(LEI, cards.approval())
            ticket = sent.get("response_code")
            ready = {key: ticket if one == "{code}" else one for key, one in body.items()}
            answer = await desk.post(path, {**ready, field: value})
            assert answer["errcode"] == 0 or answer["errcode"] in CATALOGUE, (field, value)
            desk.clock.wait(2)


def _keys(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {key for value in node.values() for key in _keys(value)}
    return {key for each in node for key in _keys(each)} if isinstance(node, list) else set()


_KEYS = sorted(set().union(*(_keys(card()) for card in cards.ALL.values())) | {"selected_id", "action_menu", "mode"})
_SCALARS = st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["", "x", "approve", "汉", "k" * 1025])
_NODES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5),
    max_leaves=12,
)


@st.composite
def _spoiled(draw: st.DrawFn) -> Any:
    """A good card with anything in place of one or two of its members, at any depth."""
    card = cards.with_menu(cards.ALL[draw(st.sampled_from(sorted(cards.ALL)))]())
    for _ in range(draw(st.integers(1, 2))):
        node: Any = card
        while True:
            ways = sorted(node) if isinstance(node, dict) else list(range(len(node)))
            if not ways:
                break
            way = draw(st.sampled_from(ways))
            if not isinstance(node[way], dict | list) or draw(st.booleans()):
                node[way] = draw(_NODES)
                break
            node = node[way]
    return card


@given(_spoiled() | _NODES)
@settings(max_examples=400)
def test_any_card_is_refused_with_a_code_or_can_be_drawn_and_judged(card: Any) -> None:
    # A refusal of a code that the catalogue does not know raises KeyError.
    with contextlib.suppress(Refusal):
        check_card(card)
        check_task_id(card)
        _draw(card)


def _draw(card: Json) -> None:
    assert all(isinstance(sentence, str) for sentence in oddities(card, is_update=False))
    assert all(button["label"] for button in buttons_of(card))
    assert all(question.options for question in questions_of(card))
