"""Configurations as text, for the tests of `config`: what is needed to load one, and short ways to read a text."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st

from config.organisation import LoadedOrg, OrganisationRead, read_organisation
from config.yaml_source import parse_source
from domain.cadences import Cadence

ENV = {"FEISHU_SECRET": "a-secret-that-nobody-may-see", "MAIL_PASSWORD": "another one"}

MINIMAL = """\
platforms:
  feishu: {app_id: cli_x, app_secret: "${FEISHU_SECRET}"}
"""
"""The shortest configuration: two lines, so that what a test adds begins on line 3."""

_MARKS = "a|b: |- |[|]|{|}|:|,|\n|\n  |\n\t| |&x |*x|! |!!int |!<x> |> |'|\"|\\x|#|---\n|...\n|? |<<: |@|null|~|0x1F|键"
_ODD = (
    "|",
    '"\\U00110000"',
    "%YAML 1.1\n",
    "%TAG ! x\n",
    "\x07",
    "\ufeff",
    "\x85",
    "\u2028",
    "\ud800",
    '"\\0"',
    '"\\ud800"',
)

any_yaml: st.SearchStrategy[str] = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from((*_MARKS.split("|"), *_ODD)), max_size=20).map("".join),
)
"""Texts that are YAML by chance, or nearly."""


def read(text: str, env: Mapping[str, str] = ENV, folder: Path = Path()) -> OrganisationRead:
    """Read an organisation's file that is called ``org.yaml``; nothing is written to the disk."""
    return read_organisation(folder / "org.yaml", parse_source(textwrap.dedent(text), "org.yaml"), env)


def problems(text: str, env: Mapping[str, str] = ENV, folder: Path = Path()) -> list[str]:
    """Return what is wrong with a text that is added to `MINIMAL`, as printed, in the order of lines."""
    found = read(MINIMAL + textwrap.dedent(text), env, folder).problems
    return [str(problem) for problem in sorted(found, key=lambda each: (each.file, each.line))]


def loaded(text: str = "", env: Mapping[str, str] = ENV, folder: Path = Path()) -> LoadedOrg:
    """Return the settings of a text that is added to `MINIMAL` and has no mistake."""
    result = read(MINIMAL + textwrap.dedent(text), env, folder)
    assert result.org is not None, "\n".join(map(str, result.problems))
    return result.org


def cadence(name: str, text: str) -> Cadence:
    """Return the cadence of that name of a text without mistake that is added to `MINIMAL`."""
    found = loaded(text).policy.cadence(name)
    assert found is not None, f"no cadence {name}"
    return found


def indented(text: str, by: int) -> str:
    """Return a text moved to the right, for use within another one."""
    return textwrap.indent(textwrap.dedent(text), " " * by)
