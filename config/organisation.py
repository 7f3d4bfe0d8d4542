"""Answers for one organisation's file: from what is written to everything the rest of the product needs of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.connections import platforms_in_order
from config.people_file import ConfiguredPerson, PeopleRead, Reach, read_people
from config.platform_schema import PlatformsPart
from config.policy import cadences_and_findings, policy_of
from config.problems import ConfigProblem
from config.references import Known
from config.schema import MailPart, OrgFilePart, OrgPart
from config.secret_references import Resolver
from config.shipped import shipped
from config.validation import Validated, validate
from config.yaml_source import Source
from domain.policy import OrgPolicy


@dataclass(frozen=True, slots=True)
class LoadedOrg:
    """One organisation's settings.

    Attributes:
        policy: What the rules need.
        storage_url: Where everything is kept; may hold a password.
        platforms: The chat platforms' settings.
        mail: The mail server's, or `None`.
        people: Whom a file of people names, or `None` without one; everybody, unless a directory is read as well.
        people_source: The platform whose directory is read; `None` if the file is the whole directory.
        public_url: Where browsers reach the bot, without a slash at its end, or `None`.
        source_files: All files that were read for it, its own first.
    """

    policy: OrgPolicy
    storage_url: str = field(repr=False)
    platforms: PlatformsPart
    mail: MailPart | None
    people: tuple[ConfiguredPerson, ...] | None
    people_source: str | None
    public_url: str | None
    source_files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class OrganisationRead:
    """What came of reading an organisation's file.

    Attributes:
        problems: What is wrong in it and in the files it names.
        digests: All files that were read, its own first, and what they held.
        org: The settings, `None` if something is wrong.
        org_id: Its id as far as that can be told, else empty.
    """

    problems: tuple[ConfigProblem, ...]
    digests: Mapping[Path, str]
    org: LoadedOrg | None
    org_id: str


def read_organisation(path: Path, source: Source, env: Mapping[str, str]) -> OrganisationRead:
    """Read an organisation's file and those that it names.

    Args:
        path: Where the file is; other paths are counted from its folder.
        source: What it says.
        env: The environment, for ``${NAME}``.
    """
    resolver = Resolver(path.parent, env)
    content = resolver.document(source.content)
    validated = validate(OrgFilePart, content)
    platforms = platforms_in_order(content)
    people = _people(path, validated, platforms)
    texts = shipped(validated.model.org.locale if validated.model else OrgPart().locale)
    cadences, findings = cadences_and_findings(validated, content, _everybody(validated, people), texts)
    unresolved = {finding.path for finding in resolver.findings}
    findings = [*resolver.findings, *(each for each in findings if each.path not in unresolved)]
    problems = (*source.problems, *map(source.problem, findings), *(people.problems if people else ()))
    digests = {path: source.digest, **resolver.digests, **({people.file: people.digest} if people else {})}
    file = validated.model
    org = None
    if file and not problems:
        org = _loaded(file, policy_of(file, cadences, texts), people, platforms, tuple(digests))
    org_id = file.org.id if file and validated.is_sound("org", "id") else ""
    return OrganisationRead(problems, digests, org, org_id)


def _people(path: Path, validated: Validated[OrgFilePart], platforms: Sequence[str]) -> PeopleRead | None:
    file = validated.model
    if file is None or file.people.file is None:
        return None
    return read_people(path.parent / file.people.file, file.org.id, Reach(platforms, file.people.source))


def _everybody(validated: Validated[OrgFilePart], people: PeopleRead | None) -> Known | None:
    """Return which names settings may use; `None` where a directory knows more people than the file."""
    overlaid = validated.model is not None and validated.model.people.source is not None
    return None if people is None or overlaid else people.known


def _loaded(
    file: OrgFilePart,
    policy: OrgPolicy,
    people: PeopleRead | None,
    platforms: Sequence[str],
    source_files: tuple[Path, ...],
) -> LoadedOrg:
    source = file.people.source or platforms[0]
    return LoadedOrg(
        policy=policy,
        storage_url=file.storage.url.get_secret_value(),
        platforms=file.platforms,
        mail=file.mail,
        people=people.people if people else None,
        people_source=None if people and file.people.source is None else source,
        public_url=file.public_url,
        source_files=source_files,
    )
