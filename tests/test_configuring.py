"""Help in a configuration file: what may stand at the cursor, and what a key says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdio import Stdio

from spec_ls.config import FEATURES, read_config
from spec_ls.configuring import Proposal, note, proposals
from spec_ls.rules import CATALOGUE
from spec_ls.text import Point, Text, apply_edits

LEVELS = ["off", "hint", "information", "warning", "error"]
TABLES = ["[templates.NAME]", "[rules]", "[[overrides]]", "[people]", "[tickets]", "[features]"]


def folder(parent: str) -> list[str]:
    return {"": ["docs/", "README.md"], "docs/": ["specs/", "📄 template.md"]}.get(parent, [])


def ask(marked: str, in_pyproject: bool = False, snippets: bool = False) -> tuple[list[Proposal], str, Point]:
    """What is proposed at the `¦`."""
    before = marked[: marked.index("¦")]
    point = Point(before.count("\n"), len(before) - before.rfind("\n") - 1)
    source = marked.replace("¦", "")
    return proposals(source, point, in_pyproject, folder, snippets), source, point


def accepted(marked: str, label: str, in_pyproject: bool = False, snippets: bool = False) -> str:
    found, source, point = ask(marked, in_pyproject, snippets)
    chosen = next(one for one in found if one.label == label)
    span = chosen.edit.span
    assert span.start_line == span.end_line == point.line and span.start <= point.offset <= span.end
    return apply_edits(source, [chosen.edit])


@pytest.mark.parametrize(
    ("marked", "labels"),
    [
        ("¦", TABLES),
        ("# words\n\nru¦", TABLES),
        ("[¦", [name.strip("[]") for name in TABLES if name != "[[overrides]]"]),
        ("[[o¦]]", ["overrides"]),
        ("[templates.\"𝔸\"]\n¦", ["path", "builtin", "files", "versions", *TABLES]),
        ("[templates.a]\npath = 'x'\nfi¦", ["builtin", "files", "versions", *TABLES]),
        ("[templates.a]\nbuiltin = ¦", ["adr", "product-spec", "rfc"]),
        ('[templates.a]\nversions = "to¦"', ["today", "git"]),
        ('[templates.a]\npath = "¦"', ["docs/", "README.md"]),
        ('[templates.a]\nfiles = ["docs/¦', ["specs/", "📄 template.md"]),
        ("[templates.a]\nfiles = [\n  '!docs/¦',\n]", ["specs/", "📄 template.md"]),
        ('[templates.a]\npath = "docs/no/¦"', []),
        ("[rules]\nsample-text = ¦", LEVELS),
        ("[rules]\nsample-text = '¦off' # quiet", LEVELS),
        ("[[overrides]]\nrules = { sample-text = \"¦\" }", LEVELS),
        ("[[overrides]]\nfiles = []\nrules = { ¦ }", [rule.name for rule in CATALOGUE]),
        ("[features]\nhover = f¦", ["true", "false"]),
        ("[features]\nhover = false ¦", []),
        ("[features]\nhover = false # ¦", []),
        ("[features]\n¦", [*FEATURES, *TABLES]),
        ("[people]\nreviewers = ['¦']", []),
        ("[nonsense]\n  x¦", []),
        ('[tickets]\nurl = """\n¦', []),
    ],
)  # fmt: skip
def test_what_may_stand(marked: str, labels: list[str]) -> None:
    found, _, _ = ask(marked)
    assert [one.label for one in found] == labels


def test_another_tools_tables_of_pyproject_are_left_alone() -> None:
    assert [one.label for one in ask("[tool.ruff]\n  x¦", True)[0]] == []
    assert [one.label for one in ask("[tool.spec-ls.rules]\nsample-text = '¦'", True)[0]] == LEVELS
    assert [one.label for one in ask("[tool.spec-ls.features]\n  ho¦", True)[0]] == list(FEATURES)
    assert accepted("[t¦]", "tool.spec-ls.rules", True) == "[tool.spec-ls.rules]"
    assert ask("[rules]\nsample-text = '¦'", True)[0] == []


