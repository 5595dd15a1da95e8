"""Several changes of a text as few disjoint ones, so that what came together is parsed once."""

from __future__ import annotations

from spec_ls.text import Change


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
        if not self.items:
            self.items.append(change)
            return
        grown = change.added - change.removed
        start, stop = change.line, change.line + change.removed
        before: list[Change] = []
        after: list[Change] = []
        growth = 0
        old = change.old
        for item in self.items:
            if item.line + item.added < start or (item.line + item.added == start and item.added and change.removed):
                before.append(item)
            elif item.line > stop or (item.line == stop and item.added and change.removed):
                after.append(Change(item.line + grown, item.removed, item.added, item.old))
            else:
                start, stop = min(start, item.line), max(stop, item.line + item.added)
                growth += item.added - item.removed
                old = item.old
        length = stop - start
        merged = Change(start, length - growth, length + grown, None)
        if merged.removed == merged.added == 1:
            merged = merged._replace(old=old)
        self.items = [*before, merged, *after]

    def take(self) -> list[Change]:
        """The changes so far, and none from now on."""
        items, self.items = self.items, []
        return items
