"""Reading YAML: every value as it was written, every mistake with its line, and nothing clever."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.people_file import Reach, read_people
from config.problems import ConfigErrors, Finding, near
from config.yaml_source import DEEPEST, Node, digest_of, parse_source, read_source
from tests.unit.config_texts import any_yaml

texts = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8)
trees: st.SearchStrategy[Node] = st.recursive(
    st.none() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def refused(text: str) -> str:
    with pytest.raises(ConfigErrors) as raised:
        parse_source(text, "f.yaml")
    return str(raised.value)


class TestValues:
    @pytest.mark.parametrize("written", ["0123", "16:00", "2026-12-25", "1.10", "0x1F", "yes", "true", "1e3", "08:30"])
    def test_a_plain_value_stays_the_text_that_was_written(self, written: str) -> None:
        assert parse_source(f"a: {written}", "f").content == {"a": written}

    @pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
    def test_only_words_for_nothing_are_nothing(self, written: str) -> None:
        assert parse_source(f"a: {written}", "f").content == {"a": None}

    @pytest.mark.parametrize("written", ["'null'", '"~"', "''", '"null"'])
    def test_in_quotes_a_word_for_nothing_is_a_word(self, written: str) -> None:
        assert parse_source(f"a: {written}", "f").content == {"a": written.strip("'\"")}

    def test_an_empty_file_is_an_empty_mapping(self) -> None:
        assert parse_source("# only a remark\n", "f").content == {}

    def test_keys_are_texts_whatever_they_look_like(self) -> None:
        assert parse_source("1: a\ntrue: b\nnull: c", "f").content == {"1": "a", "true": "b", "null": "c"}

    @given(trees)
    def test_what_was_written_comes_back(self, tree: Node) -> None:
        content = parse_source(json.dumps({"a": tree}, ensure_ascii=False), "f").content
        assert content == {"a": tree}


class TestLines:
    SOURCE = parse_source("a:\n  b:\n    - x\n    - c: 1\n      d: 2\ne: {f: 3, g: [4,\n  5]}\n", "org.yaml")

    @pytest.mark.parametrize(
        ("path", "line", "key"),
        [
            (("a",), 1, "a"),
            (("a", "b"), 2, "a.b"),
            (("a", "b", 0), 3, "a.b[0]"),
            (("a", "b", 1, "d"), 5, "a.b[1].d"),
            (("e", "g", 1), 7, "e.g[1]"),
            ((), 1, ""),
        ],
    )
    def test_a_path_has_the_line_on_which_it_stands(self, path: tuple[str | int, ...], line: int, key: str) -> None:
        problem = self.SOURCE.problem(Finding(path, "is wrong"))
        assert (problem.line, problem.key) == (line, key)

    def test_what_is_missing_is_told_on_the_line_of_what_should_hold_it(self) -> None:
        assert str(self.SOURCE.problem(Finding(("a", "b", 1, "z"), "is missing"))) == "org.yaml:4: a.b[1].z: is missing"

    def test_an_index_that_is_not_written_is_left_out_of_the_key(self) -> None:
        assert self.SOURCE.problem(Finding(("e", "f", 0), "is wrong")).key == "e.f"

    def test_what_is_allowed_stands_at_the_end(self) -> None:
        problem = self.SOURCE.problem(Finding(("a",), "is wrong", "b or c"))
        assert str(problem) == "org.yaml:1: a: is wrong; allowed: b or c"


class TestMistakes:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a: 1\n\tb: 2", "f.yaml:2: a tab cannot indent; use spaces"),
            ("a: 1\nb: [1", "f.yaml:2: is not YAML"),
            ("a: 1\n? [b]: c", "f.yaml:2: a key must be a plain word"),
            ("a: 1\nb: \x07", "f.yaml:2: holds a character that YAML does not allow"),
            ('a: 1\nb: "\\U00110000"', "f.yaml:2: "),
            ('a: 1\nb: "\\uD800"', "f.yaml:2: is not YAML: found invalid Unicode character escape code"),
            ("a: 1\nb: \ud800", "f.yaml:2: holds half a character (a lone surrogate)"),
            ("a: 1\nb: x\x00y", "f.yaml:2: holds a character that YAML does not allow"),
            ("a: [" + "[" * DEEPEST + "]" * DEEPEST + "]", f"is nested deeper than {DEEPEST} levels"),
        ],
    )
    def test_what_cannot_be_read_is_refused_with_its_line(self, text: str, told: str) -> None:
        assert told in refused(text)

    def test_nesting_of_any_depth_is_refused_and_not_a_crash(self) -> None:
        assert "nested deeper" in refused("[" * 100_000)

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("a: 1\nb: 2\na: 3", "f:3: a: is written twice; the first is on line 1"),
            ("a: &x 1", "f:1: a: anchors"),
            ("a: 1\nb: *x", "f:2: b: anchors"),
            ("a: !!int 1", "f:1: a: tags (tag:yaml.org,2002:int) are not used"),
            ("a: !secret\n  b: 1", "f:1: a: tags (!secret) are not used"),
            ('a: 1\nb: "x\\0y"', "f:2: b: holds a character that no store keeps (NUL, or half a character)"),
            ('a:\n  - x\n  - "\\x00"', "f:3: a[1]: holds a character that no store keeps"),
            ('a: 1\n"b\\0": 2', "f:2: holds a character that no store keeps"),
            ("a: 1\n---\nb: 2", "f:2: a second document begins here"),
        ],
    )
    def test_what_is_refused_alone_does_not_hide_the_rest(self, text: str, told: str) -> None:
        source = parse_source(text, "f")
        assert str(source.problems[0]).startswith(told)
        assert isinstance(source.content, dict)

    def test_of_a_key_written_twice_the_first_counts(self) -> None:
        assert parse_source("a: 1\na: 2", "f").content == {"a": "1"}

    @given(any_yaml)
    def test_what_is_read_can_be_kept_everywhere(self, text: str) -> None:
        try:
            content = parse_source(text, "f").content
        except ConfigErrors:
            return
        said = json.dumps(content, ensure_ascii=False)
        assert said.encode("utf-8")
        assert "\\u0000" not in said

    def test_what_a_store_cannot_keep_is_told_in_a_file_with_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "people.yaml"
        path.write_text('people:\n  - {id: a, name: "A\\0"}\n', "utf-8")
        assert [str(each) for each in read_people(path, "acme", Reach(())).problems] == [
            f"{path}:2: people[0].name: holds a character that no store keeps (NUL, or half a character)"
        ]

    @given(any_yaml)
    def test_any_text_is_read_or_refused_with_a_line_of_it(self, text: str) -> None:
        try:
            found = parse_source(text, "f").problems
        except ConfigErrors as errors:
            found = errors.errors
            assert found
        lines = len(text.splitlines()) + 1
        assert all(1 <= problem.line <= lines for problem in found)


class TestFiles:
    def test_a_file_is_read_with_the_digest_of_its_content(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
        source = read_source(tmp_path / "a.yaml")
        assert (source.content, source.digest) == ({"a": "1"}, digest_of(b"\xef\xbb\xbfa: 1\n"))

    def test_what_is_not_utf_8_is_told_with_its_line(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_bytes("a: 1\nb: 复盘\n".encode("gb18030"))
        with pytest.raises(ConfigErrors, match=r"a\.yaml:2: is not UTF-8"):
            read_source(tmp_path / "a.yaml")

    def test_a_file_that_is_not_there_is_told_as_such(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigErrors, match=r"none\.yaml:1: cannot be read: No such file"):
            read_source(tmp_path / "none.yaml")

    def test_a_folder_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigErrors, match="cannot be read"):
            read_source(tmp_path)


class TestErrors:
    def test_problems_come_in_the_order_of_lines_and_each_once(self) -> None:
        source = parse_source("a: 1\nb: 2\n", "f")
        late, early = source.problem(Finding(("b",), "x")), source.problem(Finding(("a",), "x"))
        assert ConfigErrors([late, early, late]).errors == (early, late)

    def test_a_near_word_is_offered_unless_there_are_too_many_to_compare(self) -> None:
        assert near("wekly", ["weekly", "monday"]) == "; did you mean 'weekly'?"
        assert near("WEEKLY", ["weekly"]) == "; did you mean 'weekly'?"
        assert near("xyz", ["weekly"]) == ""
        assert near("wekly", ["weekly", *map(str, range(3000))]) == ""
