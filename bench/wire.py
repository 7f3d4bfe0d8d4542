"""The wire: what it costs to render one card and to open one callback, beside the least that any code could do."""

from __future__ import annotations

import importlib
import statistics
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from adapters.feishu.render import render
from adapters.feishu.webhook import FeishuWebhook
from bench.clicks import PromptCopy, submission
from bench.organisation import ENCRYPT_KEY, FEISHU, ORG, ROUND, TOKEN, open_id, people, person_id, policy
from bench.report import Table, number, times
from bot.assemble import words
from domain.cards import Card, CardKey
from domain.checkin import Checkin, submit
from domain.duties import Duty, Pace, due_at
from domain.ids import CheckinId, DutyId, OccurrenceId
from handlers import checkin_cards, reply_cards
from handlers.context import Speaker
from handlers.reply_cards import Matter

ROUNDS, CALLS, FEWER = 15, 1_000, 100
NOW = ROUND + timedelta(minutes=30)


def run(folder: Path, *, quick: bool) -> Table:
    """Measure and return the table."""
    calls = FEWER if quick else CALLS
    rows = [_rendered(name, card, calls) for name, card in _cards(folder).items()]
    return Table(
        "wire: microseconds a card and a callback",
        ("", "us", "floor us", "of floor", "vendor us", "vendor is"),
        [*rows, _opened(calls)],
        (),
        [
            "render: to card JSON 2.0 as bytes, with the checks of size and parts; floor: orjson writes the finished card",
            "open: signature, decryption, parsing, our event; floor: orjson reads the decrypted body; vendor: lark-oapi's own",
            "dispatcher on the same request",
        ],
    )


def _rendered(name: str, card: Card, calls: int) -> tuple[str, ...]:
    finished = render(card, open_id(1))
    ours = _microseconds(lambda: orjson.dumps(render(card, open_id(1))), calls)
    floor = _microseconds(lambda: orjson.dumps(finished), calls)
    return (
        f"render: {name} ({len(orjson.dumps(finished)):,} bytes)",
        number(ours),
        number(floor),
        times(ours / floor),
        "",
        "",
    )


def _opened(calls: int) -> tuple[str, ...]:
    prompt = PromptCopy(person_id(1), open_id(1), "om_1", CardKey("checkin", "1"))
    head, _, body = submission(prompt, 1).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    webhook = FeishuWebhook(FEISHU, ORG)
    plain = orjson.dumps({"event": {"form": "x" * 700}})
    ours = _microseconds(lambda: webhook.receive(headers, {}, body, NOW), calls)
    floor = _microseconds(lambda: orjson.loads(plain), calls)
    vendor = _vendor(headers, body, max(1, calls // 10))
    name = f"open: a click with three answers ({len(body):,} bytes)"
    return (name, number(ours), number(floor), times(ours / floor), number(vendor), times(vendor / ours))


def _vendor(headers: Mapping[str, str], body: bytes, calls: int) -> float:
    """Return how long the vendor's own library takes for the same request."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the vendor's own dependencies
        lark: Any = importlib.import_module("lark_oapi")
    answers = importlib.import_module("lark_oapi.event.callback.model.p2_card_action_trigger")
    builder = lark.EventDispatcherHandler.builder(ENCRYPT_KEY, TOKEN)
    dispatcher = builder.register_p2_card_action_trigger(lambda _: answers.P2CardActionTriggerResponse({})).build()

    def call() -> None:
        request = lark.RawRequest()
        request.uri, request.headers, request.body = "/", headers, body
        if dispatcher.do(request).status_code != 200:
            raise RuntimeError("the vendor's library refuses what we sign")

    return _microseconds(call, calls)


def _microseconds(call: Callable[[], object], calls: int) -> float:
    """Return the median over some rounds of what one call takes."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(calls):
            call()
        took.append((time.perf_counter() - began) / calls * 1_000_000)
    return statistics.median(took)


def _cards(folder: Path) -> dict[str, Card]:
    rules = policy(folder)
    cadence = rules.cadences[0]
    manager, author = people(2)
    asked = Checkin(ORG, CheckinId("c"), OccurrenceId("o"), cadence, "2026-W48", author.person_id, ROUND)
    said = {"result": "新模具一次试产成功，良率到了 97%", "obstacle": "来料检验排队两天", "next": "与质检约定加急通道"}
    checkin = submit(asked, said, NOW).checkin
    speaker = Speaker(words(), rules.locale, rules.zone_of(author), NOW)
    assert cadence.follow_up is not None
    ladder = cadence.follow_up.ladder
    due = due_at(ladder, NOW, Pace(rules.calendar, speaker.zone))
    duty = Duty(ORG, DutyId("d"), "reply", "c", manager.person_id, author.person_id, ladder, NOW, due)
    return {
        "the question": checkin_cards.prompt(speaker, cadence, asked.occurrence_id),
        "the report": checkin_cards.report(
            speaker, checkin, waiting_for=(manager.name, duty), replies=(), streak=1, comparisons=(), small_group=False
        ),
        "the manager's request": reply_cards.request(speaker, Matter(duty, checkin, author, manager), manager),
    }
