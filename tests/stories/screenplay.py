"""Reads stories: one YAML entry a story, one line a step.

A step is either about time or about somebody. Days and times are the company's:

    until Fri 16:00          time passes until the next such moment
    +24h, +30m, +3d          time passes
    restart                  the process ends and another one begins on the same files
    lihua: on leave until 2026-12-02 …    everything after a person's id and a colon is what they do or see

What people do: ``answers``, ``answers again``, ``answers by typing``, ``presses LABEL``, ``presses LABEL on TITLE``,
``presses LABEL twice``, ``types TEXT``, ``replies to NAME: TEXT``, ``fills VALUE | VALUE``.
What people see: ``sees TEXT``, ``sees no TEXT``, ``hears N messages`` (from the bot, in all), ``has mail with TEXT``,
``has no mail``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "told"

PRESETS = ("review", "micro")


@dataclass(frozen=True, slots=True)
class Step:
    """One line.

    Attributes:
        who: A person's id, empty for time.
        words: What is done or seen.
    """

    who: str
    words: str

    def __str__(self) -> str:
        return f"{self.who}: {self.words}" if self.who else self.words


@dataclass(frozen=True, slots=True)
class Story:
    """What happens.

    Attributes:
        name: Says what is shown.
        steps: In order.
        presets: Under which it is lived.
        settings: Added to the configuration's text.
    """

    name: str
    steps: tuple[Step, ...]
    presets: tuple[str, ...] = PRESETS
    settings: str = ""


def stories() -> Sequence[Story]:
    """Return every story that is told."""
    chapters = (yaml.safe_load(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.yaml")))
    return [_story(entry) for chapter in chapters for entry in chapter]


def _story(entry: dict[str, object]) -> Story:
    lines = [line.strip() for line in str(entry["steps"]).splitlines() if line.strip()]
    presets = entry.get("presets", list(PRESETS))
    assert isinstance(presets, list)
    return Story(str(entry["name"]), tuple(map(_step, lines)), tuple(presets), str(entry.get("settings", "")))


def _step(line: str) -> Step:
    who, colon, words = line.partition(": ")
    return Step(who, words.strip()) if colon and who.isascii() and " " not in who else Step("", line)
