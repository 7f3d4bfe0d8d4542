"""Feishu: a department's path, and the nearest HR business partner above somebody."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.departments import Department, DepartmentTree, department_of

TREE = DepartmentTree(
    [
        Department("od-1", "研发", "0", ("ou_hr",)),
        Department("od-2", "平台/工具", "od-1"),
        Department("od-3", "构建", "od-2", ("ou_a", "ou_b")),
        Department("od-4", "外地", "od-hidden"),
    ]
)


def test_a_path_goes_from_the_top_down_and_a_slash_in_a_name_does_not_split_it() -> None:
    assert TREE.path("od-3") == "研发/平台／工具/构建"


def test_a_path_begins_where_the_app_may_look() -> None:
    assert TREE.path("od-4") == "外地"
    assert TREE.path("od-unknown") == ""


def test_the_nearest_partner_counts() -> None:
    assert TREE.hrbp("od-3", "ou_x") == "ou_a"
    assert TREE.hrbp("od-2", "ou_x") == "ou_hr"
    assert TREE.hrbp("od-4", "ou_x") == ""


def test_nobody_is_a_partner_to_themselves() -> None:
    assert TREE.hrbp("od-3", "ou_a") == "ou_b"
    assert TREE.hrbp("od-1", "ou_hr") == ""


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd0"))))
def test_a_tree_that_bites_its_tail_is_still_climbed_to_an_end(edges: list[tuple[str, str]]) -> None:
    tree = DepartmentTree(Department(child, child, parent) for child, parent in edges)
    for department_id in "abcd":
        assert len(tree.path(department_id)) <= 7
        assert tree.hrbp(department_id, "x") == ""


def test_absent_and_odd_members_are_left_empty() -> None:
    assert department_of({"name": 5, "department_hrbps": ["ou_1", 2, ""]}, "od-1") == Department(
        "od-1", "", "", ("ou_1",)
    )
    assert department_of("odd") == Department("", "")
    assert DepartmentTree([Department("", "x")]).ids() == []
