"""How commands write: plain columns where nobody looks, frames on a terminal, nothing but JSON for programs."""

import json
import sys
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.output import note, progress, say, say_json, say_table


class Terminal(StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_results_go_to_stdout_and_notes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    say("result")
    note("by the way")
    out, err = capsys.readouterr()
    assert (out, err) == ("result\n", "by the way\n")


def test_columns_stand_below_one_another_also_with_chinese_words(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("who", "what"), [("王磊", "x"), ("li", "y")])
    assert capsys.readouterr().out == "who   what\n王磊  x\nli    y\n"


def test_the_last_column_is_not_padded(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("a", "b"), [("1", "a long one"), ("2", "")])
    assert [line for line in capsys.readouterr().out.splitlines() if line.endswith(" ")] == []


def test_a_table_without_rows_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(("a", "b"), [])
    assert capsys.readouterr().out == "a  b\n"


@given(rows=st.lists(st.tuples(st.text("ab王é", max_size=5), st.text("ab", min_size=1, max_size=5)), max_size=5))
def test_every_second_column_begins_in_the_same_place(rows: list[tuple[str, str]]) -> None:
    stream = StringIO()
    before, sys.stdout = sys.stdout, stream
    try:
        say_table(("first", "second"), rows)
    finally:
        sys.stdout = before
    lines = stream.getvalue().splitlines()
    places = {_width(line.rstrip()) - _width(cell) for line, (_, cell) in zip(lines[1:], rows, strict=True)}
    assert places <= {lines[0].index("second")}


def _width(text: str) -> int:
    return sum(2 if sign == "王" else 1 for sign in text)


def test_a_terminal_gets_a_frame_and_words_are_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    say_table(("who",), [("[bold]王磊[/bold]",)])
    assert "[bold]王磊[/bold]" in terminal.getvalue()
    assert "┃" in terminal.getvalue() or "|" in terminal.getvalue()


def test_a_narrow_terminal_folds_and_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    say_table(("what", "why"), [("people.reachable.by.anybody", "x" * 60)])
    assert "…" not in terminal.getvalue()
    assert terminal.getvalue().count("x") == 60


def test_json_keeps_chinese_words_readable(capsys: pytest.CaptureFixture[str]) -> None:
    say_json({"name": "示例科技"})
    out = capsys.readouterr().out
    assert "示例科技" in out
    assert json.loads(out) == {"name": "示例科技"}


def test_progress_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("examining") as step:
        step("store")
    assert capsys.readouterr() == ("", "")


def test_progress_shows_on_a_terminal_what_is_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("examining") as step:
        step("store")
    assert "examining" in terminal.getvalue()
