"""A case file to cases: headings, and the fenced blocks of four backticks or more below them."""

from __future__ import annotations

import re
import shlex
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

_FENCE = re.compile(r"(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"## +(.+?)\s*$")
_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}")

KINDS = (
    "spec",
    "fix",
    "template",
    "meaning",
    "today",
    "beside",
    "approved",
    "completion",
    "accept",
    "hover",
    "actions",
    "action",
    "symbols",
    "hints",
    "lenses",
    "highlight",
    "definition",
    "declaration",
    "references",
    "calls",
    "rename",
    "folding",
    "selection",
    "format",
    "tokens",
    "links",
    "linked",
)


class CaseError(Exception):
    """A case that fails or cannot be read, in words for the one who wrote it."""


@dataclass(slots=True)
class Block:
    """A fenced block: `` ````diff fix rule=missing-item n=2 ```` `` has language, kind and options.

    An option without a value holds the empty string. `line` is the first line of `lines` in the file, from zero.
    """

    language: str
    kind: str
    options: dict[str, str]
    lines: list[str]
    line: int


@dataclass(slots=True)
class Case:
    """One test: its heading, where that stands, and its blocks in order."""

    name: str
    line: int
    blocks: list[Block] = field(default_factory=list)


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises CaseError."""
    cases: list[Case] = []
    lines = path.read_bytes().decode("utf-8").split("\n")
    at = 0
    while at < len(lines):
        fence = _FENCE.match(lines[at])
        heading = _HEADING.match(lines[at])
        if fence:
            start = at + 1
            at = _end_of_fence(lines, start, fence[1])
            if len(fence[1]) > 3:
                if not cases:
                    raise CaseError(f"line {start}: a block before the first `## Heading`")
                cases[-1].blocks.append(_block(fence[2], lines[start:at], start))
        elif heading:
            cases.append(Case(heading[1], at))
        at += 1
    names = [case.name for case in cases]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CaseError(f"two cases are called {twice[0]!r}")
    return cases


def _end_of_fence(lines: list[str], start: int, marker: str) -> int:
    for at in range(start, len(lines)):
        if lines[at].startswith(marker) and not lines[at].strip(marker[0] + " "):
            return at
    raise CaseError(f"line {start}: the block is not closed")


def _block(info: str, lines: list[str], line: int) -> Block:
    words = shlex.split(info)
    if len(words) < 2 or words[1] not in KINDS:
        raise CaseError(f"line {line}: after the language, say what the block is: {', '.join(KINDS)}")
    options = {}
    for word in words[2:]:
        name, _, value = word.partition("=")
        options[name] = value
    return Block(words[0], words[1], options, lines, line)


def decode(line: str) -> str:
    r"""A line of a case file with `\u{2028}` and its like read as the code point."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), line)


def encode(line: str) -> str:
    r"""The reverse: code points that an editor would hide, change or strip are written as `\u{…}`."""
    shown = "".join(
        char if char == " " or unicodedata.category(char) not in ("Zs", "Zl", "Zp", "Cc", "Cf", "Cs") else _escape(char)
        for char in line
    )
    stripped = shown.rstrip(" ")
    return stripped + _escape(" ") * (len(shown) - len(stripped))


def _escape(char: str) -> str:
    return f"\\u{{{ord(char):x}}}"
