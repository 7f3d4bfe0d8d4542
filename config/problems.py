"""Answers for how a mistake in a configuration is told: where it is, what is wrong, and what would be right.

Operators read these on a terminal or in an editor's problem list, so each one is a single line that begins with
``file:line:``. No problem ever holds the value of a secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from domain.errors import FupanError

KeyPath = tuple[str | int, ...]
"""Where something stands in a document: keys of mappings and indexes of lists, from the top."""

_MOST_COMPARED = 2000
"""Words among which a near one is looked for; with many mistakes in a file of 100,000 people it would take minutes."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One mistake.

    Attributes:
        file: As the operator knows it; relative if the path given was.
        line: From 1; the key's own line where there is one, else that of what surrounds it.
        key: Dotted path ("overrides[0].cadences.weekly.when"), or empty for the file as a whole.
        message: What is wrong.
        allowed: What would be right, or empty where the message says it.
    """

    file: str
    line: int
    key: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        """Return ``file:line: key: what is wrong; allowed: what is allowed``."""
        key = f"{self.key}: " if self.key else ""
        allowed = f"; allowed: {self.allowed}" if self.allowed else ""
        return f"{self.file}:{self.line}: {key}{self.message}{allowed}"


class ConfigErrors(FupanError):
    """A configuration cannot be used; every problem found is in it, in the order of file and line.

    Attributes:
        errors: At least one.
        files: Which files were read or looked for, as far as that is known; an edit of one may mend it.
    """

    def __init__(self, errors: Iterable[ConfigProblem], files: Iterable[Path] = ()) -> None:
        self.files = frozenset(files)
        found = dict.fromkeys(errors)
        self.errors: tuple[ConfigProblem, ...] = tuple(sorted(found, key=lambda each: (each.file, each.line, each.key)))
        super().__init__("\n".join(map(str, self.errors)))


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake whose place is known by its path but not yet by its line."""

    path: KeyPath
    message: str
    allowed: str = ""

    def under(self, *parent: str | int) -> Finding:
        """Return the same finding with its path counted from further up."""
        return Finding((*parent, *self.path), self.message, self.allowed)


def dotted(path: KeyPath) -> str:
    """Return a path as operators write it: ``overrides[0].cadences.weekly``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def near(word: str, known: Iterable[str]) -> str:
    """Return "; did you mean 'x'?" for the nearest known words, or nothing if none is near or there are too many."""
    by_folded = {each.casefold(): each for each in known}
    if len(by_folded) > _MOST_COMPARED:
        return ""
    found = [by_folded[each] for each in get_close_matches(word.casefold(), list(by_folded), n=3, cutoff=0.6)]
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else ""
