"""The file of people: who there is, to whom they report, and that the settings speak of people who exist."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.people_file import ConfiguredPerson, PersonPart, Reach, read_people
from domain.ids import OrgId, PersonId
from domain.people import Person, reporting_cycle
from tests.unit.config_texts import loaded, problems

WANG = (
    "{id: wang, name: 王磊, department: 研发/平台, manager: li, hrbp: chen, deputy: null, mail: wl@example.com, "
    'ids: {feishu: ou_1, wecom: WangLei, dingtalk: "0123"}}'
)
LI = "{id: li, name: 李华, department: 研发, dotted: chen, deputy: chen, zone: Europe/Berlin, locale: en}"
PLATFORMS = ["feishu", "wecom", "dingtalk"]
FEISHU = Reach(["feishu"])
CHEN = "{id: chen, name: 陈静}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the people Wang, Li and Chen in a file ``people.yaml``."""
    write(tmp_path, WANG, LI, CHEN)
    return tmp_path


def write(folder: Path, *rows: str) -> Path:
    path = folder / "people.yaml"
    path.write_text("people:\n" + "".join(f"  - {row}\n" for row in rows), "utf-8")
    return path


def told(folder: Path, *rows: str) -> list[str]:
    """Return what is wrong with a file of these rows, without the file's name; the first row is on line 2."""
    found = read_people(write(folder, *rows), "acme", FEISHU).problems
    return [str(each).split("people.yaml:", 1)[1] for each in sorted(found, key=lambda each: each.line)]


class TestMeaning:
    def test_a_row_becomes_the_domains_person_with_the_platforms_ids(self, folder: Path) -> None:
        wang = read_people(folder / "people.yaml", "acme", FEISHU).people[0]
        assert wang == ConfiguredPerson(
            Person(
                OrgId("acme"),
                PersonId("wang"),
                "王磊",
                department="研发/平台",
                manager_id=PersonId("li"),
                hrbp_id=PersonId("chen"),
                mail="wl@example.com",
                platform="feishu",
            ),
            {"feishu": "ou_1", "wecom": "WangLei", "dingtalk": "0123"},
        )

    def test_zone_locale_deputy_and_second_manager_are_taken(self, folder: Path) -> None:
        li = read_people(folder / "people.yaml", "acme", FEISHU).people[1].person
        assert (li.zone, li.locale, li.deputy_id, li.dotted_id) == ("Europe/Berlin", "en", "chen", "chen")

    def test_whoever_has_no_id_on_a_configured_platform_cannot_be_reached(self, folder: Path) -> None:
        found = read_people(folder / "people.yaml", "acme", FEISHU).people
        assert [each.person.platform for each in found] == ["feishu", None, None]

    @pytest.mark.parametrize(
        ("platforms", "chosen"),
        [(["slack", "dingtalk"], "dingtalk"), (["wecom", "feishu"], "wecom"), (["feishu", "wecom"], "feishu")],
    )
    def test_of_several_ids_the_one_on_the_platform_written_first_is_used(
        self, folder: Path, platforms: list[str], chosen: str
    ) -> None:
        found = read_people(folder / "people.yaml", "acme", Reach(platforms)).people[0]
        assert found.person.platform == chosen

    def test_a_person_may_be_written_to_elsewhere(self, tmp_path: Path) -> None:
        path = write(tmp_path, "{id: a, name: A, ids: {feishu: ou_1, wecom: A}, platform: wecom}")
        result = read_people(path, "acme", Reach(["feishu", "wecom"]))
        assert result.problems == ()
        assert result.people[0].person.platform == "wecom"

    def test_whom_the_directory_knows_needs_no_id_on_its_platform(self, tmp_path: Path) -> None:
        path = write(
            tmp_path, "{id: a, name: A}", "{id: b, name: B, ids: {wecom: B}}", "{id: c, name: C, platform: feishu}"
        )
        first = read_people(path, "acme", Reach(["feishu", "wecom"], "feishu"))
        assert [each.person.platform for each in first.people] == ["feishu", "feishu", "feishu"]
        second = read_people(path, "acme", Reach(["wecom", "feishu"], "feishu"))
        assert [each.person.platform for each in second.people] == ["feishu", "wecom", "feishu"]
        assert (first.problems, second.problems) == ((), ())

    @given(
        st.dictionaries(st.sampled_from(PLATFORMS), st.just("x")),
        st.permutations(PLATFORMS).flatmap(lambda each: st.integers(0, 3).map(lambda cut: each[:cut])),
    )
    def test_whoever_is_written_to_is_written_to_on_the_first_platform_with_an_id(
        self, ids: dict[str, str], platforms: list[str]
    ) -> None:
        part = PersonPart.model_validate({"id": "a", "name": "A", "ids": ids})
        reached = Reach(platforms).of(part)
        assert set(reached) == ids.keys() & set(platforms)
        assert reached == [each for each in platforms if each in reached]

    def test_the_settings_name_the_file_and_get_its_people(self, folder: Path) -> None:
        settings = loaded("people: {file: people.yaml}\norg: {id: acme, admins: [chen]}", folder=folder)
        assert settings.people is not None
        assert [each.person.org_id for each in settings.people] == ["acme"] * 3
        assert settings.source_files == (folder / "org.yaml", folder / "people.yaml")
        assert settings.people_source is None

    def test_beside_a_directory_the_file_adds_to_it(self, folder: Path) -> None:
        settings = loaded("people: {file: people.yaml, source: feishu}\norg: {admins: [somebody]}", folder=folder)
        assert settings.people_source == "feishu"
        assert settings.people is not None


