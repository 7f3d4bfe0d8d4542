"""The documents say what is so: links lead somewhere, settings load, commands, metrics and names exist."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from adapters.dingtalk import errors as dingtalk_errors
from adapters.feishu import errors as feishu_errors
from adapters.feishu.endpoint import endpoint_error
from adapters.wecom import errors as wecom_errors
from bot.commands.group import COMMANDS
from config.loader import load
from config.people_file import PeopleFilePart
from config.schema import OrgFilePart
from config.yaml_source import parse_source

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
RECORDS = sorted(ROOT.glob("docs/adr/[0-9]*.md"))
OPERATING = ROOT / "docs" / "operating.md"
PACKAGES = ("adapters", "bot", "config", "domain", "handlers", "storage")

HEADINGS = ["Status", "Date", "Context", "Options", "Decision", "Consequences"]
PLATFORM = 'platforms: {feishu: {app_id: cli_1, app_secret: "${FEISHU_SECRET}"}}\n'
"""What is put before an example that shows a part only: the one thing a file cannot do without."""

PEOPLE = "people: [{id: lihua, name: 李华, department: 研发/实习}, {id: wanglei, name: 王磊, department: 产品}]\n"


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
each_record = pytest.mark.parametrize("path", RECORDS, ids=_name)


def _prose(path: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def _blocks(path: Path, language: str) -> list[str]:
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


def _rows(path: Path, heading: str) -> list[list[str]]:
    """Return the cells of all tables of a section, without heads."""
    text = path.read_text("utf-8")
    section = re.split(r"^#{2,3} ", text[text.index(f"# {heading}\n") :], flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if re.match(r" *\|(?!\s*-)", line)]
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]


def _anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", _prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@each_document
def test_links_within_the_repository_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), f"{target} leads nowhere"
        if anchor:
            assert anchor in _anchors(found), f"{target}: no such heading"


@each_document
def test_every_yaml_example_is_a_configuration_that_loads(path: Path, tmp_path: Path) -> None:
    names = set(re.findall(r"\$\{(\w+)\}", path.read_text("utf-8"))) | {"FEISHU_SECRET"}
    secrets = {name: "k" * 43 if name.endswith("AES_KEY") else "secret" for name in names}
    for number, text in enumerate(_blocks(path, "yaml")):
        folder = tmp_path / str(number)
        folder.mkdir()
        content = parse_source(text, _name(path)).content
        assert isinstance(content, dict)
        shows_people = isinstance(content.get("people"), list)
        wants_people = "lihua" in text and not shows_people
        (folder / "people.yaml").write_text(text if shows_people else PEOPLE, "utf-8")
        file = "" if shows_people else text.replace("file:/run/secrets/feishu", "${FEISHU_SECRET}")
        file += "" if "platforms" in content else PLATFORM
        file += "people: {file: people.yaml}\n" if shows_people or wants_people else ""
        (folder / "org.yaml").write_text(file, "utf-8")
        assert load(folder / "org.yaml", secrets).orgs


@each_document
def test_every_command_and_target_that_is_shown_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    assert set(re.findall(r"python -m bot ([a-z-]+)", text)) <= COMMANDS.keys()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, flags=re.MULTILINE)) <= targets


@pytest.mark.parametrize(("name", "heading"), [("README.md", "Commands"), ("README.zh-CN.md", "命令")])
def test_the_readme_lists_exactly_the_commands_there_are(name: str, heading: str) -> None:
    listed = [re.sub("`", "", row[0]) for row in _rows(ROOT / name, heading)[1:]]
    assert listed == list(COMMANDS)


def test_both_readmes_show_the_same_examples_and_sections() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    without_comments = [[re.sub(r" *#.*", "", block) for block in _blocks(path, "yaml")] for path in (english, chinese)]
    assert without_comments[0] == without_comments[1]
    assert len(re.findall(r"^## ", _prose(english), re.M)) == len(re.findall(r"^## ", _prose(chinese), re.M))


@each_record
def test_every_record_has_the_six_headings_in_order_and_a_line_in_the_index(path: Path) -> None:
    text = path.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, flags=re.MULTILINE) == HEADINGS
    assert text.startswith(f"# {path.name[:4]}: ")
    assert re.search(r"^## Date\n\n\d{4}-\d{2}-\d{2}$", text, flags=re.MULTILINE)
    assert f"({path.name})" in (ROOT / "docs" / "adr" / "README.md").read_text("utf-8")


def test_records_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))


def _code_names() -> list[str]:
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    return re.findall(r"\| `([a-z_]+\.[\w.]+)` \|$", text, flags=re.MULTILINE)


@pytest.mark.parametrize("dotted", _code_names())
def test_every_name_of_the_glossary_exists_in_the_code(dotted: str) -> None:
    parts = dotted.split(".")
    cut = next(n for n in range(len(parts) - 1, 0, -1) if (ROOT.joinpath(*parts[:n]).with_suffix(".py")).exists())
    found: Any = importlib.import_module(".".join(parts[:cut]))
    for part in parts[cut:]:
        fields = getattr(found, "__dataclass_fields__", {})
        found = fields[part] if part in fields else getattr(found, part)


def test_every_line_of_the_glossary_names_its_code() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    lines = [
        line for line in text.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| English"))
    ]
    assert len(lines) == len(_code_names())
    words = [line.split("|")[1].strip() for line in lines]
    assert len(words) == len(set(words)), "a word stands for two ideas"


def _parts_in(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _parts_in(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [part for member in get_args(annotation) for part in _parts_in(member)]
    return [annotation]


def _inner(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the parts that a key's value holds, with what stands between the key and theirs."""
    for part in _parts_in(annotation):
        shape = get_origin(part)
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield part, "."
        elif shape is tuple:
            yield from ((inner, f"[]{rest}") for inner, rest in _inner(get_args(part)[0]))
        elif shape is dict:
            yield from ((inner, f".NAME{rest}") for inner, rest in _inner(get_args(part)[1]))


