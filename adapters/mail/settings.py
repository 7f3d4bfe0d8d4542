"""What is to be known of a mail server."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from enum import StrEnum

from domain.errors import Misconfigured


class TlsMode(StrEnum):
    """How the connection is protected."""

    NONE = "none"
    """Not at all: for a relay on the same machine or network."""
    STARTTLS = "starttls"
    """Begins in the clear and must be upgraded; usual on port 587."""
    TLS = "tls"
    """Protected from the first byte; usual on port 465."""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """One mail server. Printing it shows no password.

    Attributes:
        host: Its name.
        port: Its port.
        sender: Whom mails come from: "fupan@example.com" or "复盘 <fupan@example.com>".
        user: For logging in; empty if the server wants nobody to.
        password: For logging in.
        tls: How the connection is protected.

    Raises:
        Misconfigured: The sender is no address.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)
    tls: TlsMode = TlsMode.STARTTLS

    def __post_init__(self) -> None:
        self.sender_address()

    def sender_address(self) -> Address:
        """Return the sender taken apart.

        Raises:
            Misconfigured: It is no address.
        """
        name, spec = parseaddr(self.sender)
        address = address_of(spec, name)
        if address is None or not self.sender.isprintable():
            raise Misconfigured("sender", "mail.sender is not a mail address")
        return address


def address_of(spec: str, name: str = "") -> Address | None:
    """Return an address taken apart, or `None` if it is none that every mail server takes, or that has line breaks."""
    if not (spec.isascii() and spec.isprintable() and name.isprintable()):
        return None
    try:
        address = Address(name, addr_spec=spec)
    except (ValueError, IndexError, MessageError):  # the standard library's parser raises all three
        return None
    return address if address.username and address.domain else None
