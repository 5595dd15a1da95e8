"""The block parser that chooses rules by the first letter gives markdown-it's tokens, simple chunks the same blocks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from spec_ls import outline
from spec_ls.outline import Outline
from spec_ls.outline.blocks import Chunk
from spec_ls.outline.reader import parse_tokens, table
from spec_ls.outline.simple import read_simple
from spec_ls.template import builtin
from spec_ls.text import Text

_PIECES = (
    *(
        "- ",
        "* ",
        "+ ",
        "-",
        "1. ",
        "2) ",
        "> ",
        "# ",
        "### ",
        "#",
        "```",
        "~~~",
        "`",
        "<!--",
        "-->",
        "<div>",
        "[a]: b",
    ),
    *(
        "[x]: ",
        "[",
        "]",
        "---",
        "===",
        "=",
        "***",
        "___",
        " ",
        "    ",
        "\t",
        "|a|b|",
        "|-|-|",
        "a",
        "b c",
        "\\",
        "\xa0",
    ),
)
_LINES = st.lists(st.lists(st.sampled_from(_PIECES), max_size=5).map("".join), min_size=1, max_size=10)


def _by_markdown_it(lines: list[str]) -> tuple[list[Token], set[str]]:
    md = MarkdownIt("commonmark", {"maxNesting": 120}).enable("table")
    md.block.ruler.at("table", table, {"alt": ["paragraph", "reference"]})  # an ATX heading is no table
    tokens: list[Token] = []
    env: dict[str, dict[str, object]] = {}
    md.block.parse("\n".join(lines), md, env, tokens)
    return tokens, set(env.get("references", ()))


@settings(max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "200")) * 4, deadline=None)
@given(_LINES)
def test_tokens_are_those_of_markdown_it(lines: list[str]) -> None:
    expected, labels = _by_markdown_it(lines)
    tokens, found = parse_tokens(lines)
    assert [token.as_dict() for token in tokens] == [token.as_dict() for token in expected]
    assert found == labels


_STARTS = [
    "",
    "",
    "",
    "- ",
    "* ",
    "- [ ] ",
    "- [x]",
    "  - ",
    "  ",
    "    - ",
    "1. ",
    "2. ",
    "10) ",
    "   ",
    "+ ",
    "> ",
    "\t",
]
_WORDS = [
    "a",
    "words and more",
    "**bold**:",
    "*i* j",
    "`code`",
    "2026-01-01",
    "5. x",
    "_u_",
    "é 🚀",
    "[a](b)",
    "[a]",
    "- b",
    "* *",
]
_WORDS += [
    "***",
    "* c",
    "#tag",
    "a | b",
    "a # b",
    "[ ] x",
    "x]: y",
    "a\u2028b\x1f",
    "\xa0n",
    "a\0b",
    "___",
    "---",
    "=",
    "a\\",
    "~x~",
]
_WHOLE = [
    "",
    "",
    "",
    " ",
    "# T",
    "## 1. T",
    "### Story 1: x",
    "#### C ##",
    "# ",
    "####### 7",
    "```",
    "```json",
    "~~~",
    "````",
    "  ```",
]
_WHOLE += [
    "<!-- c -->",
    "<div>",
    "| a | b |",
    "|---|---|",
    "---",
    "===",
    "[r]: x",
    "``` a`b",
    "-",
    "1.",
    "- ",
    " # in",
    "\u3000",
]
_SIMPLE_LINES = st.one_of(
    st.sampled_from(_WHOLE),
    st.tuples(st.sampled_from(_STARTS), st.sampled_from(_WORDS), st.sampled_from(["", "", "", " ", "  ", "\xa0"])).map(
        "".join
    ),
)


_ROWS = [
    "| a | b |",
    "| a | b |  ",
    "|---|---|",
    "|---|---|",
    "| :-- | --: |",
    "| :-: | - | ",
    "|:--|",
    "| -- |\t",
    "|--|--",
    "--|--",
    "| - - | - |",
    "|| --- |",
    "| a \\| b | c |",
    "| a \\\\| b |",
    "| `x|y` | z |",
    "| a \\|",
    "|\\| a |",
    "| a |",
    "| a | b | c |",
    "|a||b|",
    "| a | b",
    "a | b |",
    " | a | b |",
    "|",
    "||",
    "| \t |",
    "| \xa0 | \u3000|",
    "| [x]: y | \0 |",
    "- a | b",
    "  |--|--|",
    "text",
    "",
    "",
]


def _without_simple(source: str) -> list[Chunk]:
    with patch.object(outline, "read_simple", lambda *_: None):
        return Outline(Text(source)).chunks


def _parts(chunks: Sequence[Chunk]) -> list[object]:
    return [(chunk.line_count, chunk.sections, chunk.definitions) for chunk in chunks]


@settings(max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "200")) * 3, deadline=None)
@given(
    st.lists(_SIMPLE_LINES, max_size=12), st.sampled_from(["# T\n", "# T\n", "", "# T\n- a\n", "---\nx: y\n# c\n---\n"])
)
def test_simple_chunks_are_those_of_markdown_it(lines: list[str], start: str) -> None:
    source = start + "\n".join(lines)
    assert _parts(Outline(Text(source)).chunks) == _parts(_without_simple(source))


@settings(max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "200")) * 3, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_ROWS), st.sampled_from(_ROWS), _SIMPLE_LINES), max_size=9))
def test_tables_are_those_of_markdown_it(lines: list[str]) -> None:
    for source in ("# T\n" + "\n".join(lines), "# T\n| a | b |\n|---|---|\n" + "\n".join(lines)):
        assert _parts(Outline(Text(source)).chunks) == _parts(_without_simple(source))


def test_a_table_ends_where_markdown_it_has_filled_up_too_many_cells() -> None:
    columns = 2000
    source = f"# T\n{'|a' * columns}|\n{'|-' * columns}|\n" + "|a|\n" * 40
    (chunk,) = Outline(Text(source)).chunks
    assert len(chunk.sections[0].blocks) > 1
    assert _parts([chunk]) == _parts(_without_simple(source))


def test_documents_of_teams_are_the_same_either_way() -> None:
    texts = [path.read_text("utf-8") for path in Path(__file__).parents[2].glob("shared/corpora/**/*.md")]
    for source in (builtin().source, *texts):
        assert _parts(Outline(Text(source)).chunks) == _parts(_without_simple(source))


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\nOne line.\nAnother **one**.\n\n",
        "### Story 1: x\n**Acceptance Criteria:**\n- [ ] a\n- [x] b\n  on\n\n* c\n  - d\n  - e\n\n1. f\n2. g\n",
        "# T\n\n| **Key** | Value |\n| :--- | ---: |\n| `a\\|b` | c | d |\n| e |\n\na | b\n",
        "## T\ntext\n|a|\n|-|\n",
        "## T\n1. — a\n2. b\n3. `c`\n\n- [ ] a\n- b\n\ntext\n",
        "## 2. `x` & y\ntext\n```json\n# not a heading\n | - ]: \t\n```\nmore\n",
    ],
)
def test_most_chunks_are_simple(text: str) -> None:
    lines = text.split("\n")
    assert read_simple(lines, 0, len(lines)) is not None
