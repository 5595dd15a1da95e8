"""Files and folders of the workspace that are made, moved and deleted."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from lsprotocol import types

from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Json
from spec_ls.lsp.lenses import tell
from spec_ls.lsp.navigation import is_there, with_texts
from spec_ls.text import Edit
from spec_ls.values import count

if TYPE_CHECKING:
    from spec_ls.lsp.navigation import Texts
    from spec_ls.lsp.server import SpecLanguageServer
    from spec_ls.lsp.surveys import Survey
    from spec_ls.moves import Replacement

FEATURE = "file-operations"
"""Its name under `[features]`, by which a team switches it off."""
_PATIENCE_SECONDS = 5.0
"""How long a move or deletion waits for the specs that are still looked for."""
_MOST_NAMED = 5


def register(server: SpecLanguageServer) -> None:
    """Gives `server` the handlers of what happens to files."""
    pattern = types.FileOperationPattern(glob="**/*")
    options = types.FileOperationRegistrationOptions([types.FileOperationFilter(pattern, scheme="file")])

    @server.feature(types.WORKSPACE_WILL_RENAME_FILES, options)
    async def on_will_rename(ls: SpecLanguageServer, params: types.RenameFilesParams) -> Json | None:
        """Relative links to a file or folder that moves, and those of the specs that move with it, stay right."""
        return await _follow(ls, _paths(ls, [(one.old_uri, one.new_uri) for one in params.files]))

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, options)
    def on_did_rename(ls: SpecLanguageServer, params: types.RenameFilesParams) -> None:
        """What is known of specs moves along."""
        from spec_ls.moves import Moves

        moves = _paths(ls, [(one.old_uri, one.new_uri) for one in params.files])
        inside, after = _specs_in(ls, moves), Moves(moves)
        _look_at(ls, [*moves, *moves.values(), *inside, *map(after.after, inside)])

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, options)
    def on_did_create(ls: SpecLanguageServer, params: types.CreateFilesParams) -> None:
        """A new spec is known at once."""
        _look_at(ls, _paths(ls, [(one.uri, one.uri) for one in params.files]))

    @server.feature(types.WORKSPACE_WILL_DELETE_FILES, options)
    async def on_will_delete(ls: SpecLanguageServer, params: types.DeleteFilesParams) -> None:
        """Tells which specs still name the one that goes, or link to it."""
        await _tell_of(ls, list(_paths(ls, [(one.uri, one.uri) for one in params.files])))

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, options)
    def on_did_delete(ls: SpecLanguageServer, params: types.DeleteFilesParams) -> None:
        """A spec that is deleted is no longer known."""
        gone = _paths(ls, [(one.uri, one.uri) for one in params.files])
        _look_at(ls, [*gone, *_specs_in(ls, gone)])


def _paths(ls: SpecLanguageServer, uris: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The real paths of pairs of URIs; what is no file is left out."""
    pairs = [(ls.path_of(old), ls.path_of(new)) for old, new in uris]
    return {os.path.realpath(old): os.path.realpath(new) for old, new in pairs if old and new}


def _specs_in(ls: SpecLanguageServer, paths: Iterable[str]) -> list[str]:
    """The paths of the specs in folders."""
    folders = tuple(path.rstrip(os.sep) + os.sep for path in paths)
    return [
        card.path for survey in ls.known_surveys() for card in survey.catalogue.cards if card.path.startswith(folders)
    ]


def _look_at(ls: SpecLanguageServer, paths: Iterable[str]) -> None:
    """Has files looked at again: by those that know specs, and by those that govern them."""
    ls.configuration.may_have_changed = True
    ls.surveys.changed(dict.fromkeys(paths))


async def _settled(ls: SpecLanguageServer, paths: Iterable[str]) -> list[Survey]:
    """What is known around files, once all has been looked at, or patience is at its end."""
    found = list({id(survey): survey for path in paths if (survey := ls.survey_at(path)) is not None}.values())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            for survey in found:
                await ls.surveys.settled(survey)
    return found


async def _follow(ls: SpecLanguageServer, moves: dict[str, str]) -> Json | None:
    """The edits that keep links right when files move; null where there are none."""
    from spec_ls.moves import Moves, relinked

    known: dict[str, list[Replacement]] = {}
    for survey in await _settled(ls, moves):
        for link in relinked(survey.catalogue.cards, Moves(moves), survey.root):
            known.setdefault(link.path, []).append(link)
    found = {path: links for path, links in known.items() if FEATURE not in ls.configuration.policy(path).off}

    def answer(texts: Texts) -> Json | None:
        edited = []
        for path, links in found.items():
            text, shown = texts.get(path), ls.shown_at(path)
            if text is None:
                continue
            edits = [Edit(link.span, link.new_text) for link in links if is_there(text, link.span, link.words)]
            if edits:
                edited.append(convert.Edited(ls.uri_of(path), shown.version if shown else None, text, edits))
        return convert.workspace_edits_json(edited, ls.client) if edited else None

    told = with_texts(ls, found, answer)
    edit: Json | None = await told if asyncio.iscoroutine(told) else told
    return edit


async def _tell_of(ls: SpecLanguageServer, gone: Sequence[str]) -> None:
    from spec_ls.moves import bereft

    for survey in await _settled(ls, gone):
        found = bereft(survey.catalogue.cards, gone)
        found = [(card, name) for card, name in found if FEATURE not in ls.configuration.policy(card.path).off]
        if found:
            names = [card.title or os.path.basename(card.path) for card, _ in found[:_MOST_NAMED]]
            more = f" and {len(found) - len(names)} more" if len(found) > len(names) else ""
            lost = ", ".join(dict.fromkeys(name for _, name in found))
            tell(ls, f"{lost}: still named in {count(len(found), 'spec')}: {', '.join(names)}{more}.")
