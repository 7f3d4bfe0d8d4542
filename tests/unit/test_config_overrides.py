"""Overrides: organisation < department < deeper department < team < person, and everybody in exactly one variant."""

from dataclasses import dataclass
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.cadence_set import Override
from config.places import Level, Place, scope_of_places
from config.policy import places_of_overrides
from config.schema import OrgFilePart
from domain.cadences import Audience, AudienceRole, Cadence, Scope
from domain.calendar import QuietHours
from domain.ids import PersonId
from domain.people import Person
from tests.builders import ORG
from tests.unit.config_texts import loaded, problems

DEPARTMENTS = ("", "研发", "研发/平台", "研发/平台/存储", "研发平台", "销售", "销售/华东")
IDS = ("wang", "li", "chen", "zhao")

people = st.builds(
    lambda person_id, department, manager: Person(
        ORG, PersonId(person_id), person_id, department=department, manager_id=PersonId(manager) if manager else None
    ),
    st.sampled_from(IDS),
    st.sampled_from(DEPARTMENTS),
    st.none() | st.sampled_from(IDS),
)
places = st.builds(Place, st.just(Level.DEPARTMENT), st.sampled_from(DEPARTMENTS[1:])) | st.builds(
    Place, st.sampled_from([Level.TEAM, Level.PERSON]), st.sampled_from(IDS)
)


@dataclass(frozen=True)
class Drawn:
    """Overrides drawn at random: for each place the hour at which its review is, or `None` where it is off."""

    hours: dict[Place, int | None]
    except_places: tuple[Place, ...]

    def text(self) -> str:
        """Return the configuration."""
        exceptions = ""
        if self.except_places:
            scope = scope_of_places(self.except_places)
            named = (("departments", scope.departments), ("teams", scope.teams), ("people", scope.people))
            flow = ", ".join(f"{key}: [{', '.join(names)}]" for key, names in named if names)
            exceptions = f", audience: {{except: {{{flow}}}}}"
        lines = [
            f'cadences: {{weekly: {{preset: review, when: "FRI 23:00"{exceptions}}}}}',
            "overrides:" * bool(self.hours),
        ]
        for place, hour in self.hours.items():
            body = "null" if hour is None else f'{{when: "FRI {hour:02}:00"}}'
            lines.append(f"  - {{{place.level.name.lower()}: {place.name}, cadences: {{weekly: {body}}}}}")
        return "\n".join(lines)

    def hour_of(self, person: Person) -> int | None:
        """Return the hour that the rule in the docstring above gives, written as plainly as can be."""
        off = dict.fromkeys(self.except_places)
        said = {**off, **self.hours}
        candidates = [Place(Level.PERSON, person.person_id)]
        if person.manager_id:
            candidates.append(Place(Level.TEAM, person.manager_id))
        names = person.department.split("/")
        candidates += [Place(Level.DEPARTMENT, "/".join(names[:depth])) for depth in range(len(names), 0, -1)]
        return next((said[place] for place in candidates if place in said), 23)


drawn = st.builds(
    Drawn,
    st.dictionaries(places, st.none() | st.integers(0, 22), max_size=6),
    st.lists(places, max_size=2, unique=True).map(tuple),
)


def holding(cadences: tuple[Cadence, ...], person: Person) -> list[Cadence]:
    return [each for each in cadences if each.audience.holds(person)]


class TestEverybodyHasOneVariant:
    @given(drawn, people)
    def test_the_most_specific_one_holds_a_person_and_no_other(self, overrides: Drawn, person: Person) -> None:
        found = holding(loaded(overrides.text()).policy.cadences, person)
        hour = overrides.hour_of(person)
        assert [each.recurrence.at for each in found] == ([] if hour is None else [time(hour)])
        assert {each.family for each in found} <= {"weekly"}

    @given(drawn)
    def test_variants_have_names_of_their_own_and_one_family(self, overrides: Drawn) -> None:
        cadences = loaded(overrides.text()).policy.cadences
        assert len({each.name for each in cadences}) == len(cadences)
        assert {each.family for each in cadences} <= {"weekly"}


