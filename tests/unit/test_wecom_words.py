"""WeCom: words keep within the platform's lengths and never become markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.wecom.words import boundary, clean, escape_markdown, escape_text, fit, split

FAMILY = "👨‍👩‍👧"  # three people and two joiners
FLAGS = "🇨🇳🇫🇷"

awkward = st.text(st.sampled_from("a好\n <>*`[]()#@/" + FAMILY + FLAGS + "é́"))


class TestCleaning:
    @pytest.mark.parametrize("text", ["好 a\tb\nc", "🎉", "", "a\u200bb"])
    def test_what_people_write_stays(self, text: str) -> None:
        assert clean(text) == text

    @pytest.mark.parametrize("bad", ["\x00", "\x1b", "\x7f", "\ud800", "\ufffe", "\uffff", "\U0001ffff", "\x85"])
    def test_what_xml_forbids_or_crashes_clients_goes(self, bad: str) -> None:
        assert clean(f"a{bad}b") == "ab"

    def test_lines_end_in_one_way(self) -> None:
        assert clean("a\r\nb\rc\n") == "a\nb\nc\n"

    @given(st.text(st.characters()))
    def test_cleaned_text_can_always_be_encoded(self, text: str) -> None:
        assert clean(clean(text)) == clean(text)
        clean(text).encode()


class TestFitting:
    def test_a_short_text_stays_and_a_long_one_says_that_it_was_cut(self) -> None:
        assert fit("一二三四", 4) == "一二三四"
        assert fit("一二三四五", 4) == "一二三…"
        assert fit("一二三四五六", 5, "…上文") == "一二…上文"

    @pytest.mark.parametrize(
        ("text", "most", "cut"),
        [
            ("ab" + FAMILY, 5, "ab…"),
            (FLAGS + "x", 4, "🇨🇳…"),
            ("ae\u0301x", 3, "a…"),
            ("a👍🏽b", 3, "a…"),
            ("x❤️y", 3, "x…"),
        ],
    )
    def test_no_visible_character_is_halved(self, text: str, most: int, cut: str) -> None:
        assert fit(text, most) == cut

    @given(awkward, st.integers(1, 30))
    def test_it_always_fits(self, text: str, most: int) -> None:
        fitted = fit(text, most)
        assert len(fitted) <= most
        assert fitted == text or fitted.endswith("…")

    @given(awkward.filter(bool), st.integers(0, 30))
    def test_a_boundary_is_never_behind_the_place_asked_for(self, text: str, at: int) -> None:
        at = min(at, len(text) - 1)
        assert 0 <= boundary(text, at) <= at


class TestSplitting:
    def test_a_text_that_fits_is_one_part_and_nothing_is_none(self) -> None:
        assert split("好" * 10, 30, 4, "…") == ["好" * 10]
        assert split("", 30, 4, "…") == []

    def test_parts_end_where_lines_end(self) -> None:
        assert split("一二三四\n五六七八\n九", 20, 4, "…") == ["一二三四", "五六七八\n九"]

    def test_a_line_longer_than_a_part_is_split_between_characters(self) -> None:
        assert split("好" * 7, 10, 4, "…") == ["好好好", "好好好", "好"]

    def test_what_is_left_over_is_cut_and_says_so(self) -> None:
        assert split("好" * 100, 12, 2, "…") == ["好好好好", "好好好…"]

    def test_a_character_without_end_does_not_hold_it_up(self) -> None:
        assert "".join(split("e" + "\u0301" * 50, 20, 99, "…")) == "e" + "\u0301" * 50

    @given(awkward, st.integers(12, 60), st.integers(1, 5))
    def test_every_part_fits(self, text: str, size: int, most: int) -> None:
        parts = split(text, size, most, "…")
        assert len(parts) <= most
        assert all(part and len(part.encode()) <= size for part in parts)

    @given(awkward, st.integers(12, 60))
    def test_with_parts_enough_nothing_but_line_ends_is_lost(self, text: str, size: int) -> None:
        parts = split(text, size, len(text) + 1, "…")
        assert "".join(parts).replace("\n", "") == text.replace("\n", "")


class TestEscaping:
    @pytest.mark.parametrize("text", ['<a href="x">y</a>', "<@zhangsan>", "</a>", "<!-- x"])
    def test_a_text_message_holds_no_tag(self, text: str) -> None:
        escaped = escape_text(text)
        assert escaped.replace("\u200b", "") == text
        assert "<a" not in escaped
        assert "<@" not in escaped
        assert "</" not in escaped

    @pytest.mark.parametrize("text", ["1 < 2", "a <- b", "好 & 坏", "a*b", "x[0]", "# 5 楼"[2:]])
    def test_ordinary_words_are_left_alone(self, text: str) -> None:
        assert escape_markdown(text) == escape_text(text) == text

    @pytest.mark.parametrize(
        "text", ["**粗**", "[点我](https://evil.example)", "# 标题", "> 引用", '<font color="info">x</font>', " ## x"]
    )
    def test_markdown_is_shown_and_not_obeyed(self, text: str) -> None:
        escaped = escape_markdown(text)
        assert escaped != text
        assert escaped.replace("\u200b", "") == text

    def test_code_is_shown_with_wide_ticks(self) -> None:
        assert escape_markdown("`rm`") == "｀rm｀"

    @given(awkward)
    def test_nothing_that_could_be_markup_is_left(self, text: str) -> None:
        escaped = escape_markdown(text)
        assert not any(sign in escaped for sign in ("**", "](", "`", "<a", "</", "<@"))
        assert not any(line.lstrip().startswith(("#", ">")) for line in escaped.split("\n"))
