"""The demo's mail catcher: what it keeps, how it reads it, and how it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import aiosmtplib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.mail import Letter, MailCatcher

NOW = datetime(2026, 11, 30, 8, 5, tzinfo=UTC)


@pytest.fixture
async def catcher() -> AsyncIterator[MailCatcher]:
    catcher = MailCatcher(None, lambda: NOW)
    await catcher.start()
    yield catcher
    await catcher.close()


def written(
    subject: str = "一条复盘 48 小时没有回音", text: str = "麻烦看一眼。\n", html: str | None = None
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "复盘 <bot@example.com>"
    message["To"] = "陈静 <chenjing@example.com>"
    message["Subject"] = subject
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message


async def send(catcher: MailCatcher, message: EmailMessage | bytes, *to: str) -> None:
    recipients = to or ("chenjing@example.com",)
    if isinstance(message, bytes):
        await aiosmtplib.send(
            message, sender="bot@example.com", recipients=recipients, hostname="127.0.0.1", port=catcher.port
        )
    else:
        await aiosmtplib.send(message, recipients=recipients, hostname="127.0.0.1", port=catcher.port)


async def only(catcher: MailCatcher) -> Letter:
    [letter] = catcher.letters()
    return letter


async def test_a_chinese_mail_reads_as_it_was_written(catcher: MailCatcher) -> None:
    await send(catcher, written(html="<p>麻烦看一眼。</p>"))
    letter = await only(catcher)
    assert letter.subject == "一条复盘 48 小时没有回音"
    assert letter.sender == "复盘 <bot@example.com>"
    assert letter.text.strip() == "麻烦看一眼。"
    assert letter.html is not None
    assert letter.html.strip() == "<p>麻烦看一眼。</p>"
    assert letter.received_at == NOW


async def test_the_recipients_are_those_of_the_envelope_also_the_hidden_ones(catcher: MailCatcher) -> None:
    await send(catcher, written(), "chenjing@example.com", "audit@example.com")
    assert (await only(catcher)).recipients == ("chenjing@example.com", "audit@example.com")


async def test_mails_are_kept_in_order_of_arrival_and_numbered_from_one(catcher: MailCatcher) -> None:
    for subject in ("一", "二", "三"):
        await send(catcher, written(subject))
    assert [(letter.id, letter.subject) for letter in catcher.letters()] == [(1, "一"), (2, "二"), (3, "三")]
    second = catcher.letter(2)
    assert second is not None
    assert second.subject == "二"
    assert catcher.letter(4) is None


async def test_a_mail_without_html_has_none(catcher: MailCatcher) -> None:
    await send(catcher, written())
    assert (await only(catcher)).html is None


async def test_an_attachment_is_not_taken_for_the_text(catcher: MailCatcher) -> None:
    message = MIMEMultipart()
    message["Subject"] = "附件"
    attached = MIMEText("secret figures", "plain", "utf-8")
    attached.add_header("Content-Disposition", "attachment", filename="a.txt")
    message.attach(attached)
    message.attach(MIMEText("正文", "plain", "utf-8"))
    await send(catcher, message.as_bytes())
    assert (await only(catcher)).text == "正文"


async def test_text_in_another_charset_is_decoded(catcher: MailCatcher) -> None:
    message = MIMEText("收到", "plain", "gb18030")
    message["Subject"] = Header("回复", "gb18030").encode()
    await send(catcher, message.as_bytes())
    letter = await only(catcher)
    assert (letter.subject, letter.text) == ("回复", "收到")


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        (b"Subject: =?x-nonsense?b?5pS25Yiw?=\r\n\r\nhello", "收到", "hello"),
        (b"Subject: =?utf-8?b?A?=\r\n\r\nhello", "=?utf-8?b?A?=", "hello"),
        ("Subject: 原样\r\n\r\n正文".encode(), "原样", "正文"),
        (b'Content-Type: text/plain; charset="x-nonsense"\r\n\r\n\xe6\x94\xb6', "", "收"),
        (b"Subject: one\r\n two\r\n\r\n", "one two", ""),
        (b"\r\nno header at all", "", "no header at all"),
    ],
    ids=["unknown charset", "broken encoding", "raw utf-8", "unknown body charset", "folded", "no header"],
)
async def test_a_crooked_mail_is_shown_as_well_as_can_be(
    catcher: MailCatcher, raw: bytes, subject: str, text: str
) -> None:
    await send(catcher, raw)
    letter = await only(catcher)
    assert letter.subject == subject
    assert letter.text.strip() == text


@given(raw=st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_octets_at_all_can_be_read(raw: bytes) -> None:
    catcher = MailCatcher(None, lambda: NOW)
    envelope = _Envelope("bot@example.com", ["a@example.com"], raw)
    assert catcher.take(envelope).startswith("250")
    [letter] = catcher.letters()
    assert isinstance(letter.subject, str)
    assert "\n" not in letter.subject
    asyncio.run(catcher.close())


class _Envelope:
    def __init__(self, mail_from: str, rcpt_tos: list[str], content: bytes) -> None:
        self.mail_from, self.rcpt_tos, self.content = mail_from, rcpt_tos, content


@pytest.mark.parametrize("code", [451, 550])
async def test_the_next_mails_are_refused_as_often_as_was_asked(catcher: MailCatcher, code: int) -> None:
    catcher.refuse_next(code, 2)
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await send(catcher, written())
        assert refused.value.code == code
    await send(catcher, written("终于"))
    assert (await only(catcher)).subject == "终于"


async def test_refusals_happen_in_the_order_in_which_they_were_asked_for(catcher: MailCatcher) -> None:
    catcher.refuse_next(550, 1)
    catcher.refuse_next(451, 2)
    assert catcher.refusals() == (550, 451, 451)


async def test_a_catcher_told_to_accept_again_refuses_nothing(catcher: MailCatcher) -> None:
    catcher.refuse_next(451, 5)
    catcher.accept_again()
    await send(catcher, written())
    assert len(catcher.letters()) == 1


@pytest.mark.parametrize(("code", "times"), [(250, 1), (451, 0), (451, -1)])
async def test_a_refusal_that_makes_no_sense_is_refused(catcher: MailCatcher, code: int, times: int) -> None:
    with pytest.raises(ValueError, match="code must be one of"):
        catcher.refuse_next(code, times)


async def test_listeners_hear_of_a_kept_mail_and_not_of_a_refused_one(catcher: MailCatcher) -> None:
    heard: list[int] = []
    catcher.on_change(lambda: heard.append(len(catcher.letters())))
    catcher.refuse_next(550, 1)
    with pytest.raises(aiosmtplib.SMTPDataError):
        await send(catcher, written())
    await send(catcher, written())
    assert heard == [1]


async def test_mails_on_disk_are_still_there_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "mail.db"
    before = MailCatcher(path, lambda: NOW)
    await before.start()
    await send(before, written("还在"))
    # Not closed yet: what a second catcher reads now is what a killed one would have left behind.
    after = MailCatcher(path, lambda: NOW)
    assert [(letter.id, letter.subject) for letter in after.letters()] == [(1, "还在")]
    await before.close()
    await after.close()


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for number in (1, 2):
        catcher = MailCatcher(tmp_path / "mail.db", lambda: NOW)
        await catcher.start()
        await send(catcher, written())
        assert catcher.letters()[-1].id == number
        await catcher.close()


async def test_closing_hangs_up_on_a_sender_who_stays(catcher: MailCatcher) -> None:
    catcher = MailCatcher(None, lambda: NOW)
    await catcher.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", catcher.port)
    assert (await reader.readline()).startswith(b"220")
    await asyncio.wait_for(catcher.close(), timeout=5)
    assert await reader.read() == b""
    writer.close()


def test_a_catcher_that_does_not_listen_has_no_port() -> None:
    catcher = MailCatcher(None, lambda: NOW)
    with pytest.raises(RuntimeError, match="start"):
        _ = catcher.port
    asyncio.run(catcher.close())
