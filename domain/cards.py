"""The neutral card: what we show, before a platform decides how.

Strings in a card are already in the reader's language. People's own words go only into `Quote`, `Facts` or a field's
`initial`, which every adapter renders as plain text, so that nothing typed by one person becomes markup for another.
The constant `kind` of blocks and fields tells them apart when a card comes back from the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Tone(StrEnum):
    """What a card asks of its reader; adapters map it to a colour and always also to words (`Card.tag`)."""

    ASK = "ask"
    REMIND = "remind"
    GOOD = "good"
    CALM = "calm"
    DONE = "done"


class Style(StrEnum):
    """How strongly a button invites."""

    MAIN = "main"
    PLAIN = "plain"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class CardKey:
    """What a card is about; every click brings it back, and the store is asked anew.

    Attributes:
        kind: The handler's name for this sort of card, such as "checkin".
        subject: Id of the thing the card shows, unique within the kind.
    """

    kind: str
    subject: str

    def __post_init__(self) -> None:
        if not self.kind or ":" in self.kind:
            raise ValueError(f"a card's kind is a word without a colon, not {self.kind!r}")

    def pack(self) -> str:
        """Return the key as one string that fits into a button."""
        return f"{self.kind}:{self.subject}"

    @classmethod
    def unpack(cls, packed: str) -> CardKey | None:
        """Return the key of a packed string, or `None` if it is not one of ours."""
        kind, colon, subject = packed.partition(":")
        return cls(kind, subject) if colon and kind and subject else None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Our own sentence; `small` for side remarks."""

    text: str
    small: bool = False
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Mention:
    """Calls the card's reader by name in the platform's way (@), followed by our sentence."""

    name: str
    text: str
    kind: Literal["mention"] = "mention"


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody's own words under a heading of ours."""

    heading: str
    text: str
    kind: Literal["quote"] = "quote"


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of label and value, shown as rows."""

    rows: tuple[tuple[str, str], ...]
    kind: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between parts."""

    kind: Literal["divider"] = "divider"


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of numbers of a `Chart`, one number a label."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A small bar chart; platforms without charts show the numbers in words.

    Attributes:
        title: Says what is measured, with its unit.
        labels: One a group of bars.
        series: Each with as many values as there are labels.
    """

    title: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: Literal["chart"] = "chart"


Block = Paragraph | Mention | Quote | Facts | Divider | Chart


@dataclass(frozen=True, slots=True)
class Option:
    """One choice: `value` comes back, `label` is shown."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """One of, or with `multiple` any of, the options. A scale is a choice whose values are numbers."""

    name: str
    label: str
    options: tuple[Option, ...]
    required: bool = True
    multiple: bool = False
    initial: tuple[str, ...] = ()
    placeholder: str = ""
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True, slots=True)
class TextField:
    """Free text of at most `max_length` characters (Feishu takes no more than 1,000)."""

    name: str
    label: str
    required: bool = True
    multiline: bool = True
    max_length: int = 1000
    initial: str = ""
    placeholder: str = ""
    kind: Literal["text"] = "text"


Field = ChoiceField | TextField


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press.

    Attributes:
        action: The handler's name for the act; comes back with the click.
        label: Says the act ("提交复盘"), never "确定".
        style: How strongly it invites.
        submits: Sends the card's fields along; required fields must then be filled.
        confirm: A question to answer before the click counts, or `None`.
    """

    action: str
    label: str
    style: Style = Style.PLAIN
    submits: bool = False
    confirm: str | None = None


IN_WORDS = "in_words"
"""The action of the button that an adapter draws in place of fields which its platform cannot show: whoever presses it
is asked the card's fields one by one in the chat."""


@dataclass(frozen=True, slots=True)
class Card:
    """One screen with one thing to do.

    Attributes:
        key: What it is about.
        title: At most about 12 Chinese characters.
        summary: One line for the chat list and the phone's lock screen.
        tone: What it asks of the reader.
        tag: The present state in words ("待填写"), or empty.
        blocks: What is to be read, in order.
        fields: What is to be filled in; shown after the blocks.
        buttons: Shown last.
    """

    key: CardKey
    title: str
    summary: str
    tone: Tone = Tone.CALM
    tag: str = ""
    blocks: tuple[Block, ...] = ()
    fields: tuple[Field, ...] = ()
    buttons: tuple[Button, ...] = ()


class ToastKind(StrEnum):
    """The mood of the short sentence that a click leaves behind."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Toast:
    """The sentence a click always gets."""

    kind: ToastKind
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the platform is told in the answer to its callback.

    Attributes:
        toast: The sentence for whoever clicked, or for a stranger who wrote; `None` for all else.
        card: The new face of the clicked card; `None` leaves it, and what was typed into it, alone.
    """

    toast: Toast | None = None
    card: Card | None = None