class TestVariants:
    TEXT = """
        cadences: {weekly: {preset: review, grace: 5h}, monday: {preset: monday}}
        overrides:
          - {person: wang, cadences: {weekly: {when: "WED 10:00"}}}
          - {department: 研发/平台, cadences: {weekly: {ladder: null}}}
          - {department: 研发, cadences: {weekly: {when: "THU 16:00"}}}
          - {team: li, cadences: {monday: null}}
    """

    def names(self, text: str) -> list[str]:
        return [each.name for each in loaded(text).policy.cadences]

    def test_they_are_named_by_family_and_place(self) -> None:
        assert self.names(self.TEXT) == [
            "weekly",
            "weekly@department:研发",
            "weekly@department:研发/平台",
            "weekly@person:wang",
            "monday",
        ]

    def test_the_organisations_variant_leaves_out_all_that_differ(self) -> None:
        weekly, *_, monday = loaded(self.TEXT).policy.cadences
        assert weekly.audience == Audience(without=(Scope(("研发", "研发/平台"), (), (PersonId("wang"),)),))
        assert monday.audience == Audience(without=(Scope((), (PersonId("li"),), ()),))

    def test_a_deeper_department_starts_from_the_one_around_it(self) -> None:
        deeper = loaded(self.TEXT).policy.cadence("weekly@department:研发/平台")
        assert deeper is not None
        assert (str(deeper.recurrence), deeper.answer_ladder) == ("THU 16:00", None)

    def test_a_person_starts_from_the_organisation(self) -> None:
        own = loaded(self.TEXT).policy.cadence("weekly@person:wang")
        assert own is not None
        assert own.answer_ladder is not None
        assert own.grace.total_seconds() == 5 * 3600

    def test_a_preset_in_an_override_makes_what_is_above_void(self) -> None:
        text = """
            cadences: {weekly: {preset: review, grace: 5h}}
            overrides: [{department: 研发, cadences: {weekly: {preset: micro}}}]
        """
        own = loaded(text).policy.cadence("weekly@department:研发")
        assert own is not None
        assert (own.title, own.grace.total_seconds()) == ("微复盘", 12 * 3600)

    def test_a_practice_may_exist_in_one_part_only(self) -> None:
        text = """
            cadences: {}
            overrides: [{department: 研发, cadences: {standup: {when: daily 09:30, questionnaire: micro}}}]
        """
        (own,) = loaded(text).policy.cadences
        assert (own.name, own.family, own.audience) == (
            "standup@department:研发",
            "standup",
            Audience(Scope(("研发",))),
        )

    def test_below_a_department_where_it_is_off_it_can_be_held_again(self) -> None:
        text = """
            overrides:
              - {department: 研发, cadences: {weekly: null}}
              - {department: 研发/平台, cadences: {weekly: {when: THU 16:00}}}
        """
        assert self.names(text) == ["weekly", "weekly@department:研发/平台"]
        assert loaded(text).policy.cadences[1].title == "本周复盘"

    def test_the_role_is_inherited_and_exceptions_may_be_added(self) -> None:
        text = """
            cadences: {weekly: {preset: review, audience: {role: managers}}}
            overrides:
              - {department: 研发, cadences: {weekly: {when: THU 16:00}}}
              - {department: 销售, cadences: {weekly: {audience: {role: hrbps, except: {people: [wang]}}}}}
        """
        _, first, second = loaded(text).policy.cadences
        assert (first.audience.role, first.audience.without) == (AudienceRole.MANAGERS, ())
        assert second.audience == Audience(Scope(("销售",)), AudienceRole.HRBPS, (Scope(people=(PersonId("wang"),)),))


class TestAttention:
    TEXT = """
        attention: {per_person_per_day: 5}
        overrides:
          - {department: 研发, quiet_hours: {from: "19:00", to: "09:00", workdays_only: false}}
          - {department: 研发/平台, attention: {per_person_per_day: 2}}
          - {team: li, attention: {per_person_per_day: 3, digest_at: "17:00"}}
          - {person: wang, quiet_hours: null}
    """

    def rules(self, person_id: str, department: str = "", manager: str | None = None) -> tuple[object, ...]:
        person = Person(
            ORG, PersonId(person_id), "x", department=department, manager_id=PersonId(manager) if manager else None
        )
        found = loaded(self.TEXT).policy.attention_for(person)
        return found.quiet, found.per_day, found.workdays_only, found.digest_at

    DEFAULT = QuietHours(time(20), time(8, 30))
    EARLY = QuietHours(time(19), time(9))

    @pytest.mark.parametrize(
        ("person", "rules"),
        [
            (("zhao", "销售"), (DEFAULT, 5, True, time(18))),
            (("zhao", "研发"), (EARLY, 5, False, time(18))),
            (("zhao", "研发/平台"), (EARLY, 2, False, time(18))),
            (("zhao", "销售", "li"), (DEFAULT, 3, True, time(17))),
            (("zhao", "研发", "li"), (EARLY, 3, False, time(17))),
            (("zhao", "研发/平台", "li"), (EARLY, 3, False, time(17))),
            (("wang", "研发/平台"), (None, 2, False, time(18))),
            (("wang", "研发/平台", "li"), (None, 3, False, time(17))),
        ],
    )
    def test_each_setting_is_the_most_specific_one_that_is_written(
        self, person: tuple[str, ...], rules: tuple[object, ...]
    ) -> None:
        assert self.rules(*person) == rules

    def test_overrides_of_practices_alone_leave_attention_alone(self) -> None:
        text = "overrides: [{department: 研发, cadences: {weekly: null}}]"
        assert loaded(text).policy.attention_overrides == ()

    def test_an_empty_mapping_states_nothing(self) -> None:
        assert loaded("overrides: [{department: 研发, attention: {}}]").policy.attention_overrides == ()

    def test_quiet_hours_are_one_setting(self) -> None:
        """Whoever writes hours anew writes whether days off are quiet, and the default of that is yes."""
        text = """
            quiet_hours: {from: "20:00", to: "08:00", workdays_only: false}
            overrides: [{department: 研发, quiet_hours: {from: "21:00", to: "08:00"}}]
        """
        found = loaded(text).policy.attention_for(Person(ORG, PersonId("x"), "x", department="研发"))
        assert (found.quiet, found.workdays_only) == (QuietHours(time(21), time(8)), True)


