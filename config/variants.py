"""Answers for what overrides make of a practice: one cadence for the organisation and one for each part that differs.

Every person is held by at most one of them, the most specific; by none where that one turns the practice off. A
department starts from the departments above it, a team or a person from the organisation, because only departments
are known to lie within one another. Whoever the organisation's practice leaves out (`except`) is treated as if an
override turned it off there, so an override for the same or a smaller part brings it back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from config.places import Place, places_of, scope_of_places
from config.practice_schema import CadencePart
from config.practices import Shelf, laid_over, scope_of
from config.problems import KeyPath
from domain.cadences import Audience, Scope


@dataclass(frozen=True, slots=True)
class Written:
    """What the configuration says about a practice in one place.

    Attributes:
        part: What is written; `None` turns the practice off.
        path: Where that stands in the document.
    """

    part: CadencePart | None
    path: KeyPath


@dataclass(frozen=True, slots=True)
class Variant:
    """A practice as it is for one part of the organisation.

    Attributes:
        name: The practice's name; with ``@`` and the place for all but the organisation's own.
        part: What is written there.
        body: The same with all it takes over.
        audience: Who is held by no more specific variant.
        path: Where it stands in the document.
    """

    name: str
    part: CadencePart
    body: CadencePart
    audience: Audience
    path: KeyPath


def variants(family: str, base: Written, overrides: Mapping[Place, Written], shelf: Shelf) -> Iterator[Variant]:
    """Yield the variants of a practice, the organisation's first, then from the least specific place on.

    Args:
        family: The practice's name.
        base: The organisation's own, `None` in it if there is none.
        overrides: What places say about this practice.
        shelf: Where presets are.
    """
    body = None if base.part is None else laid_over(base.part, None, shelf)
    left_out = {place: Written(None, base.path) for place in places_of(body.audience.without if body else None)}
    special = {**left_out, **overrides}
    if base.part is not None and body is not None:
        audience = Audience(scope_of(body.audience), body.audience.role, _without(special))
        yield Variant(family, base.part, body, audience, base.path)
    for place in sorted(overrides, key=lambda each: (each.rank, each.name)):
        written = overrides[place]
        chain = [overrides[above] for above in _around(place, overrides)]
        of_place = _stacked(body, [*chain, written], shelf)
        if written.part is not None and of_place is not None:
            without = _without([*filter(place.may_hold, special), *_own_exceptions([*chain, written])])
            audience = Audience(place.scope, of_place.audience.role, without)
            yield Variant(f"{family}@{place.label}", written.part, of_place, audience, written.path)


def _around(place: Place, overrides: Mapping[Place, Written]) -> list[Place]:
    """Return the overridden departments around a department, the widest first."""
    return sorted((each for each in overrides if each.is_department_around(place)), key=lambda each: each.rank)


def _stacked(body: CadencePart | None, chain: Sequence[Written], shelf: Shelf) -> CadencePart | None:
    for written in chain:
        # A department turned off says nothing about how the practice would be in one below that has it.
        body = body if written.part is None else laid_over(written.part, body, shelf)
    return body


def _own_exceptions(chain: Sequence[Written]) -> list[Place]:
    audiences = [each.part.audience for each in chain if each.part and "audience" in each.part.model_fields_set]
    return places_of(audiences[-1].without) if audiences else []


def _without(places: Collection[Place]) -> tuple[Scope, ...]:
    return (scope_of_places(places),) if places else ()
