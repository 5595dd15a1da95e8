"""One page's server: the language server that every editor has, and three requests of the page about its folder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spec_ls.files import CannotRead
from spec_ls.lsp.server import SpecLanguageServer, create_server
from spec_ls.playground.folder import Folder, Reading

FILES = "playground/files"
READ = "playground/read"
SAVE = "playground/save"


def begin(
    folder: Folder, deliver: Callable[[bytes, str | None, bool], object], left: Callable[[], object]
) -> SpecLanguageServer:
    """A server for one page, on the running loop: `serve_messages` tells the rest."""
    server = create_server()

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
