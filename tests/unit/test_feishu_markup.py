"""Feishu: people's words stay words, in cards, in texts and when they are cut."""

import html
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feishu.markup import CUT_MARK, escape_markdown, escape_text, mention, shorten

MARKUP = set("<>*_~`[]()#+-!|\\/:$\"'=")


@given(st.text())
def test_escaped_markdown_holds_no_sign_of_markup_and_shows_the_same_words(text: str) -> None:
    escaped = escape_markdown(text)
    assert not MARKUP & set(re.sub(r"&#\d+;", "", escaped))
    assert html.unescape(escaped) == text


def test_a_forged_mention_in_a_card_becomes_harmless() -> None:
    assert escape_markdown("<at id=all></at>") == "&#60;at id&#61;all&#62;&#60;&#47;at&#62;"


@pytest.mark.parametrize(
    "forged",
    [
        '<at user_id="all"></at>',
        "<AT user_id='ou_1'>x</AT>",
        "<b>bold</b>",
        "[bank](http://evil.example)",
        '<<at user_id="all">',
    ],
)
def test_no_tag_and_no_hidden_link_survives_in_a_text_message(forged: str) -> None:
    escaped = escape_text(forged)
    assert not re.search(r"<[A-Za-z/]", escaped)
    assert "](" not in escaped
    assert escaped.replace("\u200b", "") == forged


@pytest.mark.parametrize("innocent", ["3 < 5", "a <- b", "[1] (见附件)", "普通的一句话"])
def test_innocent_signs_stay_as_they_are(innocent: str) -> None:
    assert escape_text(innocent) == innocent


@given(st.text())
def test_escaping_a_text_twice_changes_nothing_more(text: str) -> None:
    assert escape_text(escape_text(text)) == escape_text(text)


def test_a_mention_calls_an_id() -> None:
    assert mention("ou_7d8a6e6df7621556ce0d21922b676706ccs") == "<at id=ou_7d8a6e6df7621556ce0d21922b676706ccs></at>"


@pytest.mark.parametrize("no_id", ["", "ou_1 ou_2", "all></at><at id=x", "ou_1\n", "张三", "x" * 65])
def test_what_is_no_id_is_never_put_into_a_mention(no_id: str) -> None:
    assert mention(no_id) == ""


@given(st.text(), st.integers(0, 50))
def test_a_shortened_text_is_the_beginning_and_says_that_it_was_cut(text: str, longest: int) -> None:
    short = shorten(text, longest)
    if len(text) <= longest:
        assert short == text
    else:
        kept = short.removesuffix(CUT_MARK)
        assert short != kept
        assert text.startswith(kept)
        assert len(kept) <= longest


@pytest.mark.parametrize(
    ("whole", "longest", "kept"),
    [
        ("ae\u0301", 2, "a"),
        ("好👨‍👩‍👧", 3, "好"),
        ("好👨‍👩‍👧", 4, "好"),
        ("👍🏽", 1, ""),
        ("🇨🇳🇩🇪", 2, "🇨🇳"),
        ("🇨🇳🇩🇪", 3, "🇨🇳"),
        ("字字", 1, "字"),
        ("字字", 0, ""),
    ],
)
def test_a_cut_steps_back_to_the_end_of_a_visible_character(whole: str, longest: int, kept: str) -> None:
    assert shorten(whole, longest) == kept + CUT_MARK


@given(st.lists(st.sampled_from(["e\u0301", "👨‍👩‍👧", "👍🏽", "🇨🇳", "字", "क्षि", "❤️"]), min_size=1), st.integers(0, 40))
def test_no_visible_character_is_cut_in_two(characters: list[str], longest: int) -> None:
    whole = "".join(characters)
    kept = shorten(whole, longest).removesuffix(CUT_MARK)
    rest = whole[len(kept) :]
    assert not kept.endswith("\u200d")
    assert not rest or unicodedata.category(rest[0]) not in ("Mn", "Me", "Mc")
    assert not rest.startswith(("\u200d", "🏽"))
    flags = len(re.findall("[\U0001f1e6-\U0001f1ff]", kept))
    assert flags % 2 == 0
