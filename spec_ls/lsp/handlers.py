"""What the server answers: one thin handler a method. Handlers convert; features think.

A feature is imported when it is first asked for, or while nothing is to do: diagnostics come before.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from spec_ls.files import is_inside
from spec_ls.lsp import authoring, convert, diagnostics, settings
from spec_ls.lsp.configuration import poll, watchers
from spec_ls.spec import Spec
from spec_ls.text import Point, Span, Text

if TYPE_CHECKING:
    from spec_ls.catalogue import Card, Catalogue
    from spec_ls.features import Surroundings
    from spec_ls.lsp.server import OpenDocument, SpecLanguageServer

_CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request about an open spec, or about a template that is open for its author."""

    server: SpecLanguageServer
    shown: OpenDocument
    params: Any

    @property
    def text(self) -> Text:
        return self.shown.text

    @property
    def spec(self) -> Spec:
        return self.shown.document.spec

    @property
    def card(self) -> Card:
        """The card of the spec; of one that has changed only the touched sections are read anew."""
        card = self.shown.card_now(None)
        assert card is not None, "it is about an open spec"
        return card

    def point(self, position: Any = None) -> Point:
        """A position of the client, by default the request's own, as a line and an offset in code points."""
        position = position or self.params.position
        return self.text.point(position.line, position.character, self.server.client.encoding)

    def span(self, place: Any = None) -> Span:
        """A range of the client, by default the request's own; one that ends before it begins is empty."""
        place = place or self.params.range
        first = self.point(place.start)
        return Span(*first, *max(first, self.point(place.end)))

    def linked(self, target: str) -> tuple[str, str]:
        """The real path of the file that a relative link leads to, and the heading in it, which may be empty; no path
        where there is no such file, or it lies outside of the workspace."""
        name, _, heading = target.partition("#")
        name, own, root = unquote(name.partition("?")[0]), self.shown.path, self.server.folder_of(self.shown)
        if not name:
            return self.shown.key, unquote(heading)
        if own is None or root is None or "\0" in name:
            return "", ""
        path = (
            os.path.join(root, name.lstrip("/")) if name.startswith("/") else os.path.join(os.path.dirname(own), name)
        )
        there = is_inside(root, path) and os.path.isfile(path)
        return (os.path.realpath(path), unquote(heading)) if there else ("", "")

    def around(self, feature: Callable[[Surroundings], Any]) -> Any:
        """`feature` applied to the surroundings: at once, or when they have been found out."""
        return self.server.answer(self.shown, feature, self.server.surroundings(self.shown))


@dataclass(frozen=True, slots=True)
class _Handler:
    method: str
    feature: str
    """Its name under `[features]`, by which a team switches it off."""
    options: Callable[[], object] | None
    run: Callable[[Asked], Any]
    of_template: Callable[[Asked], Any] | None
    of_config: Callable[[Asked], Any] | None
    waits: Callable[[Asked], bool] | None
    """Whether it waits for the first look at all specs around."""


_HANDLERS: list[_Handler] = []
_COMMANDS: list[tuple[str, Callable[..., Any]]] = []
_BESIDE = (
    "actions",
    "commands",
    "structure",
    "lenses",
    "formatting",
    "tokens",
    "navigation",
    "rename",
    "links",
    "status",
)
"""The modules beside this one that have handlers."""


def answers(
    method: str,
    feature: str,
    options: Callable[[], object] | None = None,
    of_template: Callable[[Asked], Any] | None = None,
    of_config: Callable[[Asked], Any] | None = None,
    waits: Callable[[Asked], bool] | None = None,
) -> Callable[[Callable[[Asked], Any]], Callable[[Asked], Any]]:
    """Registers what answers a request about a spec; `of_template` and `of_config` answer it about a template and about
    a configuration. Others get null."""

    def register(run: Callable[[Asked], Any]) -> Callable[[Asked], Any]:
        _HANDLERS.append(_Handler(method, feature, options, run, of_template, of_config, waits))
        return run

    return register


