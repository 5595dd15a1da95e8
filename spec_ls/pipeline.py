"""A picture of a template's lifecycle: its statuses as boxes with how many specs have each, its moves as arrows."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from spec_ls.template.model import State, Template
from spec_ls.values import count

_HEIGHT = 64
_GAP = 44
_MARGIN = 4
_LEAST, _MOST, _LETTER = 104, 220, 8.5
"""Pixels of the narrowest and the widest box, and of a letter."""
_ARC = 26
_RAIL = 22
_MOST_STATES = 40
_HEAD = 'fill="none" stroke="var(--muted)" stroke-width="1.5"'


class _Box(NamedTuple):
    state: State
    number: int
    x: float
    y: float
    width: float

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        return self.y + _HEIGHT


def as_svg(template: Template, numbers: Sequence[int]) -> str:
    """The picture, in the colours `--draft`, `--review` and so on of the page around it; empty for fewer than two
    statuses, or too many.

    Those that lead to the end stand in a row, those that set a spec aside below; `numbers` are those of the specs.
    """
    if not 2 <= len(template.states) <= _MOST_STATES:
        return ""
    numbered = list(zip(template.states, numbers, strict=True))
    moves = _moves(template)
    row = [one for one in numbered if one[0].stage != "parked"]
    aside = [one for one in numbered if one[0].stage == "parked"]
    place = {state.name: at for at, (state, _) in enumerate(row)}
    arcs = [(a, b) for a, b in moves if a in place and b in place and place[b] - place[a] != 1]
    highest = max((abs(place[b] - place[a]) for a, b in arcs), default=0)
    top = _MARGIN + (_ARC * (1 + min(highest, 5) * 0.5) if arcs else 0)
    boxes = _placed(row, top)
    into = {state.name: frozenset(a for a, b in moves if b == state.name and a in place) for state, _ in aside}
    rails = list(dict.fromkeys(sources for sources in into.values() if sources))
    below = top + (_HEIGHT + _RAIL * (len(rails) + 1) if row else 0)
    boxes += _placed(aside, below)
    by_name = {box.state.name: box for box in boxes}
    lines = [_straight(by_name[a], by_name[b]) for a, b in moves if place.get(b, -1) - place.get(a, len(row)) == 1]
    lines += [_arc(by_name[a], by_name[b], abs(place[b] - place[a])) for a, b in arcs]
    for at, sources in enumerate(rails):
        targets = [by_name[name] for name, wanted in into.items() if wanted == sources]
        lines += _rail([by_name[name] for name in sources], targets, top + _HEIGHT + _RAIL * (at + 1))
    lines += [_back(by_name[a], by_name[b]) for a, b in moves if a not in place and b in place]
    width = max(box.x + box.width for box in boxes) + _MARGIN
    height = max(box.bottom for box in boxes) + _MARGIN
    told = ", ".join(f"{box.state.name}: {count(box.number, 'spec')}" for box in boxes)
    return "\n".join(
        [
            f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
            f'aria-label="{html.escape(told)}" font-family="system-ui,sans-serif">',
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z" fill="var(--muted)"/></marker></defs>',
            *lines,
            *map(_drawn, boxes),
            "</svg>",
        ]
    )


def _moves(template: Template) -> list[tuple[str, str]]:
    """From which status to which."""
    names = {state.name for state in template.states}
    return [(state.name, move) for state in template.states for move in state.moves if move in names]


def _placed(numbered: Sequence[tuple[State, int]], y: float) -> list[_Box]:
    boxes: list[_Box] = []
    x: float = _MARGIN
    for state, number in numbered:
        width = min(_MOST, max(_LEAST, _columns(state.name) * _LETTER + 36))
        boxes.append(_Box(state, number, x, y, width))
        x += width + _GAP
    return boxes


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _straight(source: _Box, target: _Box) -> str:
    y = source.y + _HEIGHT / 2
    return _line(f"M{source.x + source.width:.1f} {y:.1f}H{target.x - 2:.1f}")


def _arc(source: _Box, target: _Box, distance: int) -> str:
    """A move back or past others, over the row."""
    side = 1 if target.x > source.x else -1
    start, end = source.middle + 6 * side, target.middle - 20 * side
    peak = source.y - _ARC * (1 + min(distance, 5) * 0.5)
    return _line(
        f"M{start:.1f} {source.y:.1f}C{start:.1f} {peak:.1f} {end:.1f} {peak:.1f} {end:.1f} {target.y - 2:.1f}"
    )


def _rail(sources: Sequence[_Box], targets: Sequence[_Box], y: float) -> list[str]:
    """One line under all boxes from which the same statuses are reached, and an arrow from it to each of these."""
    ends = [box.middle for box in (*sources, *targets)]
    lines = [_line(f"M{min(ends):.1f} {y:.1f}H{max(ends):.1f}", head=False)]
    lines += [_line(f"M{box.middle:.1f} {box.bottom:.1f}V{y:.1f}", head=False) for box in sources]
    return lines + [_line(f"M{box.middle:.1f} {y:.1f}V{box.y - 2:.1f}") for box in targets]


def _back(source: _Box, target: _Box) -> str:
    """From a status that sets aside back into the row, beside the lines that lead there."""
    start, end = source.x + source.width * 0.25, target.x + target.width * 0.25
    halfway = (source.y + target.bottom) / 2
    path = f"M{start:.1f} {source.y:.1f}C{start:.1f} {halfway:.1f} {end:.1f} {halfway:.1f} {end:.1f} "
    return _line(f"{path}{target.bottom + 2:.1f}", dashed=True)


def _line(path: str, head: bool = True, dashed: bool = False) -> str:
    more = ' marker-end="url(#head)"' if head else ""
    more += ' stroke-dasharray="4 3"' if dashed else ""
    return f'<path d="{path}" {_HEAD}{more}/>'


def _drawn(box: _Box) -> str:
    """A box with the name of its status and its number; a name that is too long is cut, and told in full on hover."""
    name = box.state.name[: _MOST // 4]
    while _columns(name) * _LETTER + 28 > box.width and len(name) > 1:
        name = name[:-1]
    shown = name if name == box.state.name else f"{name[:-1].rstrip()}…"
    colour = f"var(--{box.state.stage})"
    words = html.escape(f"{box.state.name}: {box.state.meaning}" if box.state.meaning else box.state.name)
    faint = ' opacity=".6"' if not box.number else ""
    return (
        f'<g><title>{words}</title><rect x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{_HEIGHT}" '
        f'rx="8" fill="var(--soft)" stroke="{colour}" stroke-width="1.5"/>'
        f'<text x="{box.middle:.1f}" y="{box.y + 24:.1f}" text-anchor="middle" font-size="14" fill="var(--text)">'
        f"{html.escape(shown)}</text>"
        f'<text x="{box.middle:.1f}" y="{box.y + 51:.1f}" text-anchor="middle" font-size="22" font-weight="600" '
        f'fill="{colour}"{faint}>{box.number}</text></g>'
    )
