"""The findings of specs that are not open, for clients that pull those of the whole workspace."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spec_ls.files import CannotRead, decode, regular_bytes, stamp_of
from spec_ls.git import root_of
from spec_ls.history import head_state
from spec_ls.others import Others
from spec_ls.outside import Outside
from spec_ls.past import clock
from spec_ls.resolver import Resolver
from spec_ls.workspace import Document

if TYPE_CHECKING:
    from spec_ls.lsp.server import SpecLanguageServer

_MOST_FILES = 5000


class _Kept(NamedTuple):
    """The diagnostics of a file, and all that they were made from."""

    stamp: object
    items: str
    others: Others | None
    deadline: datetime | None
    """When a review that is running will be overdue."""

    def holds(self, now: datetime) -> bool:
        """Whether other specs still say the same, and so does the clock."""
        return self.others is not None and self.others.holds() and (self.deadline is None or now < self.deadline)


class ClosedSpecs:
    """Judges files in a thread, with what governs them on disk; those that have not changed are not judged again."""

    def __init__(self, server: SpecLanguageServer) -> None:
        self._server = server
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="closed specs")
        self._for: object = None
        self._resolver = Resolver()
        self._outside = Outside()
        self._kept: dict[str, _Kept] = {}

    async def paths(self) -> list[str]:
        """The real paths of the specs around the open ones and in the workspace's folders that are not open themselves,
        once they have been looked for."""
        surveys = [survey for survey in self._server.all_surveys() if survey.root]
        if surveys:
            await asyncio.gather(*(survey.looked.wait() for survey in surveys))
        resolver, most = self._server.configuration.resolver, self._server.max_bytes
        folders = (tuple(resolver.folders), tuple(resolver.allowed), most)
        if folders != self._for:
            self._for, self._resolver = folders, Resolver(resolver.folders, resolver.allowed)
            self._kept.clear()
        elif await asyncio.get_running_loop().run_in_executor(self._pool, self._resolver.refresh):
            self._kept.clear()
        found = (card.path for survey in surveys for card in survey.catalogue.cards)
        return [path for path in dict.fromkeys(found) if self._server.shown_at(path) is None][:_MOST_FILES]

    async def items(self, path: str) -> str:
        """The diagnostics of a file, JSON with commas between; none of a file that is gone, or no spec any more."""
        from spec_ls.lsp.diagnostics import diagnostic
        from spec_ls.lsp.server import OpenDocument

        if path in self._kept and not self._kept[path].holds(self._outside.now()):
            del self._kept[path]
        judged = await asyncio.get_running_loop().run_in_executor(self._pool, self._judge, path)
        if judged is None:
            return self._kept[path].items if path in self._kept else ""
        stamp, document = judged
        if document.decision.is_spec:
            await self._server.knowledge.neighbours.tell_closed(path, document)
        problems = document.problems() if document.decision.is_spec and "diagnostics" not in document.policy.off else ()
        shown = OpenDocument(self._server.uri_of(path), document=document, path=path)
        made: list[Any] = [diagnostic(self._server, shown, problem) for problem in problems]
        items = ",".join(json.dumps(one, separators=(",", ":")) for one in made)
        known, running = document.spec.known, clock(document.spec)
        ends = running.deadline if running and known.now and known.now < running.deadline else None
        self._kept[path] = _Kept(stamp, items, known.others, ends)
        return items

    def _judge(self, path: str) -> tuple[object, Document] | None:
        """The file as it stands, judged, and how it is known again; None where it is as it was, or cannot be read."""
        try:
            root = root_of(Path(path))
            stamp = stamp_of(path), root and head_state(root), self._outside.now().date()
            if path in self._kept and self._kept[path].stamp == stamp:
                return None
            most = self._server.max_bytes
            source = decode(regular_bytes(path, most + 1))
        except (CannotRead, OSError, ValueError):
            self._kept.pop(path, None)
            return None
        document = Document(source, policy=self._resolver.policy(path), max_bytes=most)
        if document.decision.is_spec:
            document.know(self._outside.known(path, document.spec.template))
            document.problems()
        return stamp, document
