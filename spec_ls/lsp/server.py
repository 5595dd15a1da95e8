"""The server: its open documents, what is published about them, and what is known around them."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from importlib import import_module
from json.encoder import encode_basestring_ascii as encode_string
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.uris import to_fs_path

from spec_ls import __version__
from spec_ls.features import Person, Surroundings
from spec_ls.files import MARKDOWN, is_inside, may_be_root
from spec_ls.git import root_of
from spec_ls.history import Question
from spec_ls.known import Known
from spec_ls.lsp import diagnostics, handlers, tokens
from spec_ls.lsp.commands import usable
from spec_ls.lsp.configuration import Configuration, folder_paths
from spec_ls.lsp.decoding import number
from spec_ls.lsp.settings import Settings, settings_of
from spec_ls.lsp.wire import WireServer
from spec_ls.outline.inline import forget
from spec_ls.resolver import NAMES, Policy
from spec_ls.rules.base import Problem
from spec_ls.spec import Spec
from spec_ls.text import Span, Text
from spec_ls.workspace import Document, Replacement, is_markdown

if TYPE_CHECKING:
    from spec_ls.catalogue import Card, CardMaker
    from spec_ls.lsp.closed import ClosedSpecs
    from spec_ls.lsp.outside import Knowledge
    from spec_ls.lsp.surveys import Survey, Surveys
    from spec_ls.template.model import Template

logger = logging.getLogger(__name__)

_AT_ONCE = 100_000
"""Code points of a text that is read when it comes, which takes some 50 ms; a longer one is read in a thread."""
_FORGET_SECONDS = 0.5
_LONG_LINES = 1000
_FRESH_SECONDS = 60.0
_GATHER_SECONDS = 3.0
_SURVEY_SECONDS = 1.0
"""How long after the first findings the specs around are looked at, unless a feature asks for them before."""
_LOOK_SECONDS = 0.2
"""How long after a message it is looked whether the world around the open documents has changed."""
_MOST_TROUBLES = 20
_PUBLISH = types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS
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

    reading: asyncio.Future[Document] | None = None
    """The document is long and is read in a thread; until then, `document` is an empty one."""
    pending: list[Replacement] = field(default_factory=list)
    """The edits that came meanwhile."""
    unread: Text | None = None
    """The text with these edits."""

    rendered: dict[int, tuple[Problem, str]] = field(default_factory=dict)
    """The last diagnostics by the identity of their problem: what has not changed is not rendered again."""
    said: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """What diagnostics say, as JSON, by rule, severity and message."""
    problems: list[Problem] | None = None
    diagnostics: str = ""
    """What `problems` came to as JSON, commas between."""

    path: str | None = None
    """The real path of its file; None where it is none."""

    revision: int = 0
    """How many changes it has had."""

    survey: Survey | None = None
    """What is known of the specs around it, once that was asked for."""
    maker: tuple[Policy, CardMaker] | None = None
    card: tuple[int, Spec, Card | None] | None = None
    """The card of a revision."""

    memory: dict[str, Any] = field(default_factory=dict)
    """What features keep from one answer to the next, by name."""

    asked: tuple[Template, object] | None = None
    """For which template and state of the world it was last asked what is known around the document."""

    outdated: Callable[[], Policy] | None = None
    """Asks for the policy that holds now, where the one in force may be an old one."""

    @property
    def text(self) -> Text:
        return self.unread or self.document.text

    def change(self, replacement: Replacement) -> None:
        """Takes one content change; one of a text that is still being read is kept until it has been."""
        self.revision += 1
        if self.unread is None:
            self.document.change(replacement)
        elif replacement.span is None:
            self.unread.replace(replacement.new_text)
            self.pending.append(replacement)
        else:
            self.unread.splice(replacement.span, replacement.new_text)
            self.pending.append(replacement)

    @property
    def is_template(self) -> bool:
        """Whether it is a template in force, whose author is helped with its annotations."""
        return self.governed.policy.is_template and not self.stale

    @property
    def is_configuration(self) -> bool:
        """Whether it is a file that may hold our configuration, by its name."""
        return self.path is not None and os.path.basename(self.path) in NAMES

    @property
    def spec(self) -> Spec | None:
        """The spec to answer from; None where the document is none or too large, or an edit was lost."""
        document = self.governed
        return document.spec if document.decision.is_spec and not self.stale and not document.is_large else None

    @property
    def key(self) -> str:
        """What it is called among the files of its workspace: its path, where it has one."""
        return self.path or self.uri

    def card_now(self, resting: Card | None) -> Card | None:
        """The card of the spec as it stands; None where it is none. `resting` is that of its file, which stands in
        while the text is not known."""
        if self.reading is not None or self.stale:
            return resting
        spec = self.spec
        if spec is None:
            return None
        if self.card is None or self.card[0] != self.revision or self.card[1] is not spec:
            from spec_ls.catalogue import CardMaker

            policy = self.document.policy
            if self.maker is None or self.maker[0] is not policy:
                self.maker = policy, CardMaker(self.key, policy.prefixes)
            self.card = self.revision, spec, self.document.card(self.maker[1])
        return self.card[2]

    def is_long(self) -> bool:
        """Whether to make its first card may take longer than a keystroke should."""
        return len(self.text.lines) > _LONG_LINES

    def id_now(self) -> str:
        """The identifier of the spec as it stands; empty where it has none."""
        from spec_ls.catalogue import identifier_of

        spec = self.spec if self.reading is None else None
        return identifier_of(spec) if spec is not None else ""

    @property
    def is_judged(self) -> bool:
        """Whether there are findings to be had, if only none."""
        return self.is_template or (self.governed.decision.is_spec and not self.stale)

    @property
    def governed(self) -> Document:
        """The document under the policy that holds now."""
        if self.outdated is not None and self.reading is None:
            policy, self.outdated = self.outdated(), None
            self.document.govern(policy)
        return self.document


@dataclass(slots=True)
class _Known:
    """What was found out about a repository, and when (monotonic seconds). `owners` are those of the files that were
    open then, by their paths."""

    me: str
    people: tuple[Person, ...]
    owners: dict[str, tuple[Person, ...]]
    ids: frozenset[str]
    troubles: tuple[str, ...]
    at: float


class SpecLanguageServer(WireServer):
    """One client, its open documents."""

    def __init__(self) -> None:
        super().__init__("spec-ls", __version__)
        self.documents: dict[str, OpenDocument] = {}
        """By the client's exact URI: two spellings are two documents, as they are for the client."""
        self._uris_by_path: dict[str, str] = {}
        self.configuration = Configuration(self._text_at, self._uris_by_path.get)
        self.configuration.past.found = self.judge_anew
        self.watching: asyncio.Task[Any] | None = None
        self.settings = self._own_settings = Settings()
        self._changed: dict[str, None] = {}
        self.board_folder = ""
        self._rulings: list[asyncio.Future[None]] = []
        self._refreshing: asyncio.Task[Any] | None = None
        self._refresh_again = False
        self._told: set[str] = set()
        self._passed_by: set[Path] = set()
        self._known: dict[tuple[Path, str], _Known] = {}
        self._gathering: dict[tuple[Path, str], asyncio.Future[_Known]] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._surveys: Surveys | None = None
        self._alone: Survey | None = None
        """The open documents that lie in no folder whose files may be looked at."""
        self._has_opened = False
        """A document was opened whose surroundings nobody has looked at."""
        self._survey_soon: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None

    def warm_up(self) -> Iterator[Callable[[], object]]:
        yield partial(import_module, "rapidfuzz.fuzz")
        yield partial(import_module, "rapidfuzz.process")
        for name in (
            "completion",
            "hover",
            "symbols",
            "folding",
            "actions",
            "suppress",
            "refactor",
            "hints",
            "highlight",
            "selection",
            "lenses",
        ):
            yield partial(import_module, f"spec_ls.features.{name}")
        for name in ("index", "catalogue", "across", "lsp.outside"):
            yield partial(import_module, f"spec_ls.{name}")
        yield from super().warm_up()

    def close(self) -> None:
        super().close()
        for timer in (self._survey_soon, self._looking, self._refreshing):
            if timer is not None:
                timer.cancel()
        for pool in (self._pool, self._readers):
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)
        self.configuration.close()
        if "knowledge" in self.__dict__:
            self.knowledge.close()
        if self._surveys is not None:
            self._surveys.end()
        self.documents.clear()

    async def gone(self) -> None:
        """Waits, behind `close`, until what the server has started has ended."""
        if self._surveys is not None:
            await self._surveys.gone()

    def started(self, params: types.InitializeParams) -> None:
        self.configuration.start(folder_paths(params, path_of), params.initialization_options)

    def offer(self, capabilities: types.ServerCapabilities) -> None:
        capabilities.semantic_tokens_provider = tokens.provider(self.client)
        if not self.client.pull_diagnostics:
            capabilities.diagnostic_provider = None
        actions = capabilities.code_action_provider
        if isinstance(actions, types.CodeActionOptions):
            actions.resolve_provider = self.client.code_action_resolve
        if capabilities.execute_command_provider is not None:
            capabilities.execute_command_provider.commands = usable(self.client, self.protocol.fm.commands)

    def take_options(self, options: Any) -> None:
        self._own_settings = Settings()
        self._own_settings = settings_of(options, self._own_settings, handlers.feature_names())
        self.take_settings(None)

    def take_settings(self, value: object) -> None:
        """Puts in force what the client has told of settings; where it says nothing, those of the start hold."""
        self.settings = settings_of(value, self._own_settings, handlers.feature_names())
        if self.settings.off != self.configuration.off:
            self.configuration.off = self.settings.off
            self._govern_all()
            if self.documents:
                self.settle()

    @property
    def max_bytes(self) -> int:
        """Of a longer document only that is said (bytes of UTF-8)."""
        return self.settings.max_bytes

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
        path = path_of(uri)
        path = os.path.realpath(path) if path else None
        if path is not None:
            self._uris_by_path[path] = uri
        kind, policy = is_markdown(language_id, uri), self.configuration.policy(path)
        read = partial(Document, text, may_be_spec=kind, policy=policy, max_bytes=self.max_bytes)
        loop = self._loop if kind and len(text) > _AT_ONCE else None
        document = read() if loop is None else Document("")
        shown = OpenDocument(uri, language_id, _version(item, 0), document, path=path)
        shown.published = before is not None and before.published
        if before is not None and before.survey is not None:
            self._unlist(before, before.survey)
        self.documents[uri] = shown
        self._has_opened = True
        if loop is not None:
            shown.unread = Text(text)
            self._read_aside(shown, read, loop)
        else:
            self._touch(shown)

    def _read_aside(self, shown: OpenDocument, read: Callable[[], Document], loop: asyncio.AbstractEventLoop) -> None:
        """Reads and judges a long text in a thread, so that it holds up neither keystrokes nor other documents."""
        if self._readers is None:
            self._readers = ThreadPoolExecutor(1, thread_name_prefix="long texts")

        def work() -> Document:
            document = read()
            document.problems()
            return document

        def take(done: asyncio.Future[Document]) -> None:
            shown.reading = shown.unread = None
            if self.documents.get(shown.uri) is not shown:
                return  # closed, or opened anew
            self._touch(shown)
            if error := done.exception():
                self.protocol.failed("a long text", error)
                self._mark_stale(shown)
            else:
                shown.document, shown.asked = done.result(), None
                for replacement in shown.pending:
                    shown.document.change(replacement)
            shown.pending.clear()
            if shown.document.backlog > _AT_ONCE:
                self._read_later(shown)
            self.settle()

        shown.reading = loop.run_in_executor(self._readers, work)
        shown.reading.add_done_callback(take)

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
        if shown.document.backlog > _AT_ONCE:
            self._read_later(shown)
        self._touch(shown)

    def _read_later(self, shown: OpenDocument) -> None:
        """Has the text read anew in a thread: an edit brought so much that reading it would hold up the loop."""
        document = shown.document
        if not is_markdown(shown.language_id, shown.uri) or self._loop is None:
            return
        shown.unread, source, policy = document.text, document.text.source, document.policy
        shown.document = Document("", policy=policy)
        self._read_aside(shown, partial(Document, source, policy=policy, max_bytes=self.max_bytes), self._loop)

    def did_close(self, params: Any) -> None:
        try:
            shown = self.documents.pop(params["textDocument"]["uri"])
        except (KeyError, TypeError) as error:
            logger.warning("ignored textDocument/didClose: %r", error)
            return
        self._changed.pop(shown.uri, None)
        if shown.survey is not None:
            self._unlist(shown, shown.survey)
        if shown.path is not None and self._uris_by_path.get(shown.path) == shown.uri:
            del self._uris_by_path[shown.path]
            self.configuration.may_have_changed |= self.configuration.concerns(shown.path)
        if shown.published:
            self._publish(shown.uri, None, "")
        if not self.documents and self._loop is not None:
            self._loop.call_later(_FORGET_SECONDS, self._forget)

    def _forget(self) -> None:
        """Gives memory back once nothing is open: a few words remembered here and there hold on to whole arenas."""
        if not self.documents:
            forget()
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def _touch(self, shown: OpenDocument) -> None:
        """Remembers that a document has changed, and with it perhaps what governs others."""
        self._changed[shown.uri] = None
        self.configuration.may_have_changed |= self.configuration.concerns(shown.path)

    def _text_at(self, path: str) -> str | None:
        """The client's text of an open file, by its real path."""
        shown = self.documents.get(self._uris_by_path.get(path, ""))
        return shown.text.source if shown is not None and not shown.stale else None

    def govern_anew(self) -> None:
        """Asks anew what governs every open document, once something that governs them has changed."""
        if self.configuration.has_changed():
            self._govern_all()
            if self._surveys is not None:
                self._surveys.renew()

    def _govern_all(self) -> None:
        for shown in self.documents.values():
            shown.outdated = partial(self.configuration.policy, shown.path)
            self._changed[shown.uri] = None
        self._have_pulled_anew()

    def judge_anew(self, question: Question) -> None:
        """Asks anew which version of its template judges the documents that a question to git was about."""
        for shown in self.documents.values():
            version = shown.document.spec.template_version
            if version == question.version and question.document in ("", shown.path) and shown.outdated is None:
                shown.outdated = partial(self.configuration.policy, shown.path)
                self._changed[shown.uri] = None
        for waiting in self._rulings:
            if not waiting.done():
                waiting.set_result(None)
        self._rulings.clear()
        self._have_pulled_anew()
        self.settle()

    def ruling(self) -> asyncio.Future[None]:
        """Done as soon as git has said of some document which version of its template judges it."""
        found: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rulings.append(found)
        return found

    def _have_pulled_anew(self) -> None:
        """Asks the client to pull its diagnostics again, and all else that it shows: one request at a time, whatever
        comes while it is open."""
        if self.client.refreshes and self._loop is not None:
            self._refresh_again = self._refreshing is not None
            if self._refreshing is None:
                self._refreshing = self._loop.create_task(self._refresh())
                self._refreshing.add_done_callback(self._refreshed)

    async def _refresh(self) -> None:
        for method in self.client.refreshes:
            await self.ask(method)

    def _refreshed(self, _: asyncio.Task[Any]) -> None:
        self._refreshing = None
        if self._refresh_again:
            self._have_pulled_anew()

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
            shown.change(Replacement(None, new_text))
            shown.stale = False
        elif not shown.stale:
            start, end = place["start"], place["end"]
            text, encoding = shown.text, self.client.encoding
            first = last = text.point(number(start["line"]), number(start["character"]), encoding)
            if end != start:
                last = text.point(number(end["line"]), number(end["character"]), encoding)
            shown.change(Replacement(Span(*first, *last), new_text))

    def _mark_stale(self, shown: OpenDocument) -> None:
        if not shown.stale:
            shown.stale = True
            self._changed[shown.uri] = None
            self.tell(f"lost an edit of {shown.uri}; nothing is said about it until it is closed and opened again")

    def look_again(self) -> None:
        """Looks whether a file that governs documents has changed on disk."""
        self.configuration.may_have_changed = True
        self.settle()

    # --- diagnostics

    def on_idle(self) -> None:
        """Publishes the documents that changed, each once for all the changes that came together."""
        if self.configuration.may_have_changed:
            self.govern_anew()
        if self.documents and self._looking is None:
            self.look_soon()
        if self._has_opened and self._survey_soon is None and self._loop is not None:
            self._survey_soon = self._loop.call_later(_SURVEY_SECONDS, self._survey_all)
        if self.client.pull_diagnostics:
            self._changed.clear()
            return
        while self._changed:
            uri = next(iter(self._changed))
            del self._changed[uri]
            shown = self.documents[uri]
            if diagnostics.is_ready(shown):  # else git is being asked, or a long text read, and this comes again
                found = diagnostics.diagnostics_of(self, shown)
                if found is not None or shown.published:
                    shown.published = True
                    self._publish(uri, shown.version, found or "")
            if self._changed and self.is_waited_for():
                break
        for uri, faults in self.configuration.news(self.client):
            self._publish(uri, None, faults)

    def tell_once(self, message: str) -> None:
        """Writes a line into the client's log if it is not there yet."""
        if message not in self._told:
            self._told.add(message)
            self.tell(message)

    def _publish(self, uri: str, version: int | None, diagnostics: str) -> None:
        """Sends diagnostics that are rendered as JSON already."""
        told = "" if version is None else f',"version":{version}'
        head = f'{{"jsonrpc":"2.0","method":"{_PUBLISH}","params":{{"uri":{encode_string(uri)}{told},"diagnostics":['
        self.protocol.send_raw(f"{head}{diagnostics}]}}}}".encode("ascii"), uri)

    # --- surroundings

    def surroundings(self, shown: OpenDocument) -> Surroundings | Coroutine[Any, Any, Surroundings]:
        """What is known beyond the document; where that has to be found out first, a coroutine that waits for it.

        What is older than a minute is given out once more while it is found out anew.
        """
        root = self.root_of(shown)
        identifier = shown.document.spec.template.field("id")
        prefix = identifier.prefix if identifier else ""
        if root is None:
            return self._around(shown, None, prefix)
        key = (root, prefix)
        known = self._known.get(key)
        is_new = known is not None and shown.path is not None and shown.path not in known.owners
        if known is None or is_new or time.monotonic() - known.at > _FRESH_SECONDS:
            found = self._gather(key)
            if known is None or is_new:
                return self._wait(shown, found, prefix)
        return self._around(shown, known, prefix)

    def known_now(self, shown: OpenDocument) -> Surroundings:
        """What is known beyond the document without asking anything."""
        return self._around(shown, None, "")

    def root_of(self, shown: OpenDocument) -> Path | None:
        """The repository that a document lies in, looked for once a minute."""
        if shown.root is None or time.monotonic() - shown.root[1] > _FRESH_SECONDS:
            path = path_of(shown.uri)
            shown.root = root_of(Path(path)) if path else None, time.monotonic()
        return shown.root[0]

    def folder_of(self, shown: OpenDocument) -> str | None:
        """The repository that a document lies in, else the workspace folder, else its own; None where it is no file."""
        if shown.path is None:
            return None
        root = self.root_of(shown)
        folders = [str(root)] if root else self.configuration.resolver.folders
        return next((one for one in folders if is_inside(one, shown.path)), os.path.dirname(shown.path))

    def _around(self, shown: OpenDocument, known: _Known | None, prefix: str) -> Surroundings:
        open_ids = {name for name in (other.id_now() for other in self.documents.values()) if name.startswith(prefix)}
        people, ids = (known.people, known.ids) if known else ((), frozenset())
        owners = known.owners.get(shown.path or "", ()) if known else ()
        config = shown.document.policy.config
        reviewers = tuple(Person(handle, "configuration") for handle in config.people.reviewers) if config else ()
        return Surroundings(
            today=self.today(),
            me=self.settings.handle or (known.me if known else ""),
            people=(*owners, *reviewers, *people),
            ids=ids | open_ids,
            severities=shown.document.severities,
            catalogue=self.survey_of(shown).catalogue,
            path=shown.key,
        )

    # --- the specs around the open ones

    @property
    def surveys(self) -> Surveys:
        """Made when first asked for: the first findings do without."""
        if self._surveys is None:
            from spec_ls.lsp.surveys import Surveys

            self._surveys = Surveys(self)
            self._surveys.ended = self.look_soon
        return self._surveys

    @cached_property
    def knowledge(self) -> Knowledge:
        from spec_ls.lsp.outside import Knowledge  # the first findings do without

        return Knowledge(self)

    def look_soon(self) -> None:
        """Has it looked whether the world around the open documents has changed, unless that is about to be done."""
        if self._looking is None and self._loop is not None:
            self._looking = self._loop.call_later(_LOOK_SECONDS, self._look_around)

    def _look_around(self) -> None:
        self._looking = None
        if self.is_waited_for():
            self.on_idle()
        elif self._loop is not None:
            self.knowledge.look(self._loop)

    def today(self) -> date:
        """The day on which it is."""
        return self.knowledge.now().date()

    def know(self, shown: OpenDocument, known: Known) -> None:
        """Takes what is known around a document now, and shows what follows from it."""
        from spec_ls.past import lasts

        document, before = shown.document, lasts(shown.document.spec)
        if document.know(known):
            self._changed[shown.uri] = None
            self._have_pulled_anew()
            self.on_idle()
        elif lasts(document.spec) != before and types.WORKSPACE_CODE_LENS_REFRESH in self.client.refreshes:
            self.begin(self.ask(types.WORKSPACE_CODE_LENS_REFRESH))

    @cached_property
    def closed(self) -> ClosedSpecs:
        """For clients that pull the diagnostics of the workspace."""
        from spec_ls.lsp.closed import ClosedSpecs

        return ClosedSpecs(self)

    def survey_of(self, shown: OpenDocument) -> Survey:
        """What is known of the specs around a document, the open ones among them as they stand."""
        for other in self.documents.values():
            if other.survey is None and (other is shown or other.spec is not None):
                other.survey = self._find_survey(other)
                other.survey.catalogue.show(other.key, other.card_now, other.id_now, other.is_long)
        found = shown.survey or self._find_survey(shown)  # it may be closed by now
        if found.root and not self.client.watched_files:
            self.surveys.survey(found.root, renew=True)
        return found

    def all_surveys(self) -> list[Survey]:
        """Those of the workspace's folders and of all open specs."""
        surveys = [self.survey_of(shown) for shown in self.documents.values() if shown.spec is not None]
        folders = [Path(folder) for folder in self.configuration.resolver.folders]
        found = (self._may_look(root_of(folder / ".git"), folder) for folder in folders if folder.is_dir())
        surveys += [self.surveys.survey(root) for root in sorted({os.path.realpath(one) for one in found if one})]
        return list({id(survey): survey for survey in surveys}.values())

    def look_at_all_again(self) -> None:
        """Forgets what is known of repositories, and looks at all their specs again."""
        self._known.clear()
        self.surveys.renew()
        self.look_again()

    def text_of(self, key: str) -> Text | None:
        """The text of an open document, by its path, or by its URI where it has none; None where it is not open."""
        shown = self.shown_at(key)
        return shown.text if shown is not None and not shown.stale else None

    def shown_at(self, key: str) -> OpenDocument | None:
        """The open document that is called so among the files of its workspace."""
        return self.documents.get(self._uris_by_path.get(key, key))

    def uri_of(self, key: str) -> str:
        """The client's URI of what is called so among the files of its workspace."""
        return key if key in self.documents else self.configuration.uri(key)

    def survey_at(self, path: str) -> Survey | None:
        """What is known of the specs around a file, the open ones as they stand; None where no specs are looked for."""
        for shown in self.documents.values():
            if shown.spec is not None:
                self.survey_of(shown)
        return self._survey_around(path, root_of(Path(path)))

    def known_surveys(self) -> Iterable[Survey]:
        """What is known of the specs around all documents so far."""
        return self._surveys.all() if self._surveys is not None else ()

    def path_of(self, uri: str) -> str | None:
        """The path of a file's URI; None for other schemes."""
        return path_of(uri)

    def _survey_around(self, path: str, root: Path | None) -> Survey | None:
        """That of the repository `root`, else of the workspace folder that the file lies in."""
        folders = [Path(folder) for folder in self.configuration.resolver.folders]
        found = self._may_look(root, *(folder for folder in folders if is_inside(folder, path)))
        return self.surveys.survey(os.path.realpath(found)) if found else None

    def _may_look(self, *folders: Path | None) -> Path | None:
        """The first of these folders whose files may all be looked at. Of those before it the log tells, once."""
        for folder in folders:
            if folder is not None:
                if may_be_root(folder):
                    return folder
                if folder not in self._passed_by:
                    self._passed_by.add(folder)
                    logger.warning("%s is a home folder or a whole disk: of its files only open ones count", folder)
        return None

    def _find_survey(self, shown: OpenDocument) -> Survey:
        """That around a document."""
        found = self._survey_around(shown.path, self.root_of(shown)) if shown.path is not None else None
        if found is not None:
            return found
        if self._alone is None:
            from spec_ls.lsp.surveys import Survey

            self._alone = Survey("")
        return self._alone

    def _unlist(self, shown: OpenDocument, survey: Survey) -> None:
        """A document counts as its file has it again, or as another view of the same file does."""
        survey.catalogue.hide(shown.key)
        shown.survey = None
        for other in self.documents.values():
            if other.key == shown.key:
                other.survey = None
        if shown.path is not None:
            self.surveys.changed([shown.path])

    def _survey_all(self) -> None:
        """Begins to look at the specs around those that are open, once there is nothing else to do."""
        self._survey_soon = None
        if self.is_waited_for():
            self.on_idle()
            return
        self._has_opened = False
        waiting = [shown for shown in self.documents.values() if shown.survey is None and shown.spec is not None]
        if waiting:
            self.survey_of(waiting[0])

    def folders_changed(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """The workspace has other folders, by their URIs: what governs the open documents is asked anew."""
        new, old = ([os.path.realpath(path) for path in map(path_of, uris) if path] for uris in (added, removed))
        kept = [folder for folder in self.configuration.resolver.folders if folder not in old]
        self.configuration.resolver.take_folders(list(dict.fromkeys([*kept, *new])))
        for shown in self.documents.values():
            shown.outdated = partial(self.configuration.policy, shown.path)
            self._changed[shown.uri] = None
            if shown.survey is not None:
                self._unlist(shown, shown.survey)
        self._have_pulled_anew()

    def files_changed(self, uris: Iterable[str]) -> None:
        """Files on disk have changed: those of the specs that are known are read again."""
        if self._surveys is not None:
            paths = (path for path in map(path_of, uris) if path and path.lower().endswith(MARKDOWN))
            self._surveys.changed(map(os.path.realpath, paths))

    async def _wait(self, shown: OpenDocument, found: asyncio.Future[_Known], prefix: str) -> Surroundings:
        try:
            known = await asyncio.wait_for(asyncio.shield(found), _GATHER_SECONDS)
        except TimeoutError:
            known = None
        return self._around(shown, known, prefix)

    def _gather(self, key: tuple[Path, str]) -> asyncio.Future[_Known]:
        """Finds out about a repository in a thread; one at a time for each."""
        running = self._gathering.get(key)
        if running is not None:
            return running
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="index")

        root, prefix = key
        paths = [shown.path for shown in self.documents.values() if shown.path and self.root_of(shown) == root]

        def find_out() -> _Known:
            from spec_ls import index
            from spec_ls.owners import code_owners

            troubles: list[str] = []
            rules = code_owners(root, troubles.append)
            people = index.people(root, troubles.append, rules)
            owners = index.owners(root, paths, rules, troubles.append)
            ids = index.identifiers(root, prefix, trouble=troubles.append)
            me = index.own_handle(root)
            return _Known(me, people, owners, ids, tuple(dict.fromkeys(troubles)), time.monotonic())

        def keep(done: asyncio.Future[_Known]) -> None:
            del self._gathering[key]
            if not done.cancelled() and done.exception() is None:
                self._known[key] = known = done.result()
                for trouble in known.troubles[:_MOST_TROUBLES]:
                    self.tell_once(trouble)

        future = asyncio.get_running_loop().run_in_executor(self._pool, find_out)
        self._gathering[key] = future
        future.add_done_callback(keep)
        return future

    def held(self, shown: OpenDocument) -> Callable[[], None]:
        """What raises ContentModified from when the document has been changed, closed or opened anew."""
        before = shown.version, shown.revision

        def hold() -> None:
            if self.documents.get(shown.uri) is not shown or (shown.version, shown.revision) != before:
                raise JsonRpcException("the document has changed since", _CONTENT_MODIFIED)

        return hold

    def answer(
        self, shown: OpenDocument, feature: Any, around: Surroundings | Coroutine[Any, Any, Surroundings]
    ) -> Any:
        """`feature` applied to the surroundings, at once or when they are known; superseded if the text changed."""
        if isinstance(around, Surroundings):
            return feature(around)
        hold, waiting = self.held(shown), around

        async def later() -> Any:
            known = await waiting
            hold()
            return feature(known)

        return later()


def path_of(uri: str) -> str | None:
    """The path of a file's URI; None for other schemes and for what cannot be a path."""
    try:
        path = to_fs_path(uri) if uri.startswith("file:") else None
    except ValueError:
        return None
    # `file:///c%3A/x.md` is no path here but on Windows: it would count from the working directory.
    return path if path and "\0" not in path and os.path.isabs(path) else None


def _version(item: Json, fallback: int) -> int:
    try:
        return number(item.get("version"))
    except TypeError:
        return fallback


def create_server(server: SpecLanguageServer | None = None) -> SpecLanguageServer:
    """A server with all features, not yet connected to a client."""
    server = server or SpecLanguageServer()
    handlers.register(server)
    return server


def serve() -> NoReturn:
    """Serves one client on stdin and stdout and ends the process when it leaves."""
    create_server().serve_stdio()
