"""Loading: one file or a folder of them, each organisation once, every mistake of every file."""

from pathlib import Path

import pytest
from hypothesis import given

from config.loader import Loaded, config_files, fingerprint_of, load
from config.problems import ConfigErrors
from tests.unit.config_texts import ENV, MINIMAL, any_yaml


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two organisations, a file of people, and files that are none of the configuration's."""
    (tmp_path / "b.yaml").write_text(MINIMAL + "org: {id: beta}\n", "utf-8")
    (tmp_path / "a.yml").write_text(MINIMAL + "org: {id: alpha}\npeople: {file: people.yaml}\n", "utf-8")
    (tmp_path / "people.yaml").write_text("people: [{id: li, name: 李华}]\n", "utf-8")
    (tmp_path / "notes.txt").write_text("{", "utf-8")
    (tmp_path / "sub.yaml").mkdir()
    return tmp_path


def errors(path: Path) -> list[str]:
    with pytest.raises(ConfigErrors) as raised:
        load(path, ENV)
    return [str(error).removeprefix(f"{path}/") for error in raised.value.errors]


class TestFolder:
    def test_each_file_of_a_folder_is_an_organisation_and_a_file_of_people_is_none(self, folder: Path) -> None:
        assert [org.policy.org_id for org in load(folder, ENV).orgs] == ["alpha", "beta"]

    def test_one_file_is_one_organisation(self, folder: Path) -> None:
        assert [org.policy.org_id for org in load(folder / "b.yaml", ENV).orgs] == ["beta"]

    def test_an_id_belongs_to_one_organisation(self, folder: Path) -> None:
        (folder / "c.yaml").write_text("\n" + MINIMAL + "org:\n  id: beta\n", "utf-8")
        assert errors(folder) == ["c.yaml:5: org.id: 'beta' is the id of another organisation already"]

    def test_organisations_without_an_id_are_the_same_one(self, tmp_path: Path) -> None:
        for name in ("a.yaml", "b.yaml"):
            (tmp_path / name).write_text(MINIMAL, "utf-8")
        assert errors(tmp_path) == ["b.yaml:1: org.id: 'main' is the id of another organisation already"]

    def test_the_mistakes_of_all_files_are_told(self, folder: Path) -> None:
        (folder / "b.yaml").write_text("a: [", "utf-8")
        (folder / "a.yml").write_text(MINIMAL + "orgg: {}\n", "utf-8")
        assert [each.split(": ")[0] for each in errors(folder)] == ["a.yml:3", "b.yaml:1"]

    def test_a_folder_without_an_organisation_is_a_mistake(self, tmp_path: Path) -> None:
        (tmp_path / "people.yaml").write_text("people: []", "utf-8")
        (only,) = errors(tmp_path)
        assert only.endswith(":1: holds no organisation's file; allowed: one YAML file for each")

    def test_what_is_not_there_is_a_mistake(self, tmp_path: Path) -> None:
        (only,) = errors(tmp_path / "none.yaml")
        assert only.endswith("none.yaml:1: cannot be read: No such file or directory")

    def test_a_key_written_twice_is_told_with_the_other_mistakes(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(MINIMAL + "org: {id: a}\norg: {id: b}\ncadences: {weekly: {preset: x}}\n", "utf-8")
        told = [each.split("a.yaml:")[1].split(";")[0] for each in errors(path)]
        assert told == ["4: org: is written twice", "5: cadences.weekly.preset: there is no preset 'x'"]


class TestFingerprint:
    def test_it_is_the_same_for_the_same_content(self, folder: Path) -> None:
        before = load(folder, ENV).fingerprint
        (folder / "b.yaml").write_text((folder / "b.yaml").read_text("utf-8"), "utf-8")
        assert load(folder, ENV).fingerprint == before

    @pytest.mark.parametrize("name", ["b.yaml", "people.yaml"])
    def test_it_changes_with_every_file_that_is_read(self, folder: Path, name: str) -> None:
        before = load(folder, ENV).fingerprint
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("# a remark\n")
        assert load(folder, ENV).fingerprint != before

    def test_it_changes_with_a_file_that_holds_a_secret(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(MINIMAL.replace('"${FEISHU_SECRET}"', "file:secret"), "utf-8")
        (tmp_path / "secret").write_text("one", "utf-8")
        before = load(path, ENV).fingerprint
        (tmp_path / "secret").write_text("two", "utf-8")
        assert load(path, ENV).fingerprint != before

    def test_it_tells_files_and_contents_apart(self) -> None:
        one, other = Path("a"), Path("b")
        words = {
            fingerprint_of({}),
            fingerprint_of({one: "x"}),
            fingerprint_of({other: "x"}),
            fingerprint_of({one: "x", other: "y"}),
            fingerprint_of({one: "y", other: "x"}),
        }
        assert len(words) == 5
        assert fingerprint_of({one: "x", other: "y"}) == fingerprint_of({other: "y", one: "x"})

    def test_errors_name_the_files_that_may_mend_them(self, tmp_path: Path) -> None:
        path = tmp_path / "a.yaml"
        path.write_text(MINIMAL + "people: {file: none.yaml}\nmail: {host: h, from: a@b, user: file:none}\n", "utf-8")
        with pytest.raises(ConfigErrors) as raised:
            load(path, ENV)
        assert raised.value.files == {path, tmp_path / "none.yaml", tmp_path / "none"}


def test_a_path_stands_for_itself_or_for_the_yaml_files_of_a_folder(folder: Path) -> None:
    assert config_files(folder) == [folder / "a.yml", folder / "b.yaml", folder / "people.yaml"]
    assert config_files(folder / "b.yaml") == [folder / "b.yaml"]
    assert config_files(folder / "none") == [folder / "none"]


@given(any_yaml)
def test_any_text_loads_or_gives_errors_with_a_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "org.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        result: Loaded | ConfigErrors = load(path, ENV)
    except ConfigErrors as errors_found:
        result = errors_found
    found = result.errors if isinstance(result, ConfigErrors) else ()
    assert found, "no text of these strategies names a platform"
    assert all(problem.line >= 1 and problem.file == str(path) for problem in found)
