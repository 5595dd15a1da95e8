"""Rename: what an identifier, a handle or a heading is called, wherever it is called that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from spec_ls.lsp import convert
from spec_ls.lsp.handlers import Asked, Json, answers
from spec_ls.lsp.navigation import is_there, read_all
from spec_ls.text import Edit, Text

if TYPE_CHECKING:
    from spec_ls.features.rename import Name, Renaming
    from spec_ls.moves import Replacement
    from spec_ls.template.model import Template

_FAILED = types.LSPErrorCodes.RequestFailed.value
_MODIFIED = types.LSPErrorCodes.ContentModified.value

Find = Callable[[Asked], "Name | None"]


def _in_spec(asked: Asked) -> Name | None:
    from spec_ls.features.rename import renamable

    return renamable(asked.spec, asked.point(), asked.card.mentions)


def _in_template(asked: Asked) -> Name | None:
    from spec_ls.features.rename import renamable_in_template

    template = _template(asked)
    return renamable_in_template(template, asked.text, asked.point()) if template is not None else None


def _template(asked: Asked) -> Template | None:
    """The team's template that an open file is."""
    policy = asked.shown.governed.policy
    real = {name: os.path.realpath(path) for name, path in policy.paths.items() if path}
    return next((policy.named[name] for name, path in real.items() if path == asked.shown.path), None)


def _found(asked: Asked, find: Find) -> Name | None:
    from spec_ls.features.rename import Refused

    try:
        return find(asked)
    except Refused as error:
        raise JsonRpcException(str(error), _FAILED) from None


def _prepared(asked: Asked, find: Find) -> Json | None:
    name = _found(asked, find)
    if name is None:
        return None
    place = convert.range_json(asked.text, name.span, asked.server.client.encoding)
    return {"range": place, "placeholder": name.text}


@answers(types.TEXT_DOCUMENT_PREPARE_RENAME, "rename", of_template=lambda asked: _prepared(asked, _in_template))
def on_prepare_rename(asked: Asked) -> Any:
    """Whether the identifier, handle or heading at the cursor can be renamed here, and if not, where."""
    return _prepared(asked, _in_spec)


@answers(types.TEXT_DOCUMENT_RENAME, "rename", of_template=lambda asked: _renamed(asked, _in_template))
def on_rename(asked: Asked) -> Any:
    """An identifier in all specs and in the name of its file, a handle in all specs, a section of a template in all its
    specs, a heading of the team's own."""
    return _renamed(asked, _in_spec)


def _renamed(asked: Asked, find: Find) -> Coroutine[Any, Any, Json]:
    name = _found(asked, find)
    if name is None:
        raise JsonRpcException("Only identifiers, handles and headings can be renamed.", _FAILED)
    return _rename(asked, name, asked.server.held(asked.shown))


async def _rename(asked: Asked, name: Name, hold: Callable[[], None]) -> Json:
    """The edits, once all specs are known; they are of documents as they are open, and of files as they are on disk."""
    from spec_ls.features.rename import Refused

    server = asked.server
    survey = server.survey_of(asked.shown)
    if name.kind != "title" and survey.root and not await server.surveys.settled(survey):
        raise JsonRpcException("The specs of the repository are still being read; try again in a moment.", _FAILED)
    hold()
    try:
        renaming = _renaming(asked, name)
    except Refused as error:
        raise JsonRpcException(str(error), _FAILED) from None
    changes: dict[str, list[Replacement]] = {}
    for change in renaming.changes:
        changes.setdefault(change.path, []).append(change)
    opened = {path: (shown, shown.revision) for path in changes if (shown := server.shown_at(path)) is not None}
    if any(shown.stale or shown.reading is not None for shown, _ in opened.values()):
        raise JsonRpcException("A document that it concerns is not known as it stands; open it again.", _FAILED)
    texts = {path: shown.text.copy() for path, (shown, _) in opened.items()}
    texts |= await asyncio.to_thread(read_all, [path for path in changes if path not in texts])
    if any(server.shown_at(path) is not shown or shown.revision != then for path, (shown, then) in opened.items()):
        raise JsonRpcException("a document has changed since", _MODIFIED)
    edited = []
    for path, own in changes.items():
        edits = _edits(texts.get(path), own, renaming.title)
        if edits is None:
            server.surveys.changed([path])
            raise JsonRpcException(f"{path} has changed on disk and is read again; try once more.", _FAILED)
        if edits:
            version = opened[path][0].version if path in opened else None
            edited.append(convert.Edited(server.uri_of(path), version, texts[path], edits))
    files = [(server.uri_of(old), server.uri_of(new)) for old, new in renaming.files]
    return convert.workspace_edits_json(edited, server.client, files)


def _renaming(asked: Asked, name: Name) -> Renaming:
    """What the renaming comes to. Raises Refused."""
    from spec_ls.features.rename import Refused, rename, rename_section
    from spec_ls.moves import Moves, relinked

    server, new = asked.server, asked.params.new_name
    survey = server.survey_of(asked.shown)
    if name.kind == "section":
        template = _template(asked)
        assert template is not None, "its section was found"
        return rename_section(name, new, asked.shown.key, template, survey.catalogue)
    renaming = rename(name, new, survey.catalogue, asked.spec, asked.shown.key)
    if not server.client.rename_files:
        return renaming._replace(files=())
    for _, path in renaming.files:
        if os.path.lexists(path):
            raise Refused(f"There is a file {os.path.basename(path)} already; rename or remove it first.")
    links = relinked(survey.catalogue.cards, Moves(dict(renaming.files)), survey.root)
    return renaming._replace(changes=(*renaming.changes, *links))


def _edits(text: Text | None, changes: Sequence[Replacement], title: str) -> list[Edit] | None:
    """The edits of one document; None where it does not have the words any more."""
    from spec_ls.features.rename import heading_edit

    if text is None:
        return None
    edits = []
    for change in changes:
        if not is_there(text, change.span, change.words):
            return None
        edit = Edit(change.span, change.new_text) if change.words else heading_edit(text, change, title)
        if edit is not None:
            edits.append(edit)
    return edits
