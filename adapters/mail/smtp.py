"""Sends mails by SMTP, one connection a mail: they are few, and servers close idle connections at will."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import aiosmtplib

from adapters.mail.errors import mail_error
from adapters.mail.settings import MailSettings, TlsMode, address_of
from domain.errors import ContentRefused, Undeliverable
from domain.messages import Call, Mail, Outgoing
from domain.ports import Abilities, Clock, Platform

TIMEOUT = timedelta(seconds=10)
"""For each step of the conversation."""

ABILITIES = Abilities(
    cards=False,
    forms=False,
    updates=False,
    update_days=0,
    mentions=False,
    calls_per_minute=300,
    calls_per_second=10,
    per_receiver_per_second=1,
    idempotent_seconds=0,
    text_limit=100_000,
)
"""Paces that company servers bear; none is standardised. A repeated mail is recognised by clients that compare
Message-IDs, but by no server, hence no idempotency."""

_LONGEST_SUBJECT = 200


class SmtpMailer(Platform):
    """The mail server of one organisation.

    Args:
        settings: Which server.
        clock: Dates the mails.
        timeout: For each step of the conversation.
    """

    def __init__(self, settings: MailSettings, clock: Clock, timeout: timedelta = TIMEOUT) -> None:
        self._settings = settings
        self._clock = clock
        self._timeout = timeout

    @property
    def abilities(self) -> Abilities:
        """What mail can do."""
        return ABILITIES

    async def deliver(self, message: Outgoing) -> str:
        """Send one mail.

        Returns:
            Its Message-ID, made of ours, so that a repetition bears the same.

        Raises:
            PlatformError: As its subclasses say.
        """
        if message.call is not Call.MAIL or not isinstance(message.body, Mail):
            raise ContentRefused("mismatch", f"a {message.call} row that holds a {type(message.body).__name__}")
        sender = self._settings.sender_address()
        letter = compose(message, message.body, sender, self._clock.now())
        tls = self._settings.tls
        try:
            await aiosmtplib.send(
                letter,
                hostname=self._settings.host,
                port=self._settings.port,
                username=self._settings.user or None,
                password=self._settings.password or None,
                use_tls=tls is TlsMode.TLS,
                start_tls=tls is TlsMode.STARTTLS,
                timeout=self._timeout.total_seconds(),
                # Asking the system for our own name may block for seconds where there is no name service.
                local_hostname=sender.domain,
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise mail_error(error) from None  # foreign texts quote addresses and answers
        return str(letter["Message-ID"])


def compose(message: Outgoing, mail: Mail, sender: Address, now: datetime) -> EmailMessage:
    """Return a mail ready to be sent: the text as it is, below headers that hold nothing but what they should.

    Args:
        message: Who gets it, and under which id.
        mail: What is said.
        sender: Whom it comes from.
        now: Its date.

    Raises:
        Undeliverable: The receiver is no address.
    """
    receiver = address_of(message.receiver)
    if receiver is None:
        raise Undeliverable("address", "this is not a mail address")
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = receiver
    letter["Subject"] = _one_line(mail.subject)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message.message_id}@{sender.domain}>"
    letter["Auto-Submitted"] = "auto-generated"  # keeps absence notes from answering (RFC 3834)
    letter.set_content(mail.text)
    return letter


def _one_line(subject: str) -> str:
    """Return the subject as one line: a line break in it would begin a header of the sender's choosing."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())[:_LONGEST_SUBJECT]