class TestMistakes:
    @pytest.mark.parametrize(
        ("override", "expected"),
        [
            ("{cadences: {weekly: null}}", "[0]: needs to say for whom; allowed: exactly one of department, team and"),
            ("{team: a, person: b, cadences: {weekly: null}}", "[0]: needs to say for whom"),
            ("{team: a}", "[0]: changes nothing; allowed: at least one of cadences, quiet_hours and attention"),
            ("{team: a, attention: null}", "[0].attention: cannot be switched off"),
            ("{team: a, quiet_hours: {from: '09:00', to: '09:00'}}", "[0].quiet_hours.to: is the same time as from"),
            (
                "{team: a, cadences: {weekley: null}}",
                "[0].cadences.weekley: there is no practice 'weekley' to turn off;",
            ),
            (
                "{team: a, cadences: {weekly: {audience: {teams: [b]}}}}",
                "[0].cadences.weekly.audience.teams: the override",
            ),
            ("{team: a, cadences: {weekly: {ladder: x}}}", "[0].cadences.weekly.ladder: there is no ladder 'x'"),
            ("{team: a, cadences: {new: {ladder: null}}}", "[0].cadences.new.when: is missing"),
            ("{team: a, attention: {digest_at: '21:00'}}", "[0].attention.digest_at: 21:00 is in quiet hours"),
            (
                "{department: a, quiet_hours: {from: '17:00', to: '09:00'}}",
                "[0].attention.digest_at: 18:00 is in quiet hours",
            ),
            ("{team: a, b: c, cadences: {weekly: null}}", "[0].b: unknown key"),
        ],
    )
    def test_a_mistake_is_told_where_it_stands(self, override: str, expected: str) -> None:
        found = problems(f"overrides: [{override}]")
        assert found[0].startswith(f"org.yaml:3: overrides{expected}"), found
        assert len(found) == 1 + ("new" in override)

    def test_a_place_has_one_override(self) -> None:
        text = """
            overrides:
              - {team: a, cadences: {weekly: null}}
              - {team: a, attention: {per_person_per_day: 3}}
        """
        assert problems(text) == [
            "org.yaml:6: overrides[1]: is for team:a once more; allowed: one override for each place"
        ]

    def test_what_is_taken_over_is_told_once_where_it_is_written(self) -> None:
        text = """
            cadences: {weekly: {preset: review, ladder: x}}
            overrides: [{team: a, cadences: {weekly: {when: THU 16:00}}}]
        """
        (only,) = problems(text)
        assert only.startswith("org.yaml:4: cadences.weekly.ladder: there is no ladder 'x'")

    def test_a_digest_in_quiet_hours_is_told_once_for_the_organisation(self) -> None:
        text = "attention: {digest_at: '22:00'}\noverrides: [{team: a, attention: {per_person_per_day: 3}}]"
        assert problems(text) == [
            "org.yaml:3: attention.digest_at: 22:00 is in quiet hours; allowed: a time outside of quiet_hours"
        ]


class TestPlaces:
    def test_a_department_of_a_similar_name_is_another_one(self) -> None:
        assert not Place(Level.DEPARTMENT, "研发").may_hold(Place(Level.DEPARTMENT, "研发平台"))
        assert Place(Level.DEPARTMENT, "研发").may_hold(Place(Level.DEPARTMENT, "研发/平台"))

    @given(places, places)
    def test_of_two_places_at_most_one_is_inside_the_other(self, one: Place, other: Place) -> None:
        assert not (one.may_hold(other) and other.may_hold(one))
        assert not one.may_hold(one)

    @given(places, people)
    def test_a_place_holds_whom_its_scope_holds(self, place: Place, person: Person) -> None:
        inside = {
            Level.DEPARTMENT: person.department == place.name or person.department.startswith(place.name + "/"),
            Level.TEAM: person.manager_id == place.name,
            Level.PERSON: person.person_id == place.name,
        }
        assert place.scope.holds(person) is inside[place.level]

    def test_an_override_keeps_its_place_in_the_list(self) -> None:
        file = OrgFilePart.model_validate({"overrides": [{"person": "a", "team": "b"}, {"team": "c"}]})
        assert places_of_overrides(file) == [Override(Place(Level.TEAM, "c"), file.overrides[1], 1)]
