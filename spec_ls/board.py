"""The board: all specs of a workspace by their status, as Markdown or as a page of HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence

from spec_ls.catalogue import Card
from spec_ls.markup import escape
from spec_ls.moves import posix
from spec_ls.template.annotations import STAGES
from spec_ls.values import count

_NONE = "No status"
_COLUMNS = ("Spec", "Title", "Owner", "Target", "Progress")
_STYLE = (
    "body{font-family:sans-serif;margin:2em auto;max-width:70em}table{border-collapse:collapse;width:100%}"
    "td,th{border-bottom:1px solid #8886;padding:.3em .6em;text-align:left}th{opacity:.7}"
)

Address = Callable[[str], str]
"""The address of a spec by its path."""


def columns(cards: Iterable[Card]) -> list[tuple[str, list[Card]]]:
    """The cards by status: those of an earlier stage first, then by name; in each by identifier and path."""
    found: dict[tuple[int, str], list[Card]] = {}
    for card in cards:
        found.setdefault((STAGES.index(card.stage) if card.status else -1, card.status), []).append(card)
    return [(status or _NONE, sorted(found[key], key=_by_id)) for key in sorted(found) for status in (key[1],)]


def _by_id(card: Card) -> tuple[bool, str, str]:
    return not card.id, card.id, card.path


def as_markdown(cards: Iterable[Card], address: Address) -> str:
    """The board as Markdown: a table a status."""
    lines = ["# Specs", ""]
    for status, group in columns(cards):
        lines += [f"## {escape(status)} ({len(group)})", "", _row(_COLUMNS), _row(["---"] * len(_COLUMNS))]
        for card in group:
            name, *rest = map(escape, _cells(card))
            lines.append(_row([f"[{name}](<{address(card.path).translate({60: '%3C', 62: '%3E'})}>)", *rest]))
        lines.append("")
    return "\n".join(lines) if len(lines) > 2 else "# Specs\n\nThere are none yet.\n"


def as_html(cards: Iterable[Card], address: Address) -> str:
    """The board as a page that needs nothing else."""
    parts = ['<!doctype html><html lang="en"><meta charset="utf-8"><title>Specs</title>', f"<style>{_STYLE}</style>"]
    parts.append("<h1>Specs</h1>")
    for status, group in columns(cards):
        heads = "".join(f"<th>{name}</th>" for name in _COLUMNS)
        parts.append(f"<h2>{html.escape(status)} ({len(group)})</h2><table><tr>{heads}</tr>")
        for card in group:
            name, *rest = map(html.escape, _cells(card))
            link = f'<a href="{html.escape(address(card.path))}">{name}</a>'
            parts.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in (link, *rest))}</tr>")
        parts.append("</table>")
    return "\n".join(parts if len(parts) > 3 else [*parts, "<p>There are none yet.</p>"]) + "\n"


def _cells(card: Card) -> Sequence[str]:
    left = f", {count(card.samples, 'sample')} left" if card.samples else ""
    progress = f"{card.filled} of {count(card.total, 'section')}{left}"
    name = card.id or posix(card.path).rpartition("/")[2]
    return [" ".join(cell.split()) for cell in (name, card.title, card.owner, card.target, progress)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
