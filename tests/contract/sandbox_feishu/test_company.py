"""The company: its file, its rules, and the sample that the demo ships with."""

from pathlib import Path

import pytest

from sandbox.company import ROOT_DEPARTMENT, Company, Department, User, UserStatus, derived_id, read_company
from tests.contract.sandbox_feishu.harness import SAMPLE_COMPANY

_FILE = """
name: 小公司
departments:
  - {id: rd-apps, name: 应用, parent: rd}
  - {id: rd, name: 研发, leader: li, deputies: [wang], hrbps: [chen]}
people:
  - {id: li, name: 李, title: 总监, mail: li@example.com}
  - {id: wang, name: 王, department: 研发/应用, manager: li, dotted: [chen], deputy: li, status: frozen}
  - {id: chen, name: 陈, department: 研发}
"""


def _written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "company.yaml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_file_is_read_with_paths_of_names(tmp_path: Path) -> None:
    company = read_company(_written(tmp_path, _FILE))
    assert company.departments[1] == Department("rd", "研发", leader="li", deputies=("wang",), hrbps=("chen",))
    li, wang, chen = company.users
    assert (li.departments, li.leader, li.mail) == ((ROOT_DEPARTMENT,), None, "li@example.com")
    assert (wang.departments, wang.leader, wang.dotted_leaders) == (("rd-apps",), "li", ("chen",))
    assert (wang.status, chen.status) == (UserStatus.FROZEN, UserStatus.ACTIVE)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("manager: li", "manager: lu", "lu"),
        ("leader: li", "leader: lu", "lu"),
        ("hrbps: [chen]", "hrbps: [chan]", "chan"),
        ("parent: rd}", "parent: rb}", "rb"),
        ("研发/应用", "研发/算法", "算法"),
        ("title: 总监", "titel: 总监", "titel"),
        ("id: chen, name: 陈", "id: chen", "name"),
        ("id: chen", "id: wang", "twice"),
        ("status: frozen", "status: cold", "cold"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in _FILE
    with pytest.raises(ValueError, match=told):
        read_company(_written(tmp_path, _FILE.replace(old, new)))


def test_departments_that_contain_each_other_are_refused(tmp_path: Path) -> None:
    looped = _FILE.replace("{id: rd, name: 研发,", "{id: rd, name: 研发, parent: rd-apps,")
    with pytest.raises(ValueError, match="under itself"):
        read_company(_written(tmp_path, looped))


def test_ids_follow_from_the_name_and_look_like_the_real_ones() -> None:
    user = User("wanglei", "王磊")
    assert user.open_id == derived_id("ou_", "wanglei") == User("wanglei", "别人").open_id
    assert (user.open_id[:3], len(user.open_id), user.union_id[:3]) == ("ou_", 35, "on_")
    assert User("wanglei", "王磊", open_id="ou_given").open_id == "ou_given"
    assert Department("rd", "研发").open_department_id.startswith("od-")


def test_the_sample_company_is_what_the_demo_tells_about() -> None:
    company = read_company(SAMPLE_COMPANY)
    users = {user.user_id: user for user in company.users}
    tops = [department.name for department in company.departments if department.parent == ROOT_DEPARTMENT]
    assert (company.name, len(users)) == ("示例科技", 30)
    assert set(tops) == {"研发", "产品", "销售", "人力资源", "财务"}
    assert [each.name for each in company.departments if each.parent == "rd"] == ["平台", "应用"]
    leaderless = [user.name for user in company.users if user.leader is None]
    assert leaderless == ["高远"]
    depths = {_depth(users, user) for user in company.users}
    assert depths == {0, 1, 2}
    covered = {each.hrbps: each.name for each in company.departments if each.hrbps}
    assert set(covered) == {("chenjing",), ("linfang",)}
    assert all(user.mail.endswith("@example.com") for user in company.users)
    assert sum(bool(user.dotted_leaders) for user in company.users) == 1
    assert len({user.name for user in company.users}) == 30


def test_a_manager_of_the_sample_has_a_deputy_that_platforms_do_not_know() -> None:
    assert "deputy: " in SAMPLE_COMPANY.read_text(encoding="utf-8")
    assert not hasattr(read_company(SAMPLE_COMPANY).users[0], "deputy")


def _depth(users: dict[str, User], user: User) -> int:
    return 0 if user.leader is None else 1 + _depth(users, users[user.leader])


def test_a_company_can_be_made_in_code() -> None:
    assert Company("空", (), ()).users == ()
