"""What a mail server's refusals mean for us.

Reply codes: RFC 5321 section 4.2.3, RFC 4954 section 6 and RFC 3463, read 2026-11-22.
"""

from __future__ import annotations

import ssl
from datetime import timedelta

import aiosmtplib

from domain.errors import ContentRefused, Misconfigured, PlatformDown, PlatformError, Throttled, Undeliverable

RETRY_AFTER = timedelta(minutes=5)
"""Greylisting servers accept a mail that is tried again after some minutes (RFC 6647 section 4)."""

_CLOSING = 421
_BAD_MAILBOX_SYNTAX = frozenset({500, 501, 502, 503, 504})


def mail_error(error: Exception) -> PlatformError:
    """Return the error in our tree; the server's own words are left out, for they may quote the mail.

    Args:
        error: What `aiosmtplib`, `ssl` or the system raised.
    """
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused) and error.recipients:
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPConnectError) and isinstance(error.__cause__, ssl.SSLError):
        error = error.__cause__
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return _refused_login(error.code)
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _by_reply(error)
    # The bare class stands for a server that offers no STARTTLS or no login.
    if isinstance(error, aiosmtplib.SMTPNotSupported) or type(error) is aiosmtplib.SMTPException:
        return Misconfigured("not-supported", "the server lacks what is configured; look at mail.tls and mail.user")
    if isinstance(error, ssl.SSLCertVerificationError):
        return Misconfigured("certificate", "the mail server's TLS certificate is not trusted; look at mail.host")
    if isinstance(error, ssl.SSLError):
        return Misconfigured("tls", "the server does not speak TLS this way; look at mail.tls and mail.port")
    return PlatformDown(_transport_name(error), type(error).__name__)


def _refused_login(code: int) -> PlatformError:
    if code // 100 == 4:
        return PlatformDown(str(code), "the server cannot check the login now")
    return Misconfigured(str(code), "the mail server refuses the login; look at mail.user and mail.password")


def _by_reply(error: aiosmtplib.SMTPResponseException) -> PlatformError:
    code = error.code
    if code == _CLOSING or not 400 <= code < 600:
        return PlatformDown(str(code), "the mail server hangs up")
    if code < 500:
        return Throttled(str(code), RETRY_AFTER)
    if isinstance(error, aiosmtplib.SMTPRecipientRefused):
        return Undeliverable(str(code), "the mail server refuses the address")
    if isinstance(error, aiosmtplib.SMTPDataError):
        return ContentRefused(str(code), "the mail server refuses the mail")
    return Misconfigured(str(code), "the mail server refuses us; look at mail.sender and mail.user")


def _transport_name(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timeout"
    return "unreachable" if isinstance(error, aiosmtplib.SMTPConnectError | OSError) else "connection"
