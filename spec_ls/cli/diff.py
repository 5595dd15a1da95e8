"""The certain fixes of a document as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date

from spec_ls.features import Surroundings
from spec_ls.features.actions import actions
from spec_ls.text import Span, apply_edits
from spec_ls.workspace import Document


def diff_of_fixes(name: str, document: Document) -> str:
    """What the editor's "fix all" changes in a spec; empty if it changes nothing."""
    source = document.text.source
    return unified_diff(name, source, _fixed(source, document))


def unified_diff(name: str, before: str, after: str) -> str:
    """The difference as `patch -p0` takes it, with `name` on both sides; empty if there is none.

    Lines end at LF here, as they do for patch: a CR stays in its line.
    """
    lines = difflib.unified_diff(list(_lines(before)), list(_lines(after)), name, name)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _fixed(source: str, document: Document) -> str:
    around = Surroundings(date.today(), severities=document.severities)
    start = Span(0, 0, 0, 0)
    for action in actions(document.spec, document.problems(), start, around, ["source.fixAll.spec-ls"]):
        return apply_edits(source, action.edits)
    return source


def _lines(source: str) -> Iterator[str]:
    *whole, last = source.split("\n")
    for line in whole:
        yield line + "\n"
    if last:
        yield last
