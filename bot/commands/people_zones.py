"""In which time zones an organisation's people are, as far as its configuration tells."""

from __future__ import annotations

from config.organisation import LoadedOrg


def zones_of(org: LoadedOrg) -> list[str]:
    """Return the organisation's zone, then those that its file of people names."""
    named = (each.person.zone for each in org.people or ())
    return list(dict.fromkeys([org.policy.zone, *(zone for zone in named if zone)]))
