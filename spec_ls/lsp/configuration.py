"""What governs the open documents: asks the resolver, keeps up with changes of its files, shows their faults."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from lsprotocol import types

from spec_ls.baseline import NAME as BASELINE
from spec_ls.history import Histories, Question
from spec_ls.lsp import convert
from spec_ls.lsp.client import Client
from spec_ls.resolver import NAMES, Answer, Faulty, Policy, Resolver
from spec_ls.template.model import Template
from spec_ls.text import Text

_CODE = "invalid-configuration"
_POLL_SECONDS = 2.0
_HISTORY_SECONDS = 3.0
"""How long a document goes without findings while git is asked which version of its template judges it."""
_HEADS = ("**/.git/HEAD", "**/.git/logs/HEAD")
_WATCHED = (*(f"**/{name}" for name in NAMES), f"**/{BASELINE}", "**/*.md", "**/*.markdown", *_HEADS)


class Configuration:
    """The resolver of one client, and what the client has been told of the files that it reads.

    `text_of` gives the text of an open document by its real path, `uri_of` the client's URI of one; both give None for
    one that is not open.
    """

    def __init__(self, text_of: Callable[[str], str | None], uri_of: Callable[[str], str | None]) -> None:
        self._text_of = text_of
        self._uri_of = uri_of
        self.past = _Past()
        self.resolver = Resolver(shown=text_of, ask=self.past.ask)
        self._told: dict[str, Faulty] = {}
        self.may_have_changed = False
        self.off: frozenset[str] = frozenset()
        """The features that the user has switched off, whatever the team has."""

    def start(self, folders: Sequence[str], settings: object) -> None:
        """Takes the workspace's folders and the user's own settings, as they stand in `initializationOptions`."""
        allowed = settings.get("templateFolders") if isinstance(settings, dict) else None
        paths = [one for one in allowed if isinstance(one, str)] if isinstance(allowed, list) else []
        self.resolver = Resolver(folders, [os.path.expanduser(one) for one in paths], self._text_of, self.past.ask)

    def close(self) -> None:
        """Asks git nothing more."""
        self.past.close()

    def policy(self, path: str | None) -> Policy:
        """What holds for the document at `path`; for one without a path (untitled, another scheme), the default."""
        found = self.resolver.policy(path)
        return replace(found, off=found.off | self.off) if self.off else found

    def concerns(self, path: str | None) -> bool:
        """Whether an answer so far depends on the file at `path`."""
        return path is not None and self.resolver.depends_on(path)

    def has_changed(self) -> bool:
        """Whether answers given so far may be wrong now; looks at the files only if something was said of a change."""
        if not self.may_have_changed:
            return False
        self.may_have_changed = False
        return self.resolver.refresh()

    def uri(self, path: str) -> str:
        """The client's URI of a file, by its real path."""
        return self._uri_of(path) or Path(path).as_uri()

    def faults(self, client: Client) -> dict[str, str]:
        """What is wrong with configuration files, by their URIs: diagnostics as JSON, commas between."""
        found = self.resolver.faults().items()
        return {self.uri(path): _diagnostics(faulty, client) for path, faulty in found if faulty.faults}

    def messages(self) -> list[str]:
        """The same for the eyes of the user."""
        found = self.resolver.faults().items()
        return [f"{path}: {fault.message}" for path, faulty in found for fault in faulty.faults]

    def news(self, client: Client) -> Iterator[tuple[str, str]]:
        """Those of the faults that are not as they were last time, with nothing for a file that is right again."""
        faults = self.resolver.faults()
        if not faults and not self._told:
            return
        for path, faulty in faults.items():
            before = self._told.get(path)
            self._told[path] = faulty
            if faulty != before and (faulty.faults or (before and before.faults)):
                yield self.uri(path), _diagnostics(faulty, client)
        for path in [path for path in self._told if path not in faults]:
            if self._told.pop(path).faults:
                yield self.uri(path), ""


def _diagnostics(faulty: Faulty, client: Client) -> str:
    text = Text(faulty.source)
    shown = (convert.fault_json(text, fault.span, "error", _CODE, fault.message, client) for fault in faulty.faults)
    return ",".join(map(json.dumps, shown))


class _Past:
    """Templates as they once stood, found out in a thread. `found` is called in the loop with what there is news of.

    After three seconds without an answer, today's template stands in until it comes.
    """

    def __init__(self) -> None:
        self.found: Callable[[Question], object] = lambda question: None
        self._answers: dict[Question, Answer] = {}
        self._asked: set[Question] = set()
        self.histories = Histories()
        """For the one thread of `pool`."""
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="history")

    def close(self) -> None:
        """Answers nothing more."""
        self.found = lambda question: None
        self.pool.shutdown(wait=False, cancel_futures=True)

    def ask(self, question: Question) -> Answer | None:
        """What is known; None while it is found out."""
        known = self._answers.get(question)
        if known is not None or question in self._asked:
            return known
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # messages are handed in one by one, and nothing runs between them
            return Answer(self.histories.template(question))
        for other in [other for other in self._answers if other.template == question.template]:
            if other.head != question.head:
                del self._answers[other]
        self._asked.add(question)

        def stand_in() -> None:
            if question in self._asked:
                self._answers[question] = Answer(None)
                self.found(question)

        def keep(done: asyncio.Future[Template | None]) -> None:
            late.cancel()
            self._asked.discard(question)
            self._answers[question] = Answer(None if done.cancelled() or done.exception() else done.result())
            self.found(question)

        late = loop.call_later(_HISTORY_SECONDS, stand_in)
        loop.run_in_executor(self.pool, self.histories.template, question).add_done_callback(keep)
        return None


def watchers() -> types.Registration:
    """What the client is asked to watch: configurations, baselines, Markdown files (templates among them), commits."""
    options = types.DidChangeWatchedFilesRegistrationOptions(
        watchers=[types.FileSystemWatcher(glob_pattern=glob) for glob in _WATCHED]
    )
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    return types.Registration(id="spec-ls-files", method=method, register_options=options)


def poll(loop: asyncio.AbstractEventLoop, look: Callable[[], object], is_over: Callable[[], bool]) -> None:
    """Calls `look` every two seconds until `is_over`: for clients that cannot watch files."""

    def again() -> None:
        if not is_over():
            look()
            loop.call_later(_POLL_SECONDS, again)

    loop.call_later(_POLL_SECONDS, again)


def folder_paths(params: types.InitializeParams, path_of: Callable[[str], str | None]) -> list[str]:
    """The paths of the workspace's folders; of its root, where the client names no folders."""
    uris: Iterable[Any] = [folder.uri for folder in params.workspace_folders or ()] or [params.root_uri]
    paths = [path_of(uri) for uri in uris if uri]
    if not any(paths) and params.root_path:
        paths = [params.root_path]
    return [path for path in paths if path]
