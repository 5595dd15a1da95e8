"""What changes in a text, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator


def unified_diff(name: str, before: str, after: str) -> str:
    """The difference as `patch -p0` takes it, with `name` on both sides; empty if there is none.

    Lines end at LF here, as they do for patch: a CR stays in its line.
    """
    name = _quoted(name)
    lines = difflib.unified_diff(list(_lines(before)), list(_lines(after)), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _quoted(name: str) -> str:
    """A file's name as git and GNU patch read it: a tab ends one with spaces, odd characters stand in quotes."""
    if not any(char in '"\\' or char < " " for char in name):
        return f"{name}\t" if " " in name else name
    marks = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(marks.get(char) or (f"\\{ord(char):03o}" if char < " " else char) for char in name) + '"'


def _lines(source: str) -> Iterator[str]:
    *whole, last = source.split("\n")
    for line in whole:
        yield line + "\n"
    if last:
        yield last
