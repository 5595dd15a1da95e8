"""The server: open documents, and one thin handler a feature. Handlers convert; features think."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from spec_ls import __version__
from spec_ls.features import Person, Surroundings
from spec_ls.lsp import convert
from spec_ls.lsp.decoding import number
from spec_ls.lsp.wire import WireServer
from spec_ls.rules.base import Problem
from spec_ls.spec import Spec
from spec_ls.text import Span, Text
from spec_ls.workspace import Document, Replacement, is_markdown

logger = logging.getLogger(__name__)

_FRESH_SECONDS = 60.0
_GATHER_SECONDS = 3.0
_APPLY = "spec-ls.apply"
_CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value

Json: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class OpenDocument:
    """A document as the client shows it. Only the client changes it; the disk is never asked."""

    uri: str
    language_id: str = ""
    version: int = 0
    document: Document = field(default_factory=lambda: Document(""))
    stale: bool = False
    """An edit was lost: the text is not what the client shows, until it sends the whole text again."""
    root: tuple[Path | None, float] | None = None
    """Its repository, and when that was looked for (monotonic seconds)."""
    published: bool = False
    """Diagnostics were sent; from then on every version gets its own, if only an empty list."""

    rendered: dict[int, tuple[Problem, str]] = field(default_factory=dict)
    """The last diagnostics by the identity of their problem: what has not changed is not rendered again."""
    problems: list[Problem] | None = None
    diagnostics: str = ""
    """What `problems` came to as JSON, commas between."""

    @property
    def text(self) -> Text:
        return self.document.text

    @property
    def spec(self) -> Spec | None:
        """The spec to answer from; None where the document is none or an edit was lost."""
        return self.document.spec if self.document.decision.is_spec and not self.stale else None


@dataclass(slots=True)
class _Known:
    """What was found out about a repository, and when (monotonic seconds)."""

    people: tuple[Person, ...]
    ids: frozenset[str]
    at: float


class SpecLanguageServer(WireServer):
    """One client, its open documents."""

    def __init__(self) -> None:
        super().__init__("spec-ls", __version__)
        self.documents: dict[str, OpenDocument] = {}
        """By the client's exact URI: two spellings are two documents, as they are for the client."""
        self._changed: dict[str, None] = {}
        self._known: dict[tuple[Path, str], _Known] = {}
        self._gathering: dict[tuple[Path, str], asyncio.Future[_Known]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def warm_up(self) -> Iterator[Callable[[], object]]:
        for name in ("completion", "hover", "symbols", "actions"):
            yield partial(import_module, f"spec_ls.features.{name}")
        yield partial(import_module, "spec_ls.index")
        yield partial(import_module, "rapidfuzz.fuzz")
        yield from super().warm_up()

    # --- documents

    def did_open(self, params: Any) -> None:
        try:
            item = params["textDocument"]
            uri, text, language_id = item["uri"], item["text"], item.get("languageId")
            if not isinstance(uri, str) or not isinstance(text, str):
                raise TypeError("uri and text are strings")
        except (KeyError, TypeError, AttributeError) as error:
            logger.warning("ignored textDocument/didOpen: %r", error)
            self.lost(params)
            return
        language_id = language_id if isinstance(language_id, str) else ""
        before = self.documents.get(uri)
        document = Document(text, may_be_spec=is_markdown(language_id, uri), path=_path_of(uri))
        shown = OpenDocument(uri, language_id, _version(item, 0), document)
        shown.published = before is not None and before.published
        self.documents[uri] = shown
        self._changed[uri] = None

    def did_change(self, params: Any) -> None:
        try:
            shown = self.documents.get(params["textDocument"]["uri"])
        except (KeyError, TypeError) as error:
            logger.warning("ignored textDocument/didChange: %r", error)
            return
        if shown is None:
            logger.warning("ignored textDocument/didChange: not open: %s", params["textDocument"]["uri"])
            return
        shown.version = _version(params["textDocument"], shown.version)
        changes = params.get("contentChanges")
        for change in changes if isinstance(changes, list) else [None]:
            try:
                self._apply(shown, change)
            except (KeyError, TypeError) as error:
                logger.warning("lost an edit of %s: %r", shown.uri, error)
                self._mark_stale(shown)
        self._changed[shown.uri] = None

    def did_close(self, params: Any) -> None:
        try:
            shown = self.documents.pop(params["textDocument"]["uri"])
        except (KeyError, TypeError) as error:
            logger.warning("ignored textDocument/didClose: %r", error)
            return
        self._changed.pop(shown.uri, None)
        if shown.published:
            self._publish(shown.uri, None, "")

    def lost(self, remains: object) -> None:
        """Marks the documents that a message which was given up may have changed."""
        if isinstance(remains, bytes):
            remains = remains.replace(b"\\/", b"/")  # some encoders escape the slash
        for shown in self.documents.values():
            if isinstance(remains, bytes):
                raw, escaped = shown.uri.encode("utf-8", "replace"), json.dumps(shown.uri)[1:-1].encode()
                concerned = b"textDocument/did" in remains and (raw in remains or escaped in remains)
            else:
                item = remains.get("textDocument") if isinstance(remains, dict) else None
                concerned = isinstance(item, dict) and item.get("uri") == shown.uri
            if concerned:
                self._mark_stale(shown)

    def _apply(self, shown: OpenDocument, change: Any) -> None:
        """Applies one content change. Raises KeyError or TypeError if it does not say what to change."""
        new_text, place = change["text"], change.get("range")
        if not isinstance(new_text, str):
            raise TypeError("text is a string")
        if place is None:
            shown.document.change(Replacement(None, new_text))
            shown.stale = False
        elif not shown.stale:
            start, end = place["start"], place["end"]
            text, encoding = shown.text, self.client.encoding
            first = text.point(number(start["line"]), number(start["character"]), encoding)
            last = text.point(number(end["line"]), number(end["character"]), encoding)
            shown.document.change(Replacement(Span(*first, *last), new_text))

    def _mark_stale(self, shown: OpenDocument) -> None:
        if not shown.stale:
            shown.stale = True
            self._changed[shown.uri] = None
            self.tell(f"lost an edit of {shown.uri}; nothing is said about it until it is closed and opened again")

    # --- diagnostics

    def on_idle(self) -> None:
        """Publishes the documents that changed, each once for all the changes that came together."""
        while self._changed and not self.is_waited_for():
            uri = next(iter(self._changed))
            del self._changed[uri]
            shown = self.documents[uri]
            spec = shown.spec
            if spec is None:
                if shown.published:
                    self._publish(uri, shown.version, "")
                continue
            shown.published = True
            problems = shown.document.problems()
            if problems is not shown.problems:
                known, shown.rendered = shown.rendered, {}
                for problem in problems:
                    entry = known.get(id(problem))
                    if entry is None:
                        diagnostic = convert.diagnostic_json(uri, spec, problem, self.client)
                        entry = (problem, json.dumps(diagnostic, separators=(",", ":")))
                    shown.rendered[id(problem)] = entry
                shown.problems = problems
                shown.diagnostics = ",".join([rendered for _, rendered in shown.rendered.values()])
            self._publish(uri, shown.version, shown.diagnostics)
            for crashed in shown.document.new_crashes():
                self.tell(f"the rule {crashed} failed and its findings are left out (see the log)")

    def _publish(self, uri: str, version: int | None, diagnostics: str) -> None:
        """Sends diagnostics that are rendered as JSON already."""
        told = "" if version is None else f',"version":{version}'
        params = f'{{"uri":{json.dumps(uri)}{told},"diagnostics":[{diagnostics}]}}'
        method = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
        self.send_raw(f'{{"jsonrpc":"2.0","method":"{method}","params":{params}}}'.encode("ascii"), key=uri)

    # --- surroundings

    def surroundings(self, shown: OpenDocument) -> Surroundings | Coroutine[Any, Any, Surroundings]:
        """What is known beyond the document; where that has to be found out first, a coroutine that waits for it.

        What is older than a minute is given out once more while it is found out anew.
        """
        root = self._root_of(shown)
        identifier = shown.document.spec.template.field("id")
        prefix = identifier.prefix if identifier else ""
        if root is None:
            return self._around(None, prefix)
        key = (root, prefix)
        known = self._known.get(key)
        if known is None or time.monotonic() - known.at > _FRESH_SECONDS:
            found = self._gather(key)
            if known is None:
                return self._wait(found, prefix)
        return self._around(known, prefix)

    def _root_of(self, shown: OpenDocument) -> Path | None:
        """The repository that a document lies in, looked for once a minute."""
        if shown.root is None or time.monotonic() - shown.root[1] > _FRESH_SECONDS:
            from spec_ls import index

            path = _path_of(shown.uri)
            shown.root = index.root_of(Path(path)) if path else None, time.monotonic()
        return shown.root[0]

    def _around(self, known: _Known | None, prefix: str) -> Surroundings:
        open_ids = {
            entry.entry.value
            for shown in self.documents.values()
            for entry in (shown.document.spec.field(shown.document.spec.template.field("id")),)
            if entry is not None and entry.entry.value.startswith(prefix)
        }
        people, ids = (known.people, known.ids) if known else ((), frozenset())
        return Surroundings(today=date.today(), people=people, ids=ids | open_ids)

    async def _wait(self, found: asyncio.Future[_Known], prefix: str) -> Surroundings:
        try:
            known = await asyncio.wait_for(asyncio.shield(found), _GATHER_SECONDS)
        except TimeoutError:
            known = None
        return self._around(known, prefix)

    def _gather(self, key: tuple[Path, str]) -> asyncio.Future[_Known]:
        """Finds out about a repository in a thread; one at a time for each."""
        running = self._gathering.get(key)
        if running is not None:
            return running
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="index")

        def find_out() -> _Known:
            from spec_ls import index

            root, prefix = key
            return _Known(index.people(root), index.identifiers(root, prefix), time.monotonic())

        def keep(done: asyncio.Future[_Known]) -> None:
            del self._gathering[key]
            if not done.cancelled() and done.exception() is None:
                self._known[key] = done.result()

        future = asyncio.get_running_loop().run_in_executor(self._pool, find_out)
        self._gathering[key] = future
        future.add_done_callback(keep)
        return future

    def answer(
        self, shown: OpenDocument, feature: Any, around: Surroundings | Coroutine[Any, Any, Surroundings]
    ) -> Any:
        """`feature` applied to the surroundings, at once or when they are known; superseded if the text changed."""
        if isinstance(around, Surroundings):
            return feature(around)
        version, waiting = shown.version, around

        async def later() -> Any:
            known = await waiting
            if self.documents.get(shown.uri) is not shown or shown.version != version:
                raise JsonRpcException("the document has changed since", _CONTENT_MODIFIED)
            return feature(known)

        return later()


