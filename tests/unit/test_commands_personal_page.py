"""The page on which a person reads what is kept about them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.commands.personal_page import personal_page
from tests.builders import FRIDAY

PERSON = {"person_id": "wanglei", "name": "王磊", "mail": None, "zone": None, "active": True}


def record(**parts: Any) -> dict[str, Any]:
    """Return a person's record in which nothing stands but what is named."""
    empty = ("identities", "leave", "checkins", "replies_written", "duties", "conversation", "messages", "history")
    return {"organisation": "acme", "person": PERSON, **{name: [] for name in empty}, **parts}


def checkin(**parts: Any) -> dict[str, Any]:
    """Return one check-in of a record."""
    plain = {
        "checkin_id": "c1",
        "family": "weekly",
        "period": "2026-W48",
        "state": "submitted",
        "version": 1,
        "asked_at": FRIDAY.isoformat(),
        "submitted_at": None,
        "skip_reason": "",
        "answers": {},
        "draft": {},
        "questions": {"result": "本周最重要的成果？"},
        "versions": [],
        "replies": [],
    }
    return {**plain, **parts}


def page(**parts: Any) -> str:
    """Return the page of a record."""
    return personal_page(record(**parts), "Asia/Shanghai", FRIDAY)


def test_it_names_the_person_and_when_it_was_made() -> None:
    text = page()
    assert "<h1>王磊</h1>" in text
    assert "2026-11-27 16:00" in text


def test_a_check_in_is_shown_with_its_question_in_local_time() -> None:
    text = page(checkins=[checkin(answers={"result": "新模具"}, submitted_at=FRIDAY.isoformat())])
    assert "本周最重要的成果？" in text
    assert "<blockquote>新模具</blockquote>" in text
    assert "2026-11-27 16:00 → 2026-11-27 16:00" in text


def test_a_person_s_own_zone_is_used() -> None:
    berlin = {**PERSON, "zone": "Europe/Berlin"}
    assert "2026-11-27 09:00" in personal_page(record(person=berlin), "Asia/Shanghai", FRIDAY)


def test_several_choices_are_one_line() -> None:
    assert "a、b" in page(checkins=[checkin(answers={"x": ["a", "b"]})])


def test_earlier_versions_drafts_and_replies_are_there() -> None:
    replied = {"author_id": "lihua", "written_at": FRIDAY.isoformat(), "answers": {"reply": "我去谈"}}
    old = {"version": 1, "submitted_at": FRIDAY.isoformat(), "answers": {"result": "旧的"}}
    text = page(checkins=[checkin(version=2, versions=[old], draft={"result": "草稿里的"}, replies=[replied])])
    for words in ("旧的", "草稿里的", "我去谈", "lihua"):
        assert words in text


def test_the_present_version_is_not_shown_twice() -> None:
    same = {"version": 1, "submitted_at": FRIDAY.isoformat(), "answers": {"result": "一次就够"}}
    assert page(checkins=[checkin(answers={"result": "一次就够"}, versions=[same])]).count("一次就够") == 1


def test_tables_show_what_there_is() -> None:
    duty = {"kind": "reply", "debtor_id": "lihua", "about_id": "wanglei", "state": "open"}
    duty |= {"opened_at": FRIDAY.isoformat(), "due_at": FRIDAY.isoformat()}
    text = page(duties=[duty], leave=[{"starts_on": "2026-12-01", "ends_on": "2026-12-02"}])
    assert "<td>lihua</td>" in text
    assert "<td>2026-12-01</td>" in text


def test_where_there_is_nothing_it_says_so() -> None:
    assert page().count("无 None") == 8


@given(words=st.text(min_size=1))
def test_nothing_that_somebody_typed_becomes_markup(words: str) -> None:
    text = page(checkins=[checkin(answers={"result": f"<script>{words}</script>"})])
    assert "<script" not in text


def test_the_page_loads_nothing_from_elsewhere() -> None:
    assert "default-src 'none'" in page()
    assert "http" not in page().replace("http-equiv", "")
