"""The sentences shown to people: the same ones in every language, in the voice of the product."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.catalogue import FALLBACK, Languages, placeholders, read_catalogue
from config.problems import ConfigErrors
from domain.ports import Catalogue

SENTENCES = read_catalogue().sentences
CHINESE = SENTENCES[FALLBACK]
ENGLISH = SENTENCES["en"]
WIDEST_TITLE = {FALLBACK: 12, "en": 36}
"""Characters that a phone shows of a card's title, placeholders not counted."""


def written(folder: Path, **languages: str) -> Path:
    for name, text in languages.items():
        (folder / f"{name.replace('_', '-')}.yaml").write_text(text, "utf-8")
    return folder


def refused(folder: Path) -> list[str]:
    with pytest.raises(ConfigErrors) as raised:
        read_catalogue(folder)
    return [str(error).removeprefix(f"{folder}/") for error in raised.value.errors]


def bare(sentence: str) -> str:
    return re.sub(r"{\w+}", "", sentence)


class TestShipped:
    def test_the_catalogue_is_the_one_that_the_domain_asks_for(self) -> None:
        catalogue: Catalogue = read_catalogue()
        assert catalogue.say("zh-CN", "time.today", {"clock": "16:05"}) == "今天 16:05"

    def test_every_language_has_the_same_keys(self) -> None:
        assert set(CHINESE) == set(ENGLISH)

    @pytest.mark.parametrize("key", sorted(CHINESE))
    def test_a_sentence_wants_the_same_values_in_every_language(self, key: str) -> None:
        assert {locale: placeholders(each[key]) for locale, each in SENTENCES.items()} == dict.fromkeys(
            SENTENCES, placeholders(CHINESE[key])
        )

    @pytest.mark.parametrize("locale", sorted(SENTENCES))
    def test_a_sentence_has_no_blanks_around_it(self, locale: str) -> None:
        assert [key for key, each in SENTENCES[locale].items() if each != each.strip() or not each] == []


class TestVoice:
    def keys(self, locale: str, *endings: str) -> Mapping[str, str]:
        return {key: each for key, each in SENTENCES[locale].items() if key.split(".")[-1] in endings}

    @pytest.mark.parametrize("locale", sorted(SENTENCES))
    def test_a_title_fits_a_phone(self, locale: str) -> None:
        titles = self.keys(locale, "title")
        assert titles
        assert {key: each for key, each in titles.items() if len(bare(each)) > WIDEST_TITLE[locale]} == {}

    @pytest.mark.parametrize("word", ["您", "确定", "高风险", "高危", "离职", "你真棒"])
    def test_a_word_that_labels_threatens_or_bows_is_never_said(self, word: str) -> None:
        assert {key: each for key, each in CHINESE.items() if word in each} == {}

    @pytest.mark.parametrize("locale", sorted(SENTENCES))
    def test_nobody_is_shouted_at(self, locale: str) -> None:
        assert {key: each for key, each in SENTENCES[locale].items() if "!" in each or "！" in each} == {}

    @pytest.mark.parametrize("locale", sorted(SENTENCES))
    def test_no_emoji_is_in_a_sentence(self, locale: str) -> None:
        assert {
            key: each for key, each in SENTENCES[locale].items() if re.search("[\U0001f000-\U0001ffff☀-➿]", each)
        } == {}

    def test_a_chinese_sentence_is_chinese_and_an_english_one_is_not(self) -> None:
        assert {key: each for key, each in ENGLISH.items() if re.search("[一-鿿]", each)} == {}
        assert len([each for each in CHINESE.values() if re.search("[一-鿿]", each)]) > len(CHINESE) * 0.9


class TestSaying:
    def test_a_value_is_never_read_as_a_format(self) -> None:
        languages = Languages({FALLBACK: {"a": "{name} 在等"}})
        assert languages.say(FALLBACK, "a", {"name": "{0.__class__} {x}"}) == "{0.__class__} {x} 在等"

    def test_an_unknown_language_falls_back_to_chinese(self) -> None:
        assert read_catalogue().say("fr", "time.today", {"clock": "8:00"}) == "今天 8:00"

    def test_an_unknown_key_is_a_programming_error(self) -> None:
        with pytest.raises(KeyError):
            read_catalogue().say(FALLBACK, "no.such.key")

    def test_a_missing_value_is_a_programming_error(self) -> None:
        with pytest.raises(KeyError, match="clock"):
            read_catalogue().say(FALLBACK, "time.today")

    def test_values_that_a_sentence_does_not_want_are_no_harm(self) -> None:
        assert read_catalogue().say("en", "time.today", {"clock": "8:00", "name": "x"}) == "today 8:00"

    @given(st.sampled_from(sorted(SENTENCES)), st.sampled_from(sorted(CHINESE)), st.text(max_size=5))
    def test_with_all_its_values_every_sentence_can_be_said(self, locale: str, key: str, value: str) -> None:
        wanted = placeholders(SENTENCES[locale][key])
        said = Languages(SENTENCES).say(locale, key, dict.fromkeys(wanted, f"<{value}>"))
        assert said.count(f"<{value}>") >= len(wanted)


class TestReading:
    def test_a_key_that_a_language_lacks_is_told(self, tmp_path: Path) -> None:
        written(tmp_path, zh_CN="a: {b: 一, c: 二}", en="a: {b: one}")
        assert refused(tmp_path) == ["en.yaml:1: a.c: is missing, and zh-CN has it"]

    def test_a_key_that_only_a_translation_has_is_told(self, tmp_path: Path) -> None:
        written(tmp_path, zh_CN="a: 一", en="a: one\nb: two")
        assert refused(tmp_path) == ["en.yaml:2: b: is not in zh-CN"]

    def test_other_placeholders_are_told(self, tmp_path: Path) -> None:
        written(tmp_path, zh_CN='a: "{name} 在等"', en='a: "{who} waits"')
        assert refused(tmp_path) == ["en.yaml:1: a: has the placeholders ['who'], and zh-CN has ['name']"]

    @pytest.mark.parametrize("sentence", ["{name", "name}", "{}", "{0}", "{name.x}", "{name!r}", "{name:>9}", "{a[0]}"])
    def test_a_placeholder_is_a_plain_name(self, tmp_path: Path, sentence: str) -> None:
        written(tmp_path, zh_CN=f'a: "{sentence}"', en='a: "x"')
        assert [each for each in refused(tmp_path) if each.startswith("zh-CN.yaml:1: a: ")]

    @pytest.mark.parametrize("value", ["[x]", "", "null", "''"])
    def test_what_is_no_sentence_is_told(self, tmp_path: Path, value: str) -> None:
        written(tmp_path, zh_CN=f"a: {value}\nb: 二")
        assert refused(tmp_path) == ["zh-CN.yaml:1: a: is no sentence"]

    def test_a_sentence_written_twice_is_told(self, tmp_path: Path) -> None:
        written(tmp_path, zh_CN="a: 一\na: 二")
        assert refused(tmp_path) == ["zh-CN.yaml:2: a: is written twice; the first is on line 1"]

    def test_without_the_fallback_there_is_no_catalogue(self, tmp_path: Path) -> None:
        written(tmp_path, en="a: one")
        (only,) = refused(tmp_path)
        assert only.endswith("has no zh-CN.yaml")

    def test_a_double_brace_is_a_brace(self) -> None:
        assert placeholders("{{name}} {x}") == {"x"}
