"""Symbols: long documents."""

from __future__ import annotations

import pytest

from spec_ls.features.symbols import Kept, Symbol, symbols
from spec_ls.template import builtin
from spec_ls.text import Span
from spec_ls.workspace import Document, Replacement


def test_fifty_thousand_headings_of_jumping_levels() -> None:
    source = "# T\n" + "".join(f"{'#' * (1 + number * 7 % 6)} H{number}\n" for number in range(50_000))
    found = symbols(Document(source, builtin()).spec)
    count, stack = 0, [*found]
    while stack:
        symbol: Symbol = stack.pop()
        stack += symbol.children
        count += 1
    assert count == 50_001
    assert [symbol.kind for symbol in found[:2]] == ["title", "section"]


SPEC = """# T

## 3. User Stories & Acceptance Criteria
### Story 1: 😀
a
### Story 2: b
c
## 5. Rollout Plan
- **Runbooks**: d
"""


@pytest.mark.parametrize(
    ("span", "new_text", "same"),
    [
        (Span(4, 0, 4, 1), "longer", {"Story 2: b"}),
        (Span(4, 0, 4, 1), "é", {"Story 1: 😀", "Story 2: b"}),
        (Span(5, 11, 5, 12), "c", {"Story 1: 😀"}),
        (Span(4, 1, 4, 1), "\n", set()),
        (Span(5, 0, 5, 0), "#", set()),
        (Span(7, 0, 7, 0), "x", {"Story 1: 😀"}),
    ],
)
def test_symbols_that_have_not_changed_are_kept(span: Span, new_text: str, same: set[str]) -> None:
    kept: dict[int, Kept] = {}
    document = Document(SPEC, builtin())
    before = _flat(symbols(document.spec, kept, document.problems()))
    document.change(Replacement(span, new_text))
    found = symbols(document.spec, kept, document.problems())
    fresh = Document(document.text.source, builtin())
    assert found == symbols(fresh.spec, None, fresh.problems())
    names = {symbol.name for symbol in _flat(found) if any(symbol is old for old in before) and symbol.kind == "story"}
    assert names == same
    again = _flat(symbols(document.spec, kept, document.problems()))
    assert all(symbol is old for symbol, old in zip(again, _flat(found), strict=True) if symbol.kind == "story")


def _flat(found: list[Symbol]) -> list[Symbol]:
    return [symbol for top in found for symbol in (top, *_flat([*top.children]))]
