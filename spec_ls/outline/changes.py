"""Several changes of a text as few disjoint ones, so that what came together is parsed once."""

from __future__ import annotations

from bisect import bisect_left

from spec_ls.text import Change


def _end(change: Change) -> int:
    return change.line + change.added


class Changes:
    """The lines that differ between the text as it was last parsed and the text now.

    Each change names lines of the text now; they are disjoint and in order.
    """

    __slots__ = ("items",)

    def __init__(self) -> None:
        self.items: list[Change] = []

    def add(self, change: Change) -> None:
        """Takes the next change, which names lines of the text before it."""
        if not change.removed and not change.added:
            return
        items, grown = self.items, change.added - change.removed
        start, stop = change.line, change.line + change.removed
        first = bisect_left(items, start, key=_end)
        while first < len(items) and _end(items[first]) == start and items[first].added and change.removed:
            first += 1
        last, growth, old = first, 0, change.old
        while last < len(items) and (
            items[last].line < stop or (items[last].line == stop and not (items[last].added and change.removed))
        ):
            item = items[last]
            start, stop = min(start, item.line), max(stop, _end(item))
            growth += item.added - item.removed
            old = item.old
            last += 1
        length = stop - start
        one_line = length - growth == length + grown == 1
        items[first:last] = [Change(start, length - growth, length + grown, old if one_line else None)]
        if grown:
            items[first + 1 :] = [item._replace(line=item.line + grown) for item in items[first + 1 :]]

    def take(self) -> list[Change]:
        """The changes so far, and none from now on."""
        items, self.items = self.items, []
        return items
