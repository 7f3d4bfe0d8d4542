"""Whether the mail server takes our mail: connection, greeting, TLS, login and sender; nothing is sent."""

from __future__ import annotations

from datetime import timedelta

import aiosmtplib

from adapters.mail.errors import mail_error
from adapters.mail.settings import MailSettings, TlsMode
from bot.commands.probing.findings import broken, fine
from domain.ports import Probe

NAME = "mail.server"
TIMEOUT = timedelta(seconds=10)
"""For each step of the conversation."""

_SENDER_FIX = "the server does not take mail from this address; look at mail.from and mail.user"
_FALLBACK_FIX = "look at mail.host and mail.port, and whether this machine may reach the server"


async def probe_mail(settings: MailSettings, patience: timedelta = TIMEOUT) -> Probe:
    """Connect, greet, log in where a user is configured, and begin a mail that is taken back before it has a reader."""
    server = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        username=settings.user or None,
        password=settings.password or None,
        use_tls=settings.tls is TlsMode.TLS,
        start_tls=settings.tls is TlsMode.STARTTLS,
        timeout=patience.total_seconds(),
        local_hostname=settings.sender_address().domain,
    )
    try:
        async with server:
            greeting = await server.ehlo()
            await server.mail(settings.sender)
            await server.rset()
    except aiosmtplib.SMTPSenderRefused as error:
        return broken(NAME, f"{settings.host}:{settings.port}: {error.code} to {settings.sender}", _SENDER_FIX)
    except (aiosmtplib.SMTPException, OSError) as error:
        refused = mail_error(error)
        fix = refused.hint if "look at" in refused.hint else _FALLBACK_FIX
        return broken(NAME, f"{settings.host}:{settings.port}: {type(refused).__name__} {refused.code}", fix)
    who = f"logged in as {settings.user}" if settings.user else "without login"
    return fine(NAME, f"{settings.host}:{settings.port} answers {greeting.code}, {who}, TLS {settings.tls.value}")
