"""Answers for reading a configuration: one file, or a folder with one file for each organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.organisation import LoadedOrg, read_organisation
from config.problems import ConfigErrors, ConfigProblem, Finding
from config.yaml_source import digest_of, read_source

SUFFIXES = frozenset({".yaml", ".yml"})
"""Of the files in a folder that are read."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without a mistake.

    Attributes:
        orgs: At least one, in the order of file names; no two have the same id.
        fingerprint: Of the content of all files that were read; equal as long as nothing has changed.
    """

    orgs: tuple[LoadedOrg, ...]
    fingerprint: str


def load(path: Path, env: Mapping[str, str]) -> Loaded:
    """Read a configuration.

    Args:
        path: A file, or a folder, in which files of people are told from those of organisations by their content.
        env: The environment, for ``${NAME}``.

    Raises:
        ConfigErrors: Something is wrong; every mistake in every file is told.
    """
    readings = [_read(file, env) for file in config_files(path)]
    problems = [problem for reading in readings for problem in reading.problems]
    if not any(reading.problems or reading.org_id for reading in readings):
        problems.append(ConfigProblem(str(path), 1, "", "holds no organisation's file", "one YAML file for each"))
    problems += _repeated_ids(readings)
    digests = {file: digest for reading in readings for file, digest in reading.digests.items()}
    if problems:
        raise ConfigErrors(problems, digests)
    return Loaded(tuple(reading.org for reading in readings if reading.org), fingerprint_of(digests))


def config_files(path: Path) -> list[Path]:
    """Return the files that a path stands for: itself, or a folder's YAML files in the order of their names."""
    try:
        return sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    except OSError:
        # No folder, or none that may be read: reading it as a file tells which.
        return [path]


def fingerprint_of(digests: Mapping[Path, str]) -> str:
    """Return one word for the content of some files, the same for the same files with the same content."""
    lines = sorted(f"{file}\0{digest}" for file, digest in digests.items())
    return digest_of("\n".join(lines).encode("utf-8", "surrogateescape"))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What came of one file and those that it names.

    Attributes:
        problems: What is wrong.
        digests: What was read.
        org: The settings; `None` if something is wrong, and for a file of people.
        org_id: The organisation's id, empty if there is none.
        same_id: What to say if an earlier file has that id.
    """

    problems: tuple[ConfigProblem, ...]
    digests: Mapping[Path, str] = field(default_factory=dict)
    org: LoadedOrg | None = None
    org_id: str = ""
    same_id: ConfigProblem | None = None


def _read(path: Path, env: Mapping[str, str]) -> _Reading:
    try:
        source = read_source(path)
    except ConfigErrors as error:
        return _Reading(error.errors)
    if isinstance(source.content, dict) and isinstance(source.content.get("people"), list):
        return _Reading((), {path: source.digest})
    read = read_organisation(path, source, env)
    same_id = source.problem(Finding(("org", "id"), f"{read.org_id!r} is the id of another organisation already"))
    return _Reading(read.problems, read.digests, read.org, read.org_id, same_id)


def _repeated_ids(readings: Sequence[_Reading]) -> Iterator[ConfigProblem]:
    seen: set[str] = set()
    for reading in readings:
        if reading.org_id in seen and reading.same_id is not None:
            yield reading.same_id
        seen |= {reading.org_id} - {""}
