"""Clicks on cards as the platform sends them: encrypted, signed, each of another person and with an id of its own.

Written from the vendor's page "Encrypt Key 加密策略" and the example of `card.action.trigger`, read 2026-11-22.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from sqlalchemy import select

from adapters.feishu.buttons import button_name, button_value
from bench.organisation import APP_ID, ENCRYPT_KEY, ORG, ROUND, TOKEN
from domain.cards import CardKey
from domain.ids import PersonId
from storage.database import Database
from storage.queue_tables import outbox
from storage.tables import identity

PATH = f"/callback/feishu/{ORG}"

_NONCE = "bench"
_KEY = hashlib.sha256(ENCRYPT_KEY.encode()).digest()

_RESULTS = ("新模具一次试产成功，良率到了 97%", "把报表上线了，销售当天就在用", "和三家客户确认了四季度的排期")
_OBSTACLES = ("来料检验排队两天，影响了装配", "测试环境不稳，回归跑了三遍", "接口人休假，问题等到周四才有人看")
_ACTIONS = ("与质检约定加急通道，周二前定下来", "补上回归用例，先补支付那一块", "周一上午和对方过一遍需求清单")


@dataclass(frozen=True, slots=True)
class PromptCopy:
    """A card with the form as it lies in somebody's chat.

    Attributes:
        person_id: Whose chat.
        open_id: The person's id on the platform.
        message: The platform's id of the message.
        card: What the card is about.
    """

    person_id: PersonId
    open_id: str
    message: str
    card: CardKey


def prompts(url: str) -> Sequence[PromptCopy]:
    """Return all delivered forms of a store, by person."""
    database = Database.open(url)
    columns = (
        outbox.c.person_id,
        identity.c.external_id,
        outbox.c.external_id,
        outbox.c.card_kind,
        outbox.c.card_subject,
    )
    found = select(*columns).join(identity, identity.c.person_id == outbox.c.person_id)
    with database.reading() as transaction:
        rows = transaction.query(found.where(outbox.c.state == "sent").order_by(outbox.c.person_id))
    database.dispose()
    return [PromptCopy(PersonId(row[0]), row[1], row[2], CardKey(row[3], row[4])) for row in rows]


def submission(prompt: PromptCopy, number: int, at: datetime = ROUND) -> bytes:
    """Return the HTTP request of a click on "submit" with three answers.

    Args:
        prompt: The card.
        number: Of the click; makes its id and, without chance, its words.
        at: When it is signed; old signatures are refused.
    """
    return http_request(_body(_envelope(prompt, number), number), at)


def http_request(body: bytes, at: datetime = ROUND) -> bytes:
    """Return a signed POST of a body over a kept connection."""
    signed_at = int(at.timestamp())
    signature = hashlib.sha256(f"{signed_at}{_NONCE}{ENCRYPT_KEY}".encode() + body).hexdigest()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json; charset=utf-8\r\n"
        f"X-Lark-Request-Timestamp: {signed_at}\r\nX-Lark-Request-Nonce: {_NONCE}\r\n"
        f"X-Lark-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(envelope: dict[str, object], number: int) -> bytes:
    plain = orjson.dumps(envelope)
    padding = 16 - len(plain) % 16
    vector = hashlib.md5(b"%d" % number).digest()
    sealed = Cipher(AES(_KEY), CBC(vector)).encryptor().update(plain + bytes([padding]) * padding)
    return orjson.dumps({"encrypt": base64.b64encode(vector + sealed).decode()})


def _envelope(prompt: PromptCopy, number: int) -> dict[str, object]:
    chance = random.Random(number)
    form = {"result": chance.choice(_RESULTS), "obstacle": chance.choice(_OBSTACLES), "next": chance.choice(_ACTIONS)}
    micros = int(ROUND.timestamp() * 1_000_000) + number
    return {
        "schema": "2.0",
        "header": {
            "event_id": f"{number:032x}",
            "token": TOKEN,
            "create_time": str(micros),
            "event_type": "card.action.trigger",
            "tenant_key": "bench",
            "app_id": APP_ID,
        },
        "event": {
            "operator": {
                "tenant_key": "bench",
                "user_id": f"u{number}",
                "open_id": prompt.open_id,
                "union_id": f"on_{number:032x}",
            },
            "token": f"c-{number:032x}",
            "action": {
                "value": button_value(prompt.card, "submit"),
                "tag": "button",
                "name": button_name(prompt.card, "submit"),
                "form_value": form,
            },
            "host": "im_message",
            "delivery_type": "",
            "context": {"open_message_id": prompt.message, "open_chat_id": f"oc_{number:032x}"},
        },
    }
