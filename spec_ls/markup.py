"""Markdown of ours in which words of documents and templates are no markup; the same as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKS = re.compile(r"[\\`*_\[\]<>()#|~!@:.+=-]|&(?=#?\w+;)")
_TOKEN = re.compile(r"\\([!-/:-@\[-`{-~])|\*\*|(`+)")
_SHOWN_LETTERS = 400


def escape(text: str) -> str:
    """`text` on one line, so that nothing in it is markup, a link or an entity (CommonMark, "Backslash escapes")."""
    text = " ".join(text.split())
    if len(text) > _SHOWN_LETTERS:
        text = text[:_SHOWN_LETTERS] + "…"
    return _MARKS.sub(lambda found: "\\" + found[0] if _is_live(text, found) else found[0], text)


def _is_live(text: str, mark: re.Match[str]) -> bool:
    """Whether a mark could mean something where it stands: sentence marks inside a text are left in peace."""
    at = mark.start()
    if mark[0] == ".":  # `1.` begins a list as `1)` does, `www.` a link
        return text[:at].isdigit() or text[max(0, at - 3) : at].casefold() == "www"
    if mark[0] == ":":  # `https://` begins a link
        return text.startswith("//", at + 1)
    if mark[0] == "!":
        return text.startswith("[", at + 1)
    if mark[0] in "()":
        return text[:at].isdigit() or text[max(0, at - 1) : at] == "]"
    if mark[0] in "#+=-":
        return at == 0 or mark[0] == "#" or not text[:at].strip("=-")
    return True


def code(text: str) -> str:
    """`text` as a code span; empty for an empty text."""
    text = " ".join(text.split())
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * (longest + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{marks}{pad}{text}{pad}{marks}"


def fenced(lines: Sequence[str]) -> str:
    """Lines of Markdown as their source, in a fence that nothing in them closes."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    marks = "`" * max(3, longest + 1)
    return "\n".join([f"{marks}markdown", *lines, marks])


def quote(text: str) -> str:
    """`text` as a block quote."""
    return f"> {escape(text)}"


def as_plain(markdown: str) -> str:
    """Markdown made with the functions above, and with `**`, as plain text. Takes time in proportion to it."""
    lines: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        if not fence and line.startswith("```"):
            fence = line.removesuffix("markdown")
        elif fence and line == fence:
            fence = ""
        else:
            lines.append(line if fence else _plain_line(line.removeprefix("> ")))
    return "\n".join(lines)


def _plain_line(line: str) -> str:
    parts, at = [], 0
    while found := _TOKEN.search(line, at):
        parts.append(line[at : found.start()])
        at, marks = found.end(), found[2] or ""
        if found[1]:
            parts.append(found[1])
        elif marks and (end := line.find(marks, at)) >= 0:
            parts.append(line[at:end].strip())
            at = end + len(marks)
    return "".join([*parts, line[at:]])
