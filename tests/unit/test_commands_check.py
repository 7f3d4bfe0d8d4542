"""`check`: a short summary of what is right, and a line for every mistake."""

import stat
from pathlib import Path

import pytest

from tests.command_line import PEOPLE, SECRET, Here, configured


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs commands in this process."""
    return Here(capsys)


def test_a_right_configuration_is_summarised(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    assert here("check", "--config", file) == 0
    assert f"acme (示例科技) is right: {file}" in here.out
    assert "zone Asia/Shanghai, Europe/Berlin" in here.out
    assert "people from a file of 4; mail off; admins zhaomin" in here.out


def test_a_directory_with_a_file_laid_over_it_is_told_as_both(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    file.write_text(
        file.read_text("utf-8").replace("{file: people.yaml}", "{source: feishu, file: people.yaml}"), "utf-8"
    )
    assert here("check", "--config", file) == 0
    assert "people from feishu with a file of 4; " in here.out


def test_each_cadence_is_told_with_the_next_time_it_fires(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", configured(tmp_path)) == 0
    [weekly] = [line for line in here.out.splitlines() if line.startswith("weekly")]
    assert "FRI 16:00" in weekly
    assert " 16:00  the whole organisation" in weekly


def test_ladders_are_told_rung_by_rung(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", configured(tmp_path)) == 0
    assert "ladder answer (workdays): after 24h remind debtor; after 48h close" in here.out
    assert "ladder reply (workdays): after 24h remind debtor; after 48h escalate hrbp by chat and mail" in here.out


def test_a_rung_before_the_due_time_is_told_as_such(here: Here, tmp_path: Path) -> None:
    more = "ladders: {answer: {due: 48h, rungs: [{before: 90m, do: remind}]}}"
    assert here("check", "--config", configured(tmp_path, more)) == 0
    assert "ladder answer (workdays): 1.5h before remind debtor" in here.out


def test_a_year_without_official_days_is_a_warning(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", configured(tmp_path, "calendar: {country: DE}")) == 0
    assert "warning" not in here.out
    assert here("check", "--config", configured(tmp_path, "calendar: {country: null}")) == 0
    assert "warning" not in here.out


def test_a_cadence_that_is_far_away_has_no_next_time(here: Here, tmp_path: Path) -> None:
    far = "cadences: {far: {when: 'on 2100-02-01 10:00', questionnaire: review}}"
    assert here("check", "--config", configured(tmp_path, far)) == 0
    assert "not within 400 days" in here.out


def test_a_configuration_without_cadences_says_that_nothing_is_asked(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", configured(tmp_path, "cadences: {}")) == 0
    assert "nothing is ever asked" in here.out


def test_a_secret_is_never_shown(here: Here, tmp_path: Path) -> None:
    store = "postgresql://fupan:pa55word@127.0.0.1:1/fupan"
    assert here("check", "--config", configured(tmp_path, store=store)) == 0
    assert "postgresql://fupan:***@127.0.0.1:1/fupan" in here.out
    for secret in ("pa55word", SECRET):
        assert secret not in here.out + here.err


def test_every_mistake_is_a_line_with_file_line_and_key(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, "calender: {}\nquiet_hours: {from: '25:00'}\n")
    assert here("check", "--config", file) == 2
    assert here.out == ""
    lines = here.err.splitlines()
    assert any(line.startswith(f"{file}:6: calender: unknown key") and "calendar" in line for line in lines)
    assert any(line.startswith(f"{file}:7: quiet_hours.from: ") and "allowed: " in line for line in lines)


def test_a_folder_is_checked_as_a_whole(here: Here, tmp_path: Path) -> None:
    configured(tmp_path, org="acme")
    configured(tmp_path, org="beta")
    assert here("check", "--config", tmp_path) == 0
    assert "acme (示例科技) is right" in here.out
    assert "beta (示例科技) is right" in here.out


def test_organisations_of_one_process_share_a_store(here: Here, tmp_path: Path) -> None:
    configured(tmp_path, org="acme")
    configured(tmp_path, org="beta", store=f"sqlite:///{tmp_path}/other.db")
    assert here("check", "--config", tmp_path) == 2
    assert "storage.url differs between acme, beta" in here.err


def test_a_missing_file_is_named(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", tmp_path / "nothing.yaml") == 2
    assert "nothing.yaml:1: cannot be read: No such file" in here.err


def test_an_empty_folder_is_refused(here: Here, tmp_path: Path) -> None:
    assert here("check", "--config", tmp_path) == 2
    assert "holds no organisation's file" in here.err


def test_what_is_no_yaml_gets_its_line(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text("org: {id: acme\nplatforms: [\n", "utf-8")
    assert here("check", "--config", file) == 2
    assert here.err.startswith(f"{file}:")
    assert "is not YAML" in here.err


def test_a_file_in_another_encoding_is_refused(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    file.write_bytes(file.read_text("utf-8").encode("gb18030"))
    assert here("check", "--config", file) == 2
    assert "is not UTF-8" in here.err


def test_paths_may_be_chinese(here: Here, tmp_path: Path) -> None:
    folder = tmp_path / "配置 与 空格"
    file = configured(folder, store=f"sqlite:///{tmp_path}/数据.db").rename(folder / "公司.yaml")
    assert here("check", "--config", file) == 0
    assert "公司.yaml" in here.out


def test_a_people_file_that_cannot_be_read_is_named(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    (tmp_path / "people.yaml").unlink()
    assert here("check", "--config", file) == 2
    assert "people.yaml:1: cannot be read" in here.err


def test_a_people_file_that_is_a_folder_is_named(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    (tmp_path / "people.yaml").unlink()
    (tmp_path / "people.yaml").mkdir(mode=stat.S_IRWXU)
    assert here("check", "--config", file) == 2
    assert "people.yaml:1: cannot be read" in here.err


def test_a_mistake_about_people_gets_its_line_in_their_file(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path, people=PEOPLE.replace("manager: lihua", "manager: lihau"))
    assert here("check", "--config", file) == 2
    assert f"{tmp_path / 'people.yaml'}:2: people[0].manager: nobody has the id 'lihau'" in here.err


def test_a_secret_of_the_environment_that_is_not_there_is_named_by_its_name(here: Here, tmp_path: Path) -> None:
    file = configured(tmp_path)
    file.write_text(file.read_text("utf-8").replace(SECRET, "${FUPAN_TEST_UNSET}"), "utf-8")
    assert here("check", "--config", file) == 2
    assert "platforms.feishu.app_secret: the environment variable FUPAN_TEST_UNSET is not set" in here.err
