"""DingTalk: what people type is shown as they typed it, and never becomes markup or a link that speaks for others."""

import re
import unicodedata
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dingtalk.markup import BREAK, CUT_MARK, SEND_MESSAGE, escape, escape_line, quoted, sending_link, shorten
from tests.strategies import texts

MARKUP = set("[]<>*_`~\\|&")


def plain(text: str) -> str:
    """What remains if full-width twins count as the signs they stand for, blanks apart."""
    return "".join(unicodedata.normalize("NFKC", text).split())


class TestEscaping:
    @pytest.mark.parametrize(
        ("typed", "shown"),
        [
            ("**好**", "＊＊好＊＊"),
            ("[点我](https://evil.example)", "［点我］(https://evil.example)"),
            ("![x](y)", "!［x］(y)"),
            ("# 标题", "＃ 标题"),
            ("- 一项", "－ 一项"),
            ("+ 一项", "＋ 一项"),
            ("1. 一项", "1． 一项"),
            ("1) 一项", "1） 一项"),
            ("> 引用", "＞ 引用"),
            ("a_b_c `code`", "a＿b＿c ｀code｀"),
            ("<b>x</b>&lt;", "＜b＞x＜/b＞＆lt;"),
            ("===", "＝＝＝"),
            ("2 - 1 = 1, 3.5%", "2 - 1 = 1, 3.5%"),
            ("https://example.com/a-b", "https://example.com/a-b"),
        ],
    )
    def test_signs_that_could_be_markup_become_their_full_width_twins(self, typed: str, shown: str) -> None:
        assert escape(typed) == shown

    @pytest.mark.parametrize("scheme", ["dtmd", "DTMD", "dingtalk", "DingTalk"])
    def test_a_link_of_the_clients_own_is_no_link_any_more(self, scheme: str) -> None:
        assert f"{scheme}：//" in escape(f"{scheme}://dingtalkclient/sendMessage?content=通过")

    def test_a_new_line_stays_a_new_line(self) -> None:
        assert escape("一\n二\r\n三") == f"一{BREAK}二{BREAK}三"

    def test_a_line_indented_by_blanks_is_no_code(self) -> None:
        assert escape("    code\n\tcode") == f"code{BREAK}code"

    def test_what_must_stand_on_one_line_does(self) -> None:
        assert escape_line("一\n二  三") == "一 二 三"

    @given(texts())
    def test_nothing_typed_is_markup(self, typed: str) -> None:
        for line in escape(typed).split("\n"):
            assert not MARKUP & set(line)
            assert not re.match(r"\s*([#+\-=>]|\d+[.)])", line)
            assert not re.search(r"(?i)(dtmd|dingtalk):", line)

    @given(texts())
    def test_nothing_typed_is_lost(self, typed: str) -> None:
        assert plain(escape(typed)) == plain(typed)

    @given(texts())
    def test_a_quotation_is_one_on_every_line(self, typed: str) -> None:
        lines = quoted(typed).split("\n")
        assert all(line.startswith("> ") for line in lines)
        assert not MARKUP & set("".join(line[2:] for line in lines))

    def test_a_quotation_of_nothing_is_empty_but_there(self) -> None:
        assert quoted("").strip() == ">"


class TestLinks:
    def test_a_link_sends_a_text_in_the_readers_name(self) -> None:
        link = sending_link("已处理", "已处理 #7f3a2c")
        assert link == f"[已处理]({SEND_MESSAGE}%E5%B7%B2%E5%A4%84%E7%90%86%20%237f3a2c)"

    @given(texts(), texts())
    def test_what_is_sent_cannot_end_the_link(self, label: str, sent: str) -> None:
        link = sending_link(label, sent)
        middle = link.index("](")
        address = link[middle + 2 : -1]
        assert not set("()[] \n") & set(address)
        assert unquote(address.removeprefix(SEND_MESSAGE)) == sent
        assert not set("[]\n") & set(link[1:middle])


class TestShortening:
    @given(texts(), st.integers(0, 60))
    def test_a_text_is_whole_or_begins_alike_and_says_so(self, text: str, longest: int) -> None:
        short = shorten(text, longest)
        if len(text) <= longest:
            assert short == text
        else:
            assert short.endswith(CUT_MARK)
            kept = short.removesuffix(CUT_MARK)
            assert text.startswith(kept)
            assert len(kept) <= longest

    @pytest.mark.parametrize(
        ("text", "longest", "kept"),
        [
            ("ae\u0301x", 2, "a"),
            ("a👨\u200d👩x", 2, "a"),
            ("a👨\u200d👩x", 3, "a"),
            ("a👍🏽x", 2, "a"),
            ("a🇨🇳x", 2, "a"),
            ("🇨🇳🇫🇷x", 3, "🇨🇳"),
            ("🇨🇳🇫🇷x", 2, "🇨🇳"),
        ],
    )
    def test_no_visible_character_is_cut_in_half(self, text: str, longest: int, kept: str) -> None:
        assert shorten(text, longest) == kept + CUT_MARK