def _keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        yield key
        # What an override may say is documented where the organisation says it.
        if not re.match(r"overrides\[\]\.", key):
            for part, rest in _inner(field.annotation):
                yield from _keys(part, key + rest)


@pytest.mark.parametrize(
    ("model", "headings"),
    [
        (
            OrgFilePart,
            ("The organisation and its connections", "How people are treated", "Practices"),
        ),
        (PeopleFilePart, ("The people file",)),
    ],
)
def test_the_reference_names_every_key_of_the_configuration_and_no_other(
    model: type[BaseModel], headings: tuple[str, ...]
) -> None:
    rows = [row for heading in headings for row in _rows(OPERATING, heading) if row[0] != "key"]
    documented = [row[0].strip("`") for row in rows]
    assert sorted(documented) == sorted(set(_keys(model)))


def _source() -> str:
    return "\n".join(path.read_text("utf-8") for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


def test_every_action_and_metric_that_is_documented_is_in_the_code() -> None:
    source = _source()
    actions = [name for row in _rows(OPERATING, "Logs")[1:] for name in re.findall(r"`([a-z_.]+)`", row[0])]
    metrics = [name for row in _rows(OPERATING, "Metrics")[1:] for name in re.findall(r"`(\w+)`", row[0])]
    assert actions
    assert metrics
    assert [name for name in (*actions, *metrics) if f'"{name}"' not in source] == []


def test_every_action_of_the_code_is_documented() -> None:
    logged = set(re.findall(r'action="([a-z_.]+)"|"(quota\.[a-z_]+)"', _source()))
    documented = {name for row in _rows(OPERATING, "Logs") for name in re.findall(r"`([a-z_.]+)`", row[0])}
    assert {first or second for first, second in logged} - documented == set()


def test_every_metric_of_the_code_is_documented() -> None:
    declared = set(re.findall(r'"(fupan_\w+)"', (ROOT / "bot" / "meter.py").read_text("utf-8")))
    documented = {name for row in _rows(OPERATING, "Metrics") for name in re.findall(r"`(\w+)`", row[0])}
    assert declared <= documented


KNOWN = {
    "feishu": {*map(str, feishu_errors.KNOWN), "403", "514", "1000040344", "1000040350"},
    "wecom": set(map(str, wecom_errors.KNOWN)),
    "dingtalk": set(dingtalk_errors.KNOWN),
}
"""The codes that have a meaning; those of Feishu's endpoint for sockets are looked up by a function instead."""

_CODE = re.compile(r"\d{3,}|[a-zA-Z]+(\.\w+)+|[a-z]+[A-Z]\w+")


@pytest.mark.parametrize("platform", KNOWN)
def test_every_code_of_a_guide_is_known_to_the_adapter_in_both_languages(platform: str) -> None:
    guide = ROOT / "docs" / f"setup-{platform}.md"
    chinese, english = (
        {code for row in _rows(guide, heading) for code in re.split(r"[ `·]+", row[0]) if _CODE.fullmatch(code)}
        for heading in ("常见故障", "Troubleshooting")
    )
    assert len(chinese) > 15
    assert chinese == english
    assert chinese - KNOWN[platform] == set()


@pytest.mark.parametrize("code", [403, 514, 1000040344, 1000040350])
def test_the_codes_of_the_endpoint_for_sockets_have_a_fix(code: int) -> None:
    assert "look the code up" not in endpoint_error(code).hint