@pytest.mark.parametrize(
    ("marked", "label", "after"),
    [
        ("[rules]\nsample-text = ¦", "error", '[rules]\nsample-text = "error"'),
        ("[rules]\nsample-text = er¦r # 𝔸", "error", '[rules]\nsample-text = "error" # 𝔸'),
        ("[rules]\nsample-text = 'of¦f'", "error", "[rules]\nsample-text = 'error'"),
        ("[rules]\nsam¦", "sample-text", '[rules]\nsample-text = ""'),
        ("[rules]\nsam¦ = 'off'", "sample-text", "[rules]\nsample-text = 'off'"),
        ("[people]\n¦", "reviewers", '[people]\nreviewers = [""]'),
        ("[features]\n¦\nhover = true", "completion", "[features]\ncompletion = \nhover = true"),
        ("ru¦", "[rules]", "[rules]"),
        ("[ru¦", "rules", "[rules]"),
        ("[[¦]]", "overrides", "[[overrides]]"),
        ('[templates.a]\npath = "docs/📄¦"', "📄 template.md", '[templates.a]\npath = "docs/📄 template.md"'),
    ],
)
def test_a_proposal_is_taken(marked: str, label: str, after: str) -> None:
    assert accepted(marked, label) == after
    assert accepted(marked.replace("\n", "\r\n"), label) == after.replace("\n", "\r\n")


def test_what_is_taken_can_be_read() -> None:
    source = accepted("[rules]\n¦", "sample-text")
    source = accepted(source.replace('""', '"¦"'), "off")
    config = read_config(source, in_pyproject=False).config
    assert config is not None and config.rules == {"sample-text": "off"}


def test_tab_stops_stand_between_the_signs_of_the_value() -> None:
    assert accepted("[people]\n¦", "reviewers", snippets=True) == '[people]\nreviewers = ["$0"]'


@pytest.mark.parametrize(
    ("source", "point", "in_pyproject", "words", "covered"),
    [
        ("[rules]\nsample-text = 'off'", Point(1, 3), False, "`sample-text` · Text is still as", "sample-text"),
        ("[rules]\nsample-text = 'off'", Point(1, 16), False, "one of `off`, `hint`", "'off'"),
        ("[templates.a]\nfiles = []", Point(1, 0), False, "`files` · Globs of the specs", "files"),
        ("[templates.a]", Point(0, 3), False, "`a` · A template of the team", "templates.a"),
        ("[[overrides]]\nfiles = []", Point(0, 3), False, "`overrides` · Rules that weigh", "overrides"),
        ("[tool.spec-ls.people]\nurl = ''", Point(1, 1), True, "`url` · Where a person's profile", "url"),
    ],
)
def test_what_a_key_says(source: str, point: Point, in_pyproject: bool, words: str, covered: str) -> None:
    found = note(source, point, in_pyproject)
    assert found is not None and words in found.markdown
    assert Text(source).slice(found.span) == covered


@pytest.mark.parametrize(
    ("source", "in_pyproject"), [("[project]\nname = 'x'", True), ("[rules]\nno-rule = 'x'", False)]
)
def test_nothing_is_said_of_what_is_not_ours(source: str, in_pyproject: bool) -> None:
    assert note(source, Point(1, 2), in_pyproject) is None


PIECES = [*"[].= {},#\n\r𝔸é\"'", "[[", "rules", "templates", "a", "files", "'''"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.data())
def test_any_text_is_borne(pieces: list[str], data: st.DataObject) -> None:
    source = "".join(pieces)
    text = Text(source)
    line = data.draw(st.integers(0, len(text.lines) - 1))
    point = Point(line, data.draw(st.integers(0, len(text.content(line)))))
    for one in proposals(source, point, data.draw(st.booleans()), folder, True):
        span = one.edit.span
        assert span.start_line == line and span.start <= point.offset <= span.end <= len(text.content(line))
    found = note(source, point, False)
    assert found is None or found.span.holds(point)


def test_a_configuration_in_the_editor(tmp_path: Path) -> None:
    """Folders and files are those beside it; nothing outside is listed."""
    root = tmp_path / "team"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "📄.md").write_text("# x", "utf-8")
    (root / "docs" / "notes.txt").write_text("x", "utf-8")
    (tmp_path / "outside.md").write_text("x", "utf-8")
    uri = (root / ".spec-ls.toml").as_uri()
    text = '[templates.a]\npath = "docs/"\nfiles = ["../"]\n'
    with Stdio() as server:
        server.initialize(rootUri=root.as_uri())
        item = {"uri": uri, "languageId": "toml", "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": item})

        def asked(method: str, line: int, character: int) -> object:
            where = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
            return server.request(f"textDocument/{method}", where)["result"]

        listed = asked("completion", 1, 13)
        assert isinstance(listed, dict) and [one["label"] for one in listed["items"]] == ["📄.md"]
        outside = asked("completion", 2, 13)
        assert isinstance(outside, dict) and outside["items"] == []
        told = asked("hover", 2, 2)
        assert isinstance(told, dict) and told["contents"]["value"].startswith("files · Globs of the specs")