def command(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Registers a command: it is called with the server and the arguments, as plain JSON that nobody has checked.

    pygls evaluates what it is annotated with, so that may only be Any.
    """

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        _COMMANDS.append((name, run))
        return run

    return register


def feature_names() -> list[str]:
    """What can be switched off."""
    return sorted({"diagnostics", "file-operations", *(one.feature for one in _HANDLERS)})


def asked_of(name: str, server: SpecLanguageServer, arguments: Sequence[Any]) -> Asked:
    """The open spec that a command is about: the first argument is its URI. Raises JsonRpcInvalidParams."""
    server.govern_anew()
    uri = arguments[0] if arguments else None
    shown = server.documents.get(uri) if isinstance(uri, str) else None
    if shown is None or shown.reading is not None or shown.spec is None:
        raise JsonRpcInvalidParams(f"{name} takes the URI of an open spec")
    return Asked(server, shown, None)


def _uri_of(params: Any) -> str:
    """The document that a request is about; of something to be resolved or followed it stands in the data."""
    if hasattr(params, "text_document"):
        return str(params.text_document.uri)
    data = getattr(params, "item", params).data
    return str(data.get("uri")) if isinstance(data, dict) else ""


def _answer(handler: _Handler, server: SpecLanguageServer, params: Any) -> Any:
    server.govern_anew()
    nothing = None if hasattr(params, "text_document") else params  # what cannot be resolved stays as it is
    shown = server.documents.get(_uri_of(params))
    if shown is None:
        return nothing
    if shown.reading is not None:
        return _answer_later(handler, server, params, shown.reading, server.held(shown))
    if shown.spec is not None:
        if handler.feature in shown.document.policy.off:
            return nothing
        asked = Asked(server, shown, params)
        if handler.waits is not None and server.survey_of(shown).is_awaited and handler.waits(asked):
            return _answer_known(handler, asked, server.held(shown))
        return handler.run(asked)
    is_template, is_config = shown.is_template, shown.is_configuration and not shown.stale
    other = handler.of_template if is_template else handler.of_config if is_config else None
    return other(Asked(server, shown, params)) if other is not None else nothing


async def _answer_later(
    handler: _Handler,
    server: SpecLanguageServer,
    params: Any,
    reading: asyncio.Future[Any],
    hold: Callable[[], None],
) -> Any:
    """Waits until a long text has been read; superseded if the text changed meanwhile."""
    await asyncio.wait([reading])
    hold()
    answer = _answer(handler, server, params)
    return await answer if asyncio.iscoroutine(answer) else answer


async def _answer_known(handler: _Handler, asked: Asked, hold: Callable[[], None]) -> Any:
    """Waits a while for the first look at all specs; superseded if the text changed meanwhile."""
    await asked.server.survey_of(asked.shown).look()
    hold()
    if asked.shown.spec is None:
        raise JsonRpcException("the document is no spec any more", _CONTENT_MODIFIED)
    answer = handler.run(asked)
    return await answer if asyncio.iscoroutine(answer) else answer


def names_something(asked: Asked) -> bool:
    """Whether an identifier, handle or flag is at the request's position, of which other specs may tell more."""
    from spec_ls.catalogue import named_at

    return named_at(asked.spec, asked.point(), asked.card.mentions) is not None


def register(server: SpecLanguageServer) -> None:
    """Gives `server` every handler."""

    @server.feature(types.INITIALIZED)
    def on_initialized(ls: SpecLanguageServer, params: types.InitializedParams) -> None:
        """The files that govern documents are watched from here on."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # messages are handed in one by one, and nothing runs between them
            return
        wanted = [watchers()] if ls.client.watched_files else []
        if ls.client.registers_settings:
            wanted.append(settings.registration())
        if wanted:
            ls.watching = loop.create_task(ls.ask(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams(wanted)))
        if not ls.client.watched_files:
            poll(loop, ls.look_again, lambda: ls.has_left)
        if ls.client.configuration:
            ls.begin(settings.ask(ls))

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def on_watched_files(ls: SpecLanguageServer, params: types.DidChangeWatchedFilesParams) -> None:
        """A configuration or template that changes on disk counts at once."""
        ls.configuration.may_have_changed = True
        ls.files_changed(change.uri for change in params.changes)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def on_save(ls: SpecLanguageServer, params: types.DidSaveTextDocumentParams) -> None:
        """A configuration or template that is saved counts at once."""
        ls.configuration.may_have_changed = True
        ls.files_changed([params.text_document.uri])

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def on_settings(ls: SpecLanguageServer, params: Any) -> None:
        """Settings of the user count as soon as they change."""
        settings.on_changed(ls, params)

    pulled = types.DiagnosticOptions(
        work_done_progress=True, inter_file_dependencies=True, workspace_diagnostics=True, identifier=server.name
    )
    server.feature(types.TEXT_DOCUMENT_DIAGNOSTIC, pulled)(partial(diagnostics.on_document, server))
    server.feature(types.WORKSPACE_DIAGNOSTIC)(partial(diagnostics.on_workspace, server))

    for name in _BESIDE:
        import_module(f"spec_ls.lsp.{name}")
    symbols = import_module("spec_ls.lsp.navigation").on_workspace_symbols
    server.feature(types.WORKSPACE_SYMBOL)(partial(symbols, server))
    import_module("spec_ls.lsp.folders").register(server)
    for name, run in _COMMANDS:
        server.command(name)(run)
    for handler in _HANDLERS:
        options = handler.options() if handler.options else None
        server.feature(handler.method, options)(partial(_answer, handler, server))


# --- completion, hover, symbols

_TRIGGERS = ["@", "#", "|", "-", "[", "*", ",", " "]


def _authoring_completion(asked: Asked) -> Json:
    items = authoring.completion(asked.text, asked.point(), asked.server.client)
    return {"isIncomplete": True, "items": items}


@answers(
    types.TEXT_DOCUMENT_COMPLETION,
    "completion",
    lambda: types.CompletionOptions(
        trigger_characters=_TRIGGERS,
        resolve_provider=True,
        completion_item=types.ServerCompletionItemOptions(label_details_support=True),
    ),
    of_template=_authoring_completion,
    of_config=lambda asked: authoring.config_completion(
        asked.text, asked.shown.path or "", asked.point(), asked.server.client
    ),
)
def on_completion(asked: Asked) -> Any:
    """What can stand at the cursor: statuses, handles, identifiers, dates, sections, items, blocks of the template."""
    from spec_ls.features.completion import complete, documentation

    spec, client, point, uri = asked.spec, asked.server.client, asked.point(), asked.shown.uri

    def answer(around: Surroundings) -> Json:
        found = complete(spec, point, around, client.snippets)
        told = partial(documentation, spec, catalogue=around.catalogue)
        return convert.completions_json(uri, spec.text, point, found, told, client)

    return asked.around(answer)


@answers(types.COMPLETION_ITEM_RESOLVE, "completion")
def on_completion_resolve(asked: Asked) -> types.CompletionItem:
    """The template's guidance for a proposal, when the author looks at it."""
    from spec_ls.features.completion import documentation

    item: types.CompletionItem = asked.params
    about = item.data.get("about") if isinstance(item.data, dict) else None
    catalogue = asked.server.known_now(asked.shown).catalogue
    said = documentation(asked.spec, tuple(map(str, about)) if isinstance(about, list) else (), catalogue)
    if said:
        item.documentation = convert.documentation(said, asked.server.client.markdown_completion)
    return item


@answers(
    types.TEXT_DOCUMENT_HOVER,
    "hover",
    of_template=lambda asked: authoring.hover(asked.text, asked.point(), asked.server.client),
    of_config=lambda asked: authoring.config_hover(
        asked.text, asked.shown.path or "", asked.point(), asked.server.client
    ),
    waits=names_something,
)
def on_hover(asked: Asked) -> Any:
    """What stands under the cursor, in the template's words: a field, a status, a section, a sample; its findings."""
    from spec_ls.features.hover import hover

    spec, client, point = asked.spec, asked.server.client, asked.point()

    def answer(around: Surroundings) -> Json | None:
        told = hover(spec, point, around, asked.shown.document.problems)
        return convert.hover_json(spec.text, told, client) if told else None

    return asked.around(answer)


@answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, "symbols")
def on_symbols(asked: Asked) -> Any:
    """The outline: sections and metadata, nested, with the status and what is not filled in yet."""
    from spec_ls.features.symbols import symbols

    memory, document = asked.shown.memory, asked.shown.document
    # What has not changed since the last answer is not made again.
    found = symbols(asked.spec, memory.setdefault("symbols", {}), None if document.waiting else document.problems())
    texts = memory.setdefault("symbol texts", {})
    return convert.symbols_json(asked.shown.uri, asked.text, found, asked.server.client, texts)