def _path_of(uri: str) -> str | None:
    """The path of a file's URI; None for other schemes and for what cannot be a path."""
    try:
        path = to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:
        return None
    return None if path is None or "\0" in path else path


def _version(item: Json, fallback: int) -> int:
    try:
        return number(item.get("version"))
    except TypeError:
        return fallback


def create_server() -> SpecLanguageServer:
    """A server with all features, not yet connected to a client.

    A feature is imported when first asked for, or while nothing is to do: diagnostics come before.
    """
    server = SpecLanguageServer()

    def opened(uri: str) -> tuple[OpenDocument, Spec] | None:
        shown = server.documents.get(uri)
        spec = shown.spec if shown else None
        return (shown, spec) if shown and spec else None

    triggers = ["@", "#", "|", "-", "[", "*", ",", " "]

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=triggers))
    def on_completion(ls: SpecLanguageServer, params: types.CompletionParams) -> Any:
        found = opened(params.text_document.uri)
        if found is None:
            return None
        from spec_ls.features.completion import complete

        shown, spec = found
        point = spec.text.point(params.position.line, params.position.character, ls.client.encoding)

        def answer(around: Surroundings) -> Json:
            items = complete(spec, point, around, ls.client.snippets)
            return {"isIncomplete": True, "items": [convert.completion_json(spec.text, i, ls.client) for i in items]}

        return ls.answer(shown, answer, ls.surroundings(shown))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def on_hover(ls: SpecLanguageServer, params: types.HoverParams) -> Any:
        found = opened(params.text_document.uri)
        if found is None:
            return None
        from spec_ls.features.hover import hover

        shown, spec = found
        point = spec.text.point(params.position.line, params.position.character, ls.client.encoding)

        def answer(around: Surroundings) -> Json | None:
            told = hover(spec, point, around, shown.document.problems)
            return convert.hover_json(spec.text, told, ls.client) if told else None

        return ls.answer(shown, answer, ls.surroundings(shown))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def on_symbols(ls: SpecLanguageServer, params: types.DocumentSymbolParams) -> Any:
        found = opened(params.text_document.uri)
        if found is None:
            return None
        from spec_ls.features.symbols import symbols

        shown, spec = found
        return convert.symbols_json(shown.uri, spec.text, symbols(spec), ls.client)

    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.RefactorRewrite, "source.fixAll.spec-ls"]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))
    def on_code_action(ls: SpecLanguageServer, params: types.CodeActionParams) -> Any:
        found = opened(params.text_document.uri)
        if found is None:
            return None
        from spec_ls.features.actions import actions

        shown, spec = found
        encoding = ls.client.encoding
        start, end = params.range.start, params.range.end
        first = spec.text.point(start.line, start.character, encoding)
        last = max(first, spec.text.point(end.line, end.character, encoding))
        only = None if params.context.only is None else [str(getattr(k, "value", k)) for k in params.context.only]
        # The client's diagnostics are not looked at: some clients strip them of all that would tell them apart.
        offered = actions(spec, shown.document.problems(), Span(*first, *last), ls._around(None, ""), only)
        return list(_actions_json(ls, shown, spec, offered))

    @server.command(_APPLY)
    async def on_apply(ls: SpecLanguageServer, *arguments: Any) -> None:
        """Applies an edit for clients that take commands where others take code actions."""
        label, edit = arguments
        await ls.ask(types.WORKSPACE_APPLY_EDIT, {"label": label, "edit": edit})

    return server


def _actions_json(ls: SpecLanguageServer, shown: OpenDocument, spec: Spec, offered: Iterable[Any]) -> Iterable[Json]:
    """Code actions; commands for a client without code action literals that lets a server apply edits."""
    for action in offered:
        if ls.client.code_action_literals:
            yield convert.action_json(shown.uri, shown.version, spec, action, ls.client)
        elif ls.client.apply_edit:
            edit = convert.workspace_edit_json(shown.uri, shown.version, spec.text, action.edits, ls.client)
            yield {"title": action.title, "command": _APPLY, "arguments": [action.title, edit]}


def serve() -> NoReturn:
    """Serves one client on stdin and stdout and ends the process when it leaves."""
    create_server().serve_stdio()
