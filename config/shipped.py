"""Answers for what comes with the product: defaults and presets, read from the YAML files beside this module.

Each language has files of its own, whole: what people read is written for them and not put together. A test holds them
to the same names, schedules, kinds and values, so that answers mean the same whatever language they were asked in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from config.practice_schema import LadderPart, PresetPart, QuestionnairePart
from config.problems import ConfigErrors
from config.schema import Locale, PracticesPart
from config.validation import validate
from config.yaml_source import read_source

FOLDER = Path(__file__).parent

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Shipped:
    """Defaults and presets.

    Attributes:
        defaults: What holds where an organisation says nothing.
        presets: By name.
    """

    defaults: PracticesPart
    presets: dict[str, PresetPart]

    @property
    def ladders(self) -> dict[str, LadderPart]:
        """All shipped ladders by name."""
        return {**self.defaults.ladders, **{k: v for each in self.presets.values() for k, v in each.ladders.items()}}

    @property
    def questionnaires(self) -> dict[str, QuestionnairePart]:
        """All shipped questionnaires by name."""
        of_presets = {k: v for each in self.presets.values() for k, v in each.questionnaires.items()}
        return {**self.defaults.questionnaires, **of_presets}


@cache
def shipped(locale: Locale) -> Shipped:
    """Read what is shipped in a language, once a process.

    Raises:
        ConfigErrors: A shipped file is broken.
    """
    presets = {path.stem: read_shipped(path, PresetPart) for path in preset_files(locale)}
    return Shipped(read_shipped(defaults_file(locale), PracticesPart), presets)


def defaults_file(locale: Locale) -> Path:
    """Return what holds where an organisation of that language says nothing."""
    return FOLDER / "defaults" / f"{locale}.yaml"


def preset_files(locale: Locale) -> list[Path]:
    """Return the presets in a language, in the order of their names."""
    return sorted((FOLDER / "presets" / locale).glob("*.yaml"))


def read_shipped(path: Path, model: type[Model]) -> Model:
    """Read one shipped file.

    Raises:
        ConfigErrors: It is broken.
    """
    source = read_source(path)
    validated = validate(model, source.content)
    if validated.model is None or validated.findings or source.problems:
        raise ConfigErrors([*source.problems, *map(source.problem, validated.findings)])
    return validated.model
