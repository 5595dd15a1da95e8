"""The block parser that chooses its rules by the first letter gives markdown-it's own tokens."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from spec_ls.outline.reader import parse_tokens, table

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