@answers(types.TEXT_DOCUMENT_INLAY_HINT, "inlay-hints")
def on_inlay_hints(asked: Asked) -> Any:
    """How far off a date is, how much of a checklist is ticked, and the title of a spec behind its identifier."""
    from spec_ls.features.hints import hints

    shown, client = asked.shown, asked.server.client
    catalogue = asked.server.survey_of(shown).catalogue
    found = hints(asked.spec, asked.span(), asked.server.today(), asked.card.mentions, catalogue)
    told = partial(_card, catalogue)
    return [convert.hint_json(shown.uri, asked.text, hint, told, client) for hint in found]


@answers(types.INLAY_HINT_RESOLVE, "inlay-hints")
def on_inlay_hint_resolve(asked: Asked) -> types.InlayHint:
    """The card of the spec that a hint speaks of."""
    hint: types.InlayHint = asked.params
    said = _card(asked.server.survey_of(asked.shown).catalogue, str((hint.data or {}).get("spec")))
    if said:
        hint.tooltip = convert.documentation(said, asked.server.client.markdown_hover)
    return hint


def _card(catalogue: Catalogue, name: str) -> str:
    from spec_ls import describe

    return describe.paragraphs(*map(describe.card, catalogue.by_id(name)))


@answers(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, "highlight")
def on_highlight(asked: Asked) -> Any:
    """Every place that names the handle or identifier under the cursor."""
    from spec_ls.features.highlight import highlights

    found = highlights(asked.spec, asked.point())
    return [convert.highlight_json(asked.text, one, asked.server.client.encoding) for one in found]
