"""Whether a platform's directory can be read, and whether it fits what the organisation's own file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.commands.probing.findings import advice, broken, fine
from bot.commands.probing.people import MOST_NAMED, probe_people
from bot.directory_sync import ConfiguredPeople
from config.organisation import LoadedOrg
from domain.directory import DirectoryChange, compare
from domain.errors import PlatformError
from domain.ids import PersonId
from domain.ports import DirectoryPerson, DirectorySource, Probe


async def probe_directory(
    org: LoadedOrg, platform: str, directory: DirectorySource, configured: ConfiguredPeople
) -> Sequence[Probe]:
    """Read a directory whole, lay the file over it as the service does, and look at the result."""
    seen: list[DirectoryPerson] = []
    try:
        async for page in directory.read():
            seen += page
    except PlatformError as error:
        fix = error.hint or f"look at the probes of {platform} above"
        return [broken("people", f"the directory cannot be read: {type(error).__name__} {error.code}", fix)]
    own_ids = {
        external: person_id for (where, external), person_id in configured.identities.items() if where == platform
    }
    change = compare(org.policy.org_id, platform, seen, (), own_ids, configured.overlays(), org.policy.zone)
    return [*probe_people(org.policy, change.people), *_fit(platform, own_ids, change)]


def _fit(platform: str, own_ids: Mapping[str, PersonId], change: DirectoryChange) -> Iterator[Probe]:
    strangers = [
        f"{person_id} ({external})" for external, person_id in own_ids.items() if external not in change.identities
    ]
    if strangers:
        named = ", ".join(strangers[:MOST_NAMED])
        more = f" and {len(strangers) - MOST_NAMED} more" if len(strangers) > MOST_NAMED else ""
        fix = f"correct ids.{platform} in the people file (ids differ from app to app), or widen the app's range"
        yield advice("people.ids", f"{platform} knows nobody with the ids of {named}{more}", fix)
    elif own_ids:
        yield fine("people.ids", f"{platform} knows all {len(own_ids)} ids of the people file")
    if change.cycle is not None:
        names = {person.person_id: person.name for person in change.people}
        circle = " → ".join(names.get(each, each) for each in change.cycle)
        fix = "correct the direct manager (直属上级) of one of them; until then one link is left out"
        yield broken("people.circle", f"people report in a circle: {circle}", fix)
