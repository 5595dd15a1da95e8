"""One page's server: the language server that every editor has, and three requests of the page about its folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spec_ls.files import CannotRead, is_inside
from spec_ls.lsp.server import SpecLanguageServer, create_server, path_of
from spec_ls.playground.folder import Folder, Reading

FILES = "playground/files"
READ = "playground/read"
SAVE = "playground/save"

logger = logging.getLogger(__name__)


class _PageServer(SpecLanguageServer):
    """Whatever the page asks for, its workspace is the one folder, and what lies elsewhere is not opened."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self._folder = folder

    def started(self, params: Any) -> None:
        params.root_uri, params.root_path, params.workspace_folders = self._folder.uri(), None, None
        params.initialization_options = None
        super().started(params)

    def folders_changed(self, added: Iterable[str], removed: Iterable[str]) -> None:
        logger.warning("a page stays in its folder")

    def did_open(self, params: Any) -> None:
        item = params.get("textDocument") if isinstance(params, dict) else None
        uri = item.get("uri") if isinstance(item, dict) else None
        path = path_of(uri) if isinstance(uri, str) else None
        if path is None or is_inside(self._folder.root, path):
            super().did_open(params)
        else:
            logger.warning("not opened: a file that is not in the folder of the page")


def begin(
    folder: Folder, deliver: Callable[[bytes, str | None, bool], object], left: Callable[[], object]
) -> SpecLanguageServer:
    """A server for one page, on the running loop: `serve_messages` tells the rest."""
    server = create_server(_PageServer(folder))

    @server.feature(FILES)
    def on_files(params: Any) -> Any:
        """The names of the folder's files."""
        return _files(folder)

    @server.feature(READ)
    def on_read(params: Any) -> Any:
        """The text of a file, by its name."""
        return _told(lambda: folder.read(_member(params, "name")))

    @server.feature(SAVE)
    def on_save(params: Any) -> Any:
        """Saves a file that nobody else has changed meanwhile."""
        name = _member(params, "name")
        told = _told(lambda: folder.save(name, _member(params, "text"), _member(params, "seen")))
        if "saved" in told:
            server.configuration.may_have_changed = True
            server.files_changed([Path(folder.path(name)).as_uri()])
        return told

    server.serve_messages(deliver, left)
    return server


async def _files(folder: Folder) -> dict[str, list[str]]:
    return {"names": await asyncio.to_thread(folder.names)}


def _told(work: Callable[[], str | Reading]) -> dict[str, str]:
    """What came of reading or saving; what went wrong stands under `trouble`, in words for the user."""
    try:
        found = work()
    except CannotRead as error:
        return {"trouble": str(error)}
    return {"saved": found} if isinstance(found, str) else {"text": found.text, "seen": found.seen}


def _member(params: Any, name: str) -> Any:
    """A member of params that nobody has checked; pygls makes an object of them where it knows no type."""
    return params.get(name) if isinstance(params, dict) else getattr(params, name, None)
