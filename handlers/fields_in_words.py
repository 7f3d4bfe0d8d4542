"""A card's fields as questions in words, and a click as one message."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from domain.cards import Answer, Button, Card, CardKey, ChoiceField, Field, Paragraph
from domain.events import FormValue
from domain.messages import Body
from domain.people import Person
from domain.questionnaire import AnswerOption, Answers, Question, QuestionKind, Questionnaire
from handlers.asking import NO, SURE, YES, Asking, opened
from handlers.context import Context, Speaker

Press = Callable[[CardKey, str, Mapping[str, FormValue]], Answer]
"""Presses a button of a card in the writer's name, by its action and with a form; returns what a click is answered."""

_WHICH = "#which"


def what_is_asked(face: Card, action: str) -> Card:
    """Return a card without what is only to be read, and without fields if the button does not send them along."""
    pressed = next((button for button in face.buttons if button.action == action), None)
    fields = face.fields if pressed is None or pressed.submits else ()
    return replace(face, summary="", blocks=(), fields=fields)


def about_card(ctx: Context, actor: Person, card: Card, action: str, press: Press) -> Asking:
    """Return what a card asks, field by field, then which button is meant if that is open, then whether they are sure.

    Args:
        ctx: The world.
        actor: Who is asked.
        card: As `what_is_asked` returns it.
        action: The button that is pressed in the end; empty if it is to be chosen among those that submit.
        press: Presses it.
    """
    speaker = ctx.speaker(actor)

    def finish(answers: Answers) -> Body:
        if NO in (answers.get(name) for name in answers if name.startswith(SURE)):
            return speaker.say("typed.not_done")
        form = {name: value for name, value in answers.items() if not name.startswith("#")}
        return told(speaker, press(card.key, action or str(answers[_WHICH]), form))

    conversation = replace(opened(ctx, actor, card.key, {}), action=action, card=card)
    kept = {field.name: _initial(field) for field in card.fields if field.initial}
    return Asking(conversation, _questionnaire(speaker, card, action), kept, finish, card.title)


def _questionnaire(speaker: Speaker, card: Card, action: str) -> Questionnaire:
    questions = [_question_of(field) for field in card.fields]
    meant = [button for button in card.buttons if (button.action == action if action else button.submits)]
    if not action:
        options = tuple(AnswerOption(button.action, button.label) for button in meant)
        questions.append(Question(_WHICH, speaker.say("typed.which"), QuestionKind.CHOICE, options))
    questions += [_sure(speaker, button, asked=not action) for button in meant if button.confirm is not None]
    return Questionnaire(card.key.kind, card.title, tuple(questions))


def _question_of(field: Field) -> Question:
    if not isinstance(field, ChoiceField):
        return Question(field.name, field.label, required=field.required, max_length=field.max_length)
    kind = QuestionKind.CHOICES if field.multiple else QuestionKind.CHOICE
    options = tuple(AnswerOption(option.value, option.label) for option in field.options)
    return Question(field.name, field.label, kind, options, field.required)


def _initial(field: Field) -> str | tuple[str, ...]:
    if isinstance(field, ChoiceField) and not field.multiple:
        return field.initial[0]
    return field.initial


def _sure(speaker: Speaker, button: Button, *, asked: bool) -> Question:
    options = (AnswerOption(YES, speaker.say("typed.yes")), AnswerOption(NO, speaker.say("typed.no")))
    only_if = (_WHICH, (button.action,)) if asked else None
    name = f"{SURE}:{button.action}"
    return Question(name, button.confirm or "", QuestionKind.CHOICE, options, only_if=only_if)


def told(speaker: Speaker, answer: Answer) -> Body:
    """Return what a click was answered as one message: the card with its sentence at the top, or the sentence alone."""
    if answer.card is None:
        return answer.toast.text if answer.toast else speaker.say("typed.done")
    if answer.toast is None:
        return answer.card
    return replace(answer.card, blocks=(Paragraph(answer.toast.text), *answer.card.blocks))
