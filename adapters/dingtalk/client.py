"""Sends to DingTalk what the outbox holds: interactive cards where a template exists, words where none does.

A template that stops working is no reason to be silent: cards are then said in words for an hour, and an admin is told
once. Limits: dingtalk.md 4.2, 7 and 11, read 2026-11-22.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from adapters.dingtalk.api import DingTalkApi
from adapters.dingtalk.buttons import reference
from adapters.dingtalk.cards import Cards, NotShown, documented
from adapters.dingtalk.errors import INVALID_PARAMETER, TEMPLATE_CODES
from adapters.dingtalk.probing import probes
from adapters.dingtalk.render import Words, card_message, template_for, text_message
from adapters.dingtalk.robot import MOST_RECEIVERS, SEPARATOR, say
from adapters.dingtalk.settings import DingTalkSettings
from adapters.dingtalk.verify import click_secret
from adapters.http import HttpSession
from domain.cards import Card
from domain.errors import ContentRefused, Misconfigured, PlatformError, TargetGone
from domain.messages import Call, Outgoing
from domain.ports import Abilities, Clock, Platform, Probe, Tally

WORDS_FOR = timedelta(hours=1)
"""How long cards are said in words after a template failed."""

_UPDATE_DAYS = 90  # no end is documented (dingtalk.md 7.3); a platform without one still must not be relied upon
_MOST_NOT_SHOWN = 1000


def abilities_of(settings: DingTalkSettings) -> Abilities:
    """Return what DingTalk can do for an app with these templates.

    Per app and API 20 calls a second are allowed, and 10 in the long run advised; how many one person takes is not
    published. Nothing recognises a repeated message, and a repeated card does not make it safe to hurry.
    """
    shows_cards = bool(settings.card_template)
    return Abilities(
        cards=shows_cards,
        forms=bool(settings.form_template),
        updates=shows_cards,
        update_days=_UPDATE_DAYS,
        mentions=False,
        calls_per_minute=600,
        calls_per_second=15,
        per_receiver_per_second=1,
        idempotent_seconds=0,
        text_limit=3000,
        batch=MOST_RECEIVERS,
        batch_cards=1 if shows_cards else MOST_RECEIVERS,
    )


class DingTalkClient(Platform):
    """One app of one organisation.

    Args:
        settings: Which app.
        http: Connections.
        clock: Tells when a token ends.
        tally: Counts what uses up the month's allowance.
        alert: Told once when a card template does not work.
        api: The server API, if it is shared with a directory; one of our own otherwise.
    """

    def __init__(
        self,
        settings: DingTalkSettings,
        http: HttpSession,
        clock: Clock,
        tally: Tally,
        alert: Callable[[PlatformError], None],
        api: DingTalkApi | None = None,
    ) -> None:
        self._settings = settings
        self._http = http
        self._clock = clock
        self._alert = alert
        self._api = api if api is not None else DingTalkApi(settings, http, clock, tally)
        self._cards = Cards(self._api, settings)
        self._abilities = abilities_of(settings)
        self._words_until: datetime | None = None
        self._alerted: set[str] = set()
        self._not_shown: deque[str] = deque(maxlen=_MOST_NOT_SHOWN)

    @property
    def abilities(self) -> Abilities:
        """What DingTalk can do for this app."""
        return self._abilities

    async def deliver(self, message: Outgoing) -> str:
        """Send a card or a text to a person's private chat, or give a sent card a new face.

        Returns:
            The card's id, or key and receiver of a message in words; an empty string for an update.

        Raises:
            PlatformError: As its subclasses say.
        """
        if message.call is Call.UPDATE:
            return await self._update(message)
        if message.call is Call.CARD and isinstance(message.body, Card):
            return await self._send_card(message, message.body)
        return await self._say_to_one(message)

    async def deliver_batch(self, messages: Sequence[Outgoing]) -> Sequence[str | PlatformError]:
        """Send several rows; what reads alike and is said in words is one call for up to twenty people.

        A label in it carries no reference, since each row has another: it is then understood of the newest card.

        Returns:
            For each, in order: as `deliver`, or why this one did not get it.

        Raises:
            PlatformError: Nobody got it.
        """
        results: dict[int, str | PlatformError] = {}
        groups: dict[tuple[Words, int], list[int]] = {}
        for place, message in enumerate(messages):
            words = self._words_for_many(message)
            if words is None:
                results[place] = await self._delivered(message)
            else:
                groups.setdefault((words, message.attempts), []).append(place)
        for (words, attempts), places in groups.items():
            results |= await self._say_to_group(messages, places, words, attempts)
        return [results[place] for place in range(len(messages))]

    async def show(self, out_track_id: str, card: Card) -> None:
        """Give a card a new face now, for a click whose answer came too late for the platform.

        Raises:
            PlatformError: As its subclasses say.
        """
        await self._cards.show(out_track_id, card)

    async def register_address(self, url: str) -> None:
        """Tell the platform where clicks go, once at the start, for an app whose callbacks come over HTTP.

        Raises:
            PlatformError: As its subclasses say.
        """
        await self._cards.register_address(url, click_secret(self._settings))

    async def probe(self) -> list[Probe]:
        """Try what the app needs, one after the other; nothing is changed and nobody is written to."""
        return await probes(self._settings, self._http, self._api, self._clock.now())

    async def _update(self, message: Outgoing) -> str:
        if not isinstance(message.body, Card) or not message.target:
            raise _mismatch(message)
        if SEPARATOR in message.target:
            raise TargetGone("words", "what was said in words cannot be changed")
        await self._cards.show(message.target, message.body, message.attempts)
        return ""

    async def _send_card(self, message: Outgoing, card: Card) -> str:
        template = template_for(card, self._settings)
        if template is None or self._words_only(message):
            return await self._say_to_one(message)
        try:
            return await self._cards.send(message, card, template)
        except NotShown as not_shown:
            # Made, so that the next try would be taken for a repetition of something that arrived.
            self._not_shown.append(message.message_id)
            # Whoever cannot be written to at all is no fault of the card, and raises here.
            receipt = await self._say_to_one(message)
            self._report(Misconfigured("card-not-shown", f"the platform made a card but shows it not: {not_shown}"))
            return receipt
        except ContentRefused as refused:
            if refused.code != INVALID_PARAMETER or template_for(card, documented(self._settings)) is template:
                raise
            self._report(Misconfigured("card-too-long", "long cards are refused: they are said in words instead"))
        except Misconfigured as error:
            if error.code not in TEMPLATE_CODES:
                raise
            self._words_until = self._clock.now() + WORDS_FOR
            self._report(error)
        return await self._say_to_one(message)

    def _words_only(self, message: Outgoing) -> bool:
        return message.message_id in self._not_shown or (
            self._words_until is not None and self._clock.now() < self._words_until
        )

    def _report(self, error: PlatformError) -> None:
        if error.code not in self._alerted:
            self._alerted.add(error.code)
            self._alert(error)

    async def _say_to_one(self, message: Outgoing) -> str:
        words = self._words(message, reference(message.message_id))
        (result,) = await say(self._api, self._settings.client_id, [message.receiver], words, message.attempts)
        if isinstance(result, PlatformError):
            raise result
        return result

    def _words(self, message: Outgoing, sent_reference: str) -> Words:
        match message.call, message.body:
            case Call.CARD, Card() as card:
                return card_message(card, self._settings.labels, sent_reference)
            case Call.TEXT, str() as text:
                return text_message(text)
        raise _mismatch(message)

    def _words_for_many(self, message: Outgoing) -> Words | None:
        """Return what a row says in words to many at once, or `None` if it is a call of its own."""
        try:
            if message.call is Call.CARD and isinstance(message.body, Card):
                if template_for(message.body, self._settings) is not None and not self._words_only(message):
                    return None
            return self._words(message, "")
        except ContentRefused:
            return None

    async def _delivered(self, message: Outgoing) -> str | PlatformError:
        try:
            return await self.deliver(message)
        except PlatformError as error:
            return error

    async def _say_to_group(
        self, messages: Sequence[Outgoing], places: Sequence[int], words: Words, attempts: int
    ) -> dict[int, str | PlatformError]:
        if len(places) == 1:
            return {places[0]: await self._delivered(messages[places[0]])}
        receivers = list(dict.fromkeys(messages[place].receiver for place in places))
        try:
            results = await say(self._api, self._settings.client_id, receivers, words, attempts)
            said = dict(zip(receivers, results, strict=True))
        except PlatformError as error:
            said = dict.fromkeys(receivers, error)
        return {place: said[messages[place].receiver] for place in places}


def _mismatch(message: Outgoing) -> ContentRefused:
    return ContentRefused("mismatch", f"a {message.call} row that holds a {type(message.body).__name__}")
