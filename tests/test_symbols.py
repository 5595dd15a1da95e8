"""Symbols: long documents."""

from __future__ import annotations

from spec_ls.features.symbols import Symbol, symbols
from spec_ls.template import builtin
from spec_ls.workspace import Document


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
