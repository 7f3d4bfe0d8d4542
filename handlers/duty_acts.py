"""The ways out that every reminder offers: later, already handled, a normal adjustment."""

from __future__ import annotations

from domain.cards import Answer, Toast, ToastKind
from domain.duties import Duty, snooze
from domain.people import Person
from handlers.context import Context

WAIVERS = frozenset({"handled", "normal"})
"""Actions by which a human declares that nothing is owed; each is also the catalogue word of the reason kept."""


def snooze_open(ctx: Context, actor: Person, duty: Duty) -> Answer:
    """Remind of an open duty once more this evening, or tomorrow morning when it is late; the ladder climbs on."""
    until = ctx.evening(actor)
    later = snooze(duty, until)
    if later != duty:  # a second press of the same button changes nothing
        ctx.keep(later)
        ctx.store.history.note("duty.snoozed", duty.duty_id, actor.person_id, ctx.now, {"until": until.isoformat()})
    speaker = ctx.speaker(actor)
    values = {"at": speaker.when(until), "name": ctx.person(duty.debtor_id).name}
    # A deputy who asks for it does so for whoever owes it, and hears it again only if they are away then.
    key = "duty.toast.later" if actor.person_id == duty.debtor_id else "duty.toast.later_for"
    return Answer(Toast(ToastKind.SUCCESS, speaker.say(key, values)))