class TestMistakes:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ([WANG, LI, CHEN, WANG], "5: people[3].id: 'wang' belongs to 王磊 (wang) already"),
            ([CHEN, "{id: a, name: A, manager: chne}"], "3: people[1].manager: nobody has the id 'chne'; did you mean"),
            (
                [CHEN, "{id: a, name: A, hrbp: x}"],
                "3: people[1].hrbp: nobody has the id 'x'; allowed: an id of this file",
            ),
            ([CHEN, "{id: a, name: A, deputy: x}"], "3: people[1].deputy: nobody has the id 'x'"),
            ([CHEN, "{id: a, name: A, dotted: x}"], "3: people[1].dotted: nobody has the id 'x'"),
            (["{id: a, name: A, deputy: a}"], "2: people[0].deputy: cannot stand in for themselves"),
            (["{id: a, name: A, manager: a}"], "2: people[0].manager: people report in a circle: a → a"),
            (
                ["{id: a, name: A, manager: b}", "{id: b, name: B, manager: c}", "{id: c, name: C, manager: a}"],
                "2: people[0].manager: people report in a circle: a → b → c → a",
            ),
            (["{id: a, name: A, zone: Berlin}"], "2: people[0].zone: 'Berlin' is no time zone; did you mean"),
            (["{id: a}"], "2: people[0].name: is missing"),
            (
                ["{id: a, name: A, ids: {slack: x}}"],
                "2: people[0].ids.slack: is none of the words known here; allowed:",
            ),
            (["{id: a, name: A, mail: nowhere}"], "2: people[0].mail: is no mail address"),
            (["{id: a, name: A, department: /x}"], "2: people[0].department: '/x' is no department"),
            (["{id: a, name: A, boss: b}"], "2: people[0].boss: unknown key"),
            (
                ["{id: a, name: A, platform: wecom, ids: {wecom: a}}"],
                "2: people[0].platform: wecom is not configured; allowed: feishu",
            ),
            (
                ["{id: a, name: A, platform: feishu, ids: {wecom: a}}"],
                "2: people[0].platform: there is no id for feishu; allowed: one with an id: none here",
            ),
            (["{id: a, name: A, platform: slack}"], "2: people[0].platform: is none of the words known here; allowed:"),
        ],
    )
    def test_a_mistake_is_told_with_its_line(self, tmp_path: Path, rows: list[str], expected: str) -> None:
        first, *more = told(tmp_path, *rows)
        assert first.startswith(expected)
        assert len(more) == (3 if rows[0] == WANG else 0)

    def test_one_platform_id_belongs_to_one_person(self, tmp_path: Path) -> None:
        rows = ["{id: a, name: A, ids: {feishu: ou_1}}", "{id: b, name: B, ids: {feishu: ou_1, wecom: ou_1}}"]
        assert told(tmp_path, *rows) == ["3: people[1].ids.feishu: 'ou_1' belongs to A (a) already"]

    def test_two_circles_are_both_told(self, tmp_path: Path) -> None:
        rows = ["{id: a, name: A, manager: a}", "{id: b, name: B, manager: c}", "{id: c, name: C, manager: b}"]
        assert [each.split(":")[0] for each in told(tmp_path, *rows)] == ["2", "3"]

    def test_somebody_with_another_mistake_can_still_be_named(self, tmp_path: Path) -> None:
        rows = ["{id: a, name: A, boss: x}", "{id: b}", "{id: c, name: C, manager: a, hrbp: b}"]
        assert [each.split(": ")[1] for each in told(tmp_path, *rows)] == ["people[0].boss", "people[1].name"]

    def test_lines_stay_right_below_a_row_that_is_wrong(self, tmp_path: Path) -> None:
        rows = ["just a name", "{id: b, name: B, manager: nobody}"]
        assert [each.split(": ")[0] for each in told(tmp_path, *rows)] == ["2", "3"]

    def test_a_file_that_is_not_there_is_a_mistake(self, tmp_path: Path) -> None:
        (only,) = problems("people: {file: none.yaml}", folder=tmp_path)
        assert only.endswith("none.yaml:1: cannot be read: No such file or directory")

    @pytest.mark.parametrize("text", ["- a", "people: {a: b}", "peeple: []", ""])
    def test_a_file_of_another_form_is_told(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "p.yaml").write_text(text, "utf-8")
        assert read_people(tmp_path / "p.yaml", "acme", Reach(())).problems

    def test_mistakes_of_the_file_come_with_those_of_the_settings(self, tmp_path: Path) -> None:
        write(tmp_path, "{id: a}")
        found = problems("people: {file: people.yaml}\ncadences: {weekly: {preset: none}}", folder=tmp_path)
        assert sorted(each.rsplit("/", 1)[-1].split(":")[0] for each in found) == ["org.yaml", "people.yaml"]


