"""The commands of the server: what a user asks for by name, each with its arguments checked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from spec_ls.lsp.client import Client
from spec_ls.lsp.handlers import asked_of, command
from spec_ls.template import builtin, builtin_names, template_paths
from spec_ls.template.model import Template

if TYPE_CHECKING:
    from spec_ls.begin import Source
    from spec_ls.lsp.server import SpecLanguageServer
    from spec_ls.resolver import Policy

_NEW = "spec-ls.newSpec"
_INSERT = "spec-ls.insertMissingSections"
_OPEN = "spec-ls.openTemplate"
_BOARD = "spec-ls.showBoard"
_BOARD_PAGE = "spec-ls.boardPage"
_RESTART = "spec-ls.restartIndex"
_ALWAYS = (_RESTART, _BOARD_PAGE, "spec-ls.references", "spec-ls.status")
_LOOK_SECONDS = 60.0
"""How long a board waits for the specs to be looked at; then it shows those that are known."""


def usable(client: Client, commands: Iterable[str]) -> list[str]:
    """The commands that a client can do anything with: those that edit need `workspace/applyEdit`, those that open a
    file `window/showDocument`; an edit comes as a command only where code actions cannot carry it."""

    def is_usable(name: str) -> bool:
        if name == "spec-ls.apply":
            return client.apply_edit and not client.code_action_literals
        if name == _NEW:
            return client.apply_edit and client.create_files
        if name in (_OPEN, _BOARD):
            return client.show_document
        return client.apply_edit or name in _ALWAYS

    return [name for name in commands if is_usable(name)]


@command(_NEW)
def on_new(ls: Any, *arguments: Any) -> Any:
    """Begins a spec in the workspace; its title and its template's name are the arguments, both may be left out."""
    from spec_ls.begin import source_named

    title, name = (*arguments, "", "")[:2]
    if len(arguments) > 2 or not isinstance(title, str) or not isinstance(name, str):
        raise JsonRpcInvalidParams(f"{_NEW} takes a title and the name of a template")
    folders = ls.configuration.resolver.folders
    if not folders:
        raise JsonRpcInvalidParams(f"{_NEW} begins a spec in a workspace folder, and none is open")
    policy = ls.configuration.policy(os.path.join(folders[0], "-.md"))
    source = source_named(policy, name)
    if source is None:
        raise JsonRpcInvalidParams(f"no template is called {name}; there are: {', '.join(policy.names())}")
    words = "".join(char for char in " ".join(title.split()) if char.isprintable())
    return _begin(ls, words, source, policy, folders[0])


async def _begin(ls: SpecLanguageServer, title: str, source: Source, policy: Policy, place: str) -> None:
    from spec_ls.begin import existing, folder_of, identified, text_of
    from spec_ls.draft import Given, file_name
    from spec_ls.index import own_handle
    from spec_ls.lsp.lenses import apply_edit, tell

    form, folder = source.template, folder_of(source, policy, place)
    found = await asyncio.to_thread(identified, source, policy, folder)
    me = ls.settings.handle or await asyncio.to_thread(own_handle, Path(existing(folder)))
    given = Given(title, found.identifier, me if form.owner is not None else "", ls.today().isoformat())
    path = os.path.join(
        folder, file_name(title, found.number, found.like, found.identifier or source.name or form.name)
    )
    if os.path.lexists(path):
        tell(ls, f"{path} is there already and stays as it is.")
        return
    text, _ = text_of(source, given, path, ls.configuration.resolver)
    uri, start = Path(path).as_uri(), {"line": 0, "character": 0}
    made = {"kind": "create", "uri": uri, "options": {"overwrite": False, "ignoreIfExists": False}}
    edits = [{"range": {"start": start, "end": start}, "newText": text}]
    written = {"textDocument": {"uri": uri, "version": None}, "edits": edits}
    if await apply_edit(ls, "Begin a spec", {"documentChanges": [made, written]}) and ls.client.show_document:
        await _show(ls, uri)


@command(_INSERT)
def on_insert(ls: Any, *arguments: Any) -> Any:
    """Writes all sections that the spec (its URI is the argument) lacks, each at its place."""
    from spec_ls.features.actions import missing_sections
    from spec_ls.lsp.lenses import apply, tell

    asked = asked_of(_INSERT, ls, arguments)
    edits = () if asked.shown.document.waiting else missing_sections(asked.spec, asked.shown.document.problems())
    if not edits:
        tell(ls, "No section is missing that could be inserted.")
        return None
    return apply(asked, "Insert missing sections", edits)


