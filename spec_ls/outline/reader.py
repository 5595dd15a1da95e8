"""markdown-it's block parser with its rules chosen by a line's first letter: the same tokens in half the time.

As it comes, markdown-it asks eight rules of every line of a paragraph whether it starts something else, twice. All but
tables and setext headings know that by the first letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias

from markdown_it import MarkdownIt, rules_block
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

_Rule: TypeAlias = Callable[[StateBlock, int, int, bool], bool]
_Letters: TypeAlias = Mapping[str, tuple[_Rule, ...]]

_OPTIONS = {"maxNesting": 120}
"""Sixty lists in each other; what is deeper is left out, so that no text exhausts the stack."""
_UNDERLINE = re.compile(r"[-=][ \t]*$", re.M)
"""What every underline of a setext heading ends with."""

# Each letter's rules stand in markdown-it's own order.
_IN_LIST: _Letters = {
    "`": (rules_block.fence,),
    "~": (rules_block.fence,),
    ">": (rules_block.blockquote,),
    "-": (rules_block.hr,),
    "*": (rules_block.hr,),
    "_": (rules_block.hr,),
}
"""What ends a list without an empty line."""
_IN_TEXT: _Letters = {
    **_IN_LIST,
    "-": (rules_block.hr, rules_block.list_block),
    "*": (rules_block.hr, rules_block.list_block),
    **dict.fromkeys("+0123456789", (rules_block.list_block,)),
    "<": (rules_block.html_block,),
    "#": (rules_block.heading,),
}
"""What ends a paragraph, a quote or a definition."""
_START: _Letters = {**_IN_TEXT, "[": (rules_block.reference,)}


def _marked(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """One rule for all blocks that the first letter of a line tells."""
    return _first_of(_IN_TEXT if silent else _START, state, line, end_line, silent)


def _ends_list(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """The same where a list is asked; no block begins with it."""
    return silent and _first_of(_IN_LIST, state, line, end_line, silent)


def _first_of(letters: _Letters, state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    at = state.bMarks[line] + state.tShift[line]
    rules = letters.get(state.src[at : at + 1])
    return rules is not None and any(rule(state, line, end_line, silent) for rule in rules)


def table(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """The rule for tables, unless the first line is an ATX heading: that comes first in GFM, not so in markdown-it."""
    return not rules_block.heading(state, line, end_line, True) and rules_block.table(state, line, end_line, silent)


def _no_underline(state: StateBlock, line: int, end_line: int, silent: bool) -> bool:
    """The rule for setext headings in a text without underlines; it leaves the state as markdown-it's own would."""
    if not state.is_code_block(line):
        state.parentType = "paragraph"
    return False


class _Token(Token):
    """A token without the checks of its attributes: those are half of what making one costs."""

    __slots__ = ()

    def __init__(self, kind: str, tag: str, nesting: Literal[-1, 0, 1], level: int) -> None:
        self.type = kind
        self.tag = tag
        self.nesting = nesting
        self.attrs = {}
        self.map = None
        self.level = level
        self.children = None
        self.content = ""
        self.markup = ""
        self.info = ""
        self.meta = {}
        self.block = True
        self.hidden = False


class _State(StateBlock):
    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        if nesting < 0:
            self.level -= 1
        token = _Token(ttype, tag, nesting, self.level)
        if nesting > 0:
            self.level += 1
        self.tokens.append(token)
        return token


def _parser() -> MarkdownIt:
    md = MarkdownIt("commonmark", _OPTIONS).enable("table")
    ruler = md.block.ruler
    ruler.at("table", table, {"alt": ["paragraph", "reference"]})
    ruler.before("lheading", "marked", _marked, {"alt": ["paragraph", "reference", "blockquote"]})
    ruler.before("paragraph", "ends_list", _ends_list, {"alt": ["list"]})
    ruler.disable(["fence", "blockquote", "hr", "list", "reference", "html_block", "heading"])
    return md


_with_setext, _without_setext = _parser(), _parser()
_without_setext.block.ruler.at("lheading", _no_underline)


def parse_tokens(lines: Sequence[str]) -> tuple[list[Token], set[str]]:
    """The block tokens of `lines` (without line ends) and the labels of its link reference definitions."""
    tokens: list[Token] = []
    env: dict[str, dict[str, object]] = {}
    source = "\n".join(lines)
    md = _with_setext if _UNDERLINE.search(source) else _without_setext
    if source:
        state = _State(source, md, env, tokens)
        md.block.tokenize(state, state.line, state.lineMax)
    return tokens, set(env.get("references", ()))