class TestReferences:
    def told(self, folder: Path, text: str) -> list[str]:
        return problems("people: {file: people.yaml}\n" + text, folder=folder)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("org: {admins: [chen, cheng]}", "org.admins[1]: nobody has the id 'cheng'; did you mean 'chen'?"),
            (
                "cadences: {weekly: {preset: review, audience: {people: [wong]}}}",
                "cadences.weekly.audience.people[0]: nobody has the id 'wong'",
            ),
            (
                "cadences: {weekly: {preset: review, audience: {teams: [x]}}}",
                "cadences.weekly.audience.teams[0]: nobody has the id 'x'",
            ),
            (
                "cadences: {weekly: {preset: review, audience: {departments: [研发, 市场]}}}",
                "cadences.weekly.audience.departments[1]: nobody is in a department '市场'",
            ),
            (
                "cadences: {weekly: {preset: review, audience: {except: {departments: [研发/平台x]}}}}",
                "cadences.weekly.audience.except.departments[0]: nobody is in a department '研发/平台x'; did you mean",
            ),
            ("overrides: [{department: 市场, cadences: {weekly: null}}]", "overrides[0].department: nobody is in"),
            ("overrides: [{team: x, cadences: {weekly: null}}]", "overrides[0].team: nobody has the id 'x'"),
            ("overrides: [{person: x, cadences: {weekly: null}}]", "overrides[0].person: nobody has the id 'x'"),
            (
                "overrides: [{team: li, cadences: {weekly: {audience: {except: {people: [x]}}}}}]",
                "overrides[0].cadences.weekly.audience.except.people[0]: nobody has the id 'x'",
            ),
        ],
    )
    def test_the_settings_speak_of_people_and_departments_of_the_file(
        self, folder: Path, text: str, expected: str
    ) -> None:
        (only,) = self.told(folder, text)
        assert only.startswith(f"org.yaml:4: {expected}")

    def test_a_department_above_somebodys_is_known(self, folder: Path) -> None:
        assert self.told(folder, "overrides: [{department: 研发, cadences: {weekly: null}}]") == []

    def test_with_a_directory_nothing_can_be_told(self, folder: Path) -> None:
        assert problems("org: {admins: [nobody]}", folder=folder) == []

    def test_while_the_file_is_wrong_nothing_is_told_about_names(self, folder: Path) -> None:
        write(folder, "{id: a}")
        assert len(self.told(folder, "org: {admins: [chen]}")) == 1


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.none() | st.sampled_from("abcdef")), max_size=6))
def test_a_file_without_problems_has_each_person_once_and_no_circle(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("people")
    written = [f"{{id: {each}, name: {each}, manager: {manager or 'null'}}}" for each, manager in rows]
    result = read_people(write(folder, *written), "acme", Reach(()))
    ids = [each for each, _ in rows]
    sound = len(set(ids)) == len(ids) and {manager for _, manager in rows if manager} <= set(ids)
    circle = reporting_cycle([each.person for each in result.people]) if sound else None
    if result.problems:
        assert not rows or not sound or circle is not None
    else:
        assert sound
        assert circle is None