@command(_OPEN)
def on_open_template(ls: Any, *arguments: Any) -> Any:
    """Opens the template that the spec (its URI is the argument) is written after."""
    asked = asked_of(_OPEN, ls, arguments)
    template = asked.shown.document.spec.template
    path = asked.shown.document.policy.path(template) or _builtin_path(template)
    if not path:
        from spec_ls.lsp.lenses import tell

        tell(ls, f"The template {template.name} is no file that can be opened.")
        return None
    return _show(ls, ls.configuration.uri(path))


def _builtin_path(template: Template) -> str:
    """The file of a template that comes with spec-ls; empty for any other."""
    paths = dict(zip(builtin_names(), template_paths(), strict=False))
    return next((path for name, path in paths.items() if builtin(name) is template), "")


@command(_BOARD)
def on_show_board(ls: Any, *arguments: Any) -> Any:
    """Shows all specs by their status, with their progress: as Markdown, or with the argument `html` in a browser."""
    form = arguments[0] if arguments else "markdown"
    if len(arguments) > 1 or form not in ("markdown", "html"):
        raise JsonRpcInvalidParams(f"{_BOARD} takes markdown or html")
    return _board(ls, form)


async def _board(ls: SpecLanguageServer, form: str) -> None:
    import tempfile

    text = await _board_text(ls, form)
    # The file is nobody's but the user's, and lies outside of every repository.
    ls.board_folder = ls.board_folder or tempfile.mkdtemp(prefix="spec-ls-")
    path = os.path.join(ls.board_folder, "specs.html" if form == "html" else "specs.md")
    Path(path).write_text(text, encoding="utf-8", errors="replace")
    await _show(ls, Path(path).as_uri(), external=form == "html")


async def _board_text(ls: SpecLanguageServer, form: str) -> str:
    """The board of all specs of the workspace, once they have been looked at."""
    from spec_ls.board import as_html, as_markdown, review_of
    from spec_ls.outside import Outside
    from spec_ls.resolver import Resolver

    surveys = ls.all_surveys()
    await asyncio.gather(*(survey.look(_LOOK_SECONDS) for survey in surveys))
    cards = tuple({card.path: card for survey in surveys for card in survey.catalogue.cards}.values())
    opened = ((shown.path, shown.spec) for shown in ls.documents.values() if shown.reading is None)
    reviews = {path: review_of(spec) for path, spec in opened if path is not None and spec is not None}
    past, resolver = ls.configuration.past, ls.configuration.resolver
    folders, allowed = tuple(resolver.folders), tuple(resolver.allowed)

    def gathered() -> str:
        board = Outside(past.histories).board(cards, Resolver(folders, allowed), reviews)
        return (as_html if form == "html" else as_markdown)(board, ls.uri_of)

    return await asyncio.get_running_loop().run_in_executor(past.pool, gathered)


@command(_BOARD_PAGE)
def on_board_page(ls: Any, *arguments: Any) -> Any:
    """The same board as the text of a page, for an editor that shows pages itself."""
    if arguments:
        raise JsonRpcInvalidParams(f"{_BOARD_PAGE} takes no arguments")
    return _board_text(ls, "html")


@command(_RESTART)
def on_restart(ls: Any, *arguments: Any) -> Any:
    """Looks again at all specs, people and templates of the workspace."""
    if arguments:
        raise JsonRpcInvalidParams(f"{_RESTART} takes no arguments")
    ls.look_at_all_again()


async def _show(ls: SpecLanguageServer, uri: str, external: bool = False) -> None:
    """Opens a file in the editor, or outside it; where that does not happen, the user is told where it is."""
    params = {"uri": uri, "takeFocus": True, **({"external": True} if external else {})}
    answer = await ls.ask(types.WINDOW_SHOW_DOCUMENT, params) if ls.client.show_document else None
    if not isinstance(answer, dict) or answer.get("success") is not True:
        from spec_ls.lsp.lenses import tell

        tell(ls, f"It is at {uri}.")
