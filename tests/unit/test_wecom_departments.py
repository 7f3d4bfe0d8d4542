"""WeCom: paths and leaders in the tree of departments, whatever it looks like."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.departments import Department, DepartmentTree, department_of

COMPANY = Department(1, "大公司", 0, ("gaoyuan",))
TECH = Department(2, "研发", 1, ("lihua", "zhouting"))
PLATFORM = Department(3, "平台/基础", 2)


def test_a_path_leads_from_the_top_without_the_companys_own_name() -> None:
    tree = DepartmentTree([PLATFORM, COMPANY, TECH])
    assert tree.path(3) == "研发/平台／基础"
    assert tree.path(1) == ""
    assert tree.path(99) == ""


def test_a_path_begins_where_the_app_begins_to_see() -> None:
    assert DepartmentTree([TECH, PLATFORM]).path(3) == "研发/平台／基础"


def test_the_nearest_leader_who_is_not_the_person_leads() -> None:
    tree = DepartmentTree([COMPANY, TECH, PLATFORM])
    assert tree.leader(3, "wanglei") == "lihua"
    assert tree.leader(3, "LiHua") == "zhouting"
    assert tree.leader(1, "gaoyuan") == ""
    assert tree.leader(99, "x") == ""


def test_rows_may_lack_anything() -> None:
    assert department_of({}) == Department(0, "", 0, ())
    assert department_of({"id": True, "name": 5, "parentid": "1", "department_leader": ["a", 1, ""]}) == Department(
        0, "", 0, ("a",)
    )


@given(st.lists(st.builds(Department, st.integers(0, 5), st.text(max_size=3), st.integers(0, 5), st.just(("a",)))))
def test_circles_end(departments: list[Department]) -> None:
    tree = DepartmentTree(departments)
    for department_id in tree.ids():
        assert tree.path(department_id).count("/") <= 5
        assert tree.leader(department_id, "a") == ""
