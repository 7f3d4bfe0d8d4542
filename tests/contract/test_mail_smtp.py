"""Mail: what the outbox may expect of the mailer, against a real SMTP server on the loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.settings import MailSettings, TlsMode, address_of
from adapters.mail.smtp import SmtpMailer, compose
from domain.cards import Card, CardKey
from domain.errors import ContentRefused, Misconfigured, PlatformDown, PlatformError, Throttled, Undeliverable
from domain.ids import MessageId, OrgId, PersonId
from domain.messages import Body, Call, Mail, Outgoing
from tests.contract.feishu_stub import SteppingClock, unknown_certificate

LETTER = Mail("一条复盘 48 小时没有回音", "平台组:王磊 → 李华。\n麻烦看一眼。\n.\n以点开头的一行")


class Postman:
    """Takes in mails, or refuses them at the step and with the code that a test puts in."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.receivers: list[str] = []
        self.refusals: dict[str, str] = {}

    async def handle_MAIL(self, _: SMTP, __: Session, envelope: Envelope, sender: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take in a sender."""
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return self.refusals.get("MAIL", "250 OK")

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, receiver: str, options: list[str]) -> str:  # noqa: N802 - aiosmtpd's name
        """Take in a receiver."""
        if "RCPT" in self.refusals:
            return self.refusals["RCPT"]
        envelope.rcpt_tos.append(receiver)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take in a mail."""
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.receivers += envelope.rcpt_tos
        return "250 OK"


class Conversation(SMTP):
    """One connection of a client, which a test can be sure has ended."""

    def __init__(self, postman: Postman, **options: Any) -> None:
        super().__init__(postman, **options)
        self.ended = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the connection is gone."""
        super().connection_lost(error)
        self.ended.set()

    async def end(self) -> None:
        """Hang up, if the client has not."""
        if self.transport is not None:
            self.transport.close()
            await self.ended.wait()


Start = Callable[..., Awaitable[MailSettings]]


@pytest.fixture
def postman() -> Postman:
    return Postman()


@pytest.fixture
async def start(postman: Postman) -> AsyncIterator[Start]:
    """A function that starts a server and returns the settings that lead to it."""
    conversations: list[Conversation] = []
    async with AsyncExitStack() as running:

        async def run(
            tls: TlsMode = TlsMode.NONE,
            user: str = "",
            password: str = "",
            listen_tls: ssl.SSLContext | None = None,
            **options: Any,
        ) -> MailSettings:
            def accept() -> Conversation:
                conversations.append(Conversation(postman, **options))
                return conversations[-1]

            # Not aiosmtpd's own controller: it must be told a port.
            loop = asyncio.get_running_loop()
            server = await loop.create_server(accept, "127.0.0.1", 0, ssl=listen_tls)
            await running.enter_async_context(server)
            port = server.sockets[0].getsockname()[1]
            return MailSettings("127.0.0.1", port, "复盘 <fupan@corp.example>", user, password, tls)

        yield run
        for conversation in conversations:
            await conversation.end()


def row(body: Body = LETTER, receiver: str = "hr@corp.example", call: Call = Call.MAIL) -> Outgoing:
    message_id = MessageId("0190f0f0f0f07000800000000000abcd")
    return Outgoing(OrgId("acme"), message_id, "mail", call, PersonId("p1"), receiver, body)


def mailer(mail_settings: MailSettings) -> SmtpMailer:
    clock = SteppingClock(datetime(2026, 11, 27, 8, 0, tzinfo=UTC))
    return SmtpMailer(mail_settings, clock, timeout=timedelta(seconds=5))


class TestLetters:
    async def test_a_mail_arrives_word_for_word(self, start: Start, postman: Postman) -> None:
        await mailer(await start()).deliver(row())
        (letter,) = postman.letters
        assert letter["Subject"] == LETTER.subject
        assert letter.get_content().replace("\r\n", "\n").rstrip("\n") == LETTER.text
        assert letter["From"].addresses[0].display_name == "复盘"
        assert letter["To"] == "hr@corp.example"
        assert letter["Date"].datetime == datetime(2026, 11, 27, 8, 0, tzinfo=UTC)
        assert letter["Auto-Submitted"] == "auto-generated"
        assert postman.receivers == ["hr@corp.example"]

    async def test_a_repetition_bears_the_same_id(self, start: Start, postman: Postman) -> None:
        sender = mailer(await start())
        ids = [await sender.deliver(row()), await sender.deliver(row())]
        assert ids == ["<0190f0f0f0f07000800000000000abcd@corp.example>"] * 2
        assert [letter["Message-ID"] for letter in postman.letters] == ids

    async def test_no_subject_can_add_a_header(self, start: Start, postman: Postman) -> None:
        subject = "您好\r\nBcc: victim@evil.example\n\tX: y\u2028z\x00"
        await mailer(await start()).deliver(row(Mail(subject, "x")))
        (letter,) = postman.letters
        assert letter["Bcc"] is None
        assert letter["Subject"] == "您好 Bcc: victim@evil.example X: y z"
        assert postman.receivers == ["hr@corp.example"]

    @pytest.mark.parametrize(
        "receiver",
        [
            "",
            "nobody",
            "a@",
            "@b",
            "a@b\r\nRCPT TO:<c@d>",
            "a@b, c@d",
            "a b@c",
            "<a@b>",
            "a@b>\x00",
            "张三@corp.example",
            "a@例子.cn",
        ],
    )
    async def test_what_is_no_address_is_never_written_to(self, start: Start, postman: Postman, receiver: str) -> None:
        with pytest.raises(Undeliverable):
            await mailer(await start()).deliver(row(receiver=receiver))
        assert postman.receivers == []

    @pytest.mark.parametrize(
        ("call", "body"), [(Call.TEXT, "x"), (Call.MAIL, "x"), (Call.CARD, Card(CardKey("a", "b"), "t", "s"))]
    )
    async def test_only_mails_are_sent(self, start: Start, postman: Postman, call: Call, body: Body) -> None:
        with pytest.raises(ContentRefused):
            await mailer(await start()).deliver(row(body, call=call))
        assert postman.letters == []

    def test_mail_has_no_cards_and_no_memory(self) -> None:
        abilities = mailer(MailSettings("localhost", 25, "a@b.example")).abilities
        assert not any((abilities.cards, abilities.forms, abilities.updates, abilities.mentions))
        assert abilities.idempotent_seconds == 0


class TestRefusals:
    @pytest.mark.parametrize(
        ("step", "reply", "error"),
        [
            ("RCPT", "550 5.1.1 no such user", Undeliverable),
            ("RCPT", "450 4.2.0 greylisted", Throttled),
            ("RCPT", "421 4.3.2 closing", PlatformDown),
            ("MAIL", "550 5.7.1 sender not allowed", Misconfigured),
            ("MAIL", "452 4.3.1 storage", Throttled),
            ("DATA", "554 5.6.0 looks like spam", ContentRefused),
            ("DATA", "451 4.3.0 try later", Throttled),
            ("DATA", "421 4.3.2 closing", PlatformDown),
        ],
    )
    async def test_a_refusal_is_raised_as_what_it_means(
        self, start: Start, postman: Postman, step: str, reply: str, error: type[PlatformError]
    ) -> None:
        postman.refusals[step] = reply
        with pytest.raises(error) as raised:
            await mailer(await start()).deliver(row())
        assert raised.value.code == reply[:3]
        assert reply[4:] not in str(raised.value)
        assert "hr@corp.example" not in str(raised.value)

    async def test_greylisting_is_waited_out(self, start: Start, postman: Postman) -> None:
        postman.refusals["RCPT"] = "450 greylisted"
        with pytest.raises(Throttled) as raised:
            await mailer(await start()).deliver(row())
        assert raised.value.retry_after >= timedelta(minutes=1)

    async def test_nobody_listening_is_a_server_that_is_down(self) -> None:
        with pytest.raises(PlatformDown) as raised:
            await mailer(MailSettings("127.0.0.1", 1, "a@b.example", tls=TlsMode.NONE)).deliver(row())
        assert raised.value.code == "unreachable"

    async def test_a_server_that_says_nothing_is_not_waited_for_without_end(self) -> None:
        ended = asyncio.Event()

        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await ended.wait()
            writer.close()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            sender = SmtpMailer(
                MailSettings("127.0.0.1", port, "a@b.example", tls=TlsMode.NONE),
                SteppingClock(),
                timedelta(milliseconds=50),
            )
            with pytest.raises(PlatformDown) as raised:
                await sender.deliver(row())
            ended.set()
        assert raised.value.code == "timeout"


def authenticator(_: SMTP, __: Session, ___: Envelope, ____: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data == LoginPassword(b"fupan", b"right"), handled=False)


LOGIN = {"authenticator": authenticator, "auth_required": True, "auth_require_tls": False}


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # the test's server, on the loopback
class TestLogin:
    async def test_the_right_password_opens(self, start: Start, postman: Postman) -> None:
        await mailer(await start(user="fupan", password="right", **LOGIN)).deliver(row())
        assert len(postman.letters) == 1

    async def test_a_wrong_password_is_a_wrong_setting_and_is_not_repeated(self, start: Start) -> None:
        with pytest.raises(Misconfigured) as raised:
            await mailer(await start(user="fupan", password="wr0ng", **LOGIN)).deliver(row())
        assert "mail.password" in raised.value.hint
        assert "wr0ng" not in str(raised.value)

    async def test_a_server_that_cannot_check_the_password_now_is_tried_again(self, start: Start) -> None:
        def busy(_: SMTP, __: Session, ___: Envelope, ____: str, _____: Any) -> AuthResult:
            return AuthResult(success=False, handled=False, message="454 4.7.0 busy")

        server = await start(user="fupan", password="right", **{**LOGIN, "authenticator": busy})
        with pytest.raises(PlatformDown) as raised:
            await mailer(server).deliver(row())
        assert raised.value.code == "454"

    async def test_a_login_that_is_wanted_but_not_configured_is_a_wrong_setting(self, start: Start) -> None:
        with pytest.raises(Misconfigured):
            await mailer(await start(**LOGIN)).deliver(row())

    async def test_a_login_that_the_server_does_not_offer_is_a_wrong_setting(self, start: Start) -> None:
        with pytest.raises(Misconfigured):
            await mailer(await start(user="fupan", password="right")).deliver(row())

    def test_printed_settings_show_no_password(self) -> None:
        assert "right" not in repr(MailSettings("h", 25, "a@b.example", "fupan", "right"))


class TestTls:
    async def test_a_server_without_starttls_gets_neither_password_nor_mail(
        self, start: Start, postman: Postman
    ) -> None:
        with pytest.raises(Misconfigured):
            await mailer(await start(TlsMode.STARTTLS, "fupan", "right")).deliver(row())
        assert postman.letters == []

    @pytest.mark.parametrize("tls", [TlsMode.STARTTLS, TlsMode.TLS])
    async def test_an_unknown_certificate_is_a_wrong_setting(
        self, start: Start, postman: Postman, tmp_path: Path, tls: TlsMode
    ) -> None:
        option = "tls_context" if tls is TlsMode.STARTTLS else "listen_tls"
        with pytest.raises(Misconfigured):
            await mailer(await start(tls, **{option: unknown_certificate(tmp_path)})).deliver(row())
        assert postman.letters == []

    async def test_tls_to_a_server_that_speaks_none_is_a_wrong_setting(self, start: Start) -> None:
        with pytest.raises(Misconfigured):
            await mailer(await start(TlsMode.TLS)).deliver(row())


class TestSettings:
    @pytest.mark.parametrize("sender", ["", "nobody", "复盘", "a@b\r\nBcc: c@d", "\x00@b"])
    def test_a_sender_that_is_no_address_does_not_start(self, sender: str) -> None:
        with pytest.raises(Misconfigured):
            MailSettings("localhost", 25, sender)

    @given(st.text())
    def test_whatever_is_taken_for_an_address_fits_into_one_line(self, spec: str) -> None:
        address = address_of(spec)
        assert address is None or str(address).isprintable()


@given(st.text(max_size=80), st.text(max_size=300))
def test_any_mail_can_be_written_down(subject: str, text: str) -> None:
    sender = MailSettings("localhost", 25, "a@b.example").sender_address()
    letter = compose(row(), Mail(subject, text), sender, datetime(2026, 11, 27, 8, 0, tzinfo=UTC))
    read = message_from_bytes(letter.as_bytes(), policy=default)
    assert read.keys() == letter.keys()
    assert read["To"] == "hr@corp.example"
