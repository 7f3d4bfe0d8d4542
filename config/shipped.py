"""Answers for what comes with the product: defaults and presets, read from the YAML files beside this module."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from config.practice_schema import LadderPart, PresetPart, QuestionnairePart
from config.problems import ConfigErrors
from config.schema import PracticesPart
from config.validation import validate
from config.yaml_source import read_source

DEFAULTS = Path(__file__).parent / "defaults" / "practices.yaml"
PRESETS = Path(__file__).parent / "presets"

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


@lru_cache(maxsize=1)
def shipped() -> Shipped:
    """Read what is shipped, once a process.

    Raises:
        ConfigErrors: A shipped file is broken.
    """
    presets = {path.stem: read_shipped(path, PresetPart) for path in sorted(PRESETS.glob("*.yaml"))}
    return Shipped(read_shipped(DEFAULTS, PracticesPart), presets)


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
