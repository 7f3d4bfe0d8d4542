"""What became of the last edit of the demo's configuration."""

from datetime import timedelta
from pathlib import Path

from bot.edits import Edits
from config.loader import Loaded
from config.problems import ConfigErrors, ConfigProblem
from tests.builders import FRIDAY

FILE = Path("var/demo/fupan.yaml")
WRONG = ConfigErrors([ConfigProblem(str(FILE), 12, "colour", "unknown key"), ConfigProblem(str(FILE), 9, "", "odd")])
RIGHT = Loaded((), "")


class Told:
    """Counts what listeners hear."""

    def __init__(self) -> None:
        self.now = FRIDAY
        self.heard = 0
        self.edits = Edits(FILE, lambda: self.now)
        self.edits.on_change(self._hear)

    def _hear(self) -> None:
        self.heard += 1


def test_what_was_read_at_the_start_is_in_force() -> None:
    assert Told().edits.latest() == {"file": str(FILE), "at": "2026-11-27T08:00:00+00:00", "problems": []}


def test_a_refused_edit_is_told_with_every_line_and_its_time() -> None:
    told = Told()
    told.now += timedelta(hours=1)
    told.edits.heard(WRONG)
    assert told.edits.latest()["problems"] == [f"{FILE}:9: odd", f"{FILE}:12: colour: unknown key"]
    assert told.edits.latest()["at"] == "2026-11-27T09:00:00+00:00"
    assert told.heard == 1


def test_a_right_edit_takes_the_mistakes_back() -> None:
    told = Told()
    told.edits.heard(WRONG)
    told.edits.heard(RIGHT)
    assert told.edits.latest()["problems"] == []
    assert told.heard == 2
