"""The diagnostics of all files: one store, pushed to clients that wait for them, pulled by those that ask."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from lsprotocol import types

from spec_ls.lsp import authoring, convert
from spec_ls.lsp.wire import Rendered
from spec_ls.template.model import Origin, Template
from spec_ls.text import TOP, Span, Text

if TYPE_CHECKING:
    from spec_ls.lsp.progress import WorkDone
    from spec_ls.lsp.server import OpenDocument, SpecLanguageServer
    from spec_ls.rules.base import Problem

_CONTENT_MODIFIED = types.LSPErrorCodes.ContentModified.value
_MOST_ITEMS = 50
"""Files in one partial result."""
_MOST_SAID = 1000
"""Messages that are remembered of a document."""


def diagnostics_of(server: SpecLanguageServer, shown: OpenDocument) -> str | None:
    """The diagnostics of an open document, JSON with commas between; None where nothing is to be said of it.

    A problem that is as it was is the same object, and is not rendered again.
    """
    document = shown.governed
    policy = document.policy
    if shown.stale:
        return None
    if policy.is_template:
        return authoring.diagnostics(shown.text, server.client)
    if not document.decision.is_spec or "diagnostics" in policy.off:
        return None
    problems = document.problems()
    if problems is not shown.problems:
        known, shown.rendered = shown.rendered, {}
        for problem in problems:
            entry = known.get(id(problem))
            shown.rendered[id(problem)] = entry or (problem, _text_of(server, shown, problem))
        shown.problems = problems
        shown.diagnostics = ",".join([rendered for _, rendered in shown.rendered.values()])
    for crashed in document.new_crashes():
        server.tell_once(f"the rule {crashed} failed and its findings are left out (see the log)")
    return shown.diagnostics


def _text_of(server: SpecLanguageServer, shown: OpenDocument, problem: Problem) -> str:
    """A problem as a diagnostic's JSON. What it says is made once for all problems that say so."""
    finding, document = problem.finding, shown.document
    asked = finding.origin is not None and document.policy.path(document.spec.template)
    if server.client.related_information and (finding.related or finding.elsewhere or asked):
        return json.dumps(diagnostic(server, shown, problem), separators=(",", ":"))
    key = problem.rule, problem.severity, problem.message
    said = shown.said.get(key)
    if said is None:
        if len(shown.said) > _MOST_SAID:
            shown.said.clear()
        said = shown.said[key] = convert.said_text(problem, server.client)
    return convert.placed_text(document.text, problem.span, server.client.encoding, said)


def diagnostic(server: SpecLanguageServer, shown: OpenDocument, problem: Problem) -> dict[str, Any]:
    """A problem of an open document as a diagnostic, with the line of the team's template that asks for it."""
    client, spec = server.client, shown.document.spec
    made = convert.diagnostic_json(shown.uri, spec, problem, client)
    origin = problem.finding.origin
    if client.related_information and problem.finding.elsewhere:
        made.setdefault("relatedInformation", []).extend(_elsewhere(server, problem))
    path = shown.document.policy.path(spec.template) if client.related_information and origin else ""
    if path and origin:
        uri = server.configuration.uri(path)
        made.setdefault("relatedInformation", []).append(_asked_by(uri, spec.template, origin, server))
    return made


def _elsewhere(server: SpecLanguageServer, problem: Problem) -> Iterator[dict[str, Any]]:
    """The places in other files that explain a problem, where these still reach so far; else their first line."""
    from spec_ls.lsp.navigation import read_all  # few problems have such

    for key, span, message in problem.finding.elsewhere:
        text = server.text_of(key) or read_all([key]).get(key)
        if text is not None:
            place = convert.range_json(text, span if text.reaches(span) else TOP, server.client.encoding)
            yield {"location": {"uri": server.uri_of(key), "range": place}, "message": message}


def _asked_by(uri: str, template: Template, origin: Origin, server: SpecLanguageServer) -> dict[str, Any]:
    text = _lines(template.source)
    line = min(origin.line, len(text.lines) - 1)
    place = Span(line, 0, line, len(text.content(line)))
    location = {"uri": uri, "range": convert.range_json(text, place, server.client.encoding)}
    return {"location": location, "message": f"The template {template.name} has it here."}


@lru_cache(maxsize=8)
def _lines(source: str) -> Text:
    return Text(source)


# --- pulled


class _Report(NamedTuple):
    """What there is to say of a file: its items as JSON, and the version of its text where it is open."""

    uri: str
    version: int | None
    items: str

    @property
    def result_id(self) -> str:
        """The same for the same items, whenever and by whichever server they are given."""
        from hashlib import blake2b  # for clients that pull

        return blake2b(self.items.encode("ascii"), digest_size=9).hexdigest()

    def json(self, previous: str | None, more: str = "") -> str:
        """The report, or that it is as it was when it had the identifier `previous`; `more` are further members."""
        result_id = self.result_id
        if result_id == previous:
            return f'{{"kind":"unchanged","resultId":"{result_id}"{more}}}'
        return f'{{"kind":"full","resultId":"{result_id}","items":[{self.items}]{more}}}'

    def of_workspace(self, previous: str | None) -> str:
        """The report as one of many."""
        return self.json(previous, f',"uri":{json.dumps(self.uri)},"version":{json.dumps(self.version)}')


def on_document(server: SpecLanguageServer, params: types.DocumentDiagnosticParams) -> Any:
    """The findings of a document, and the faults of the files that govern it, for a client that pulls them.

    Before a long text has been read, or git has answered, a coroutine that waits for it.
    """
    _govern(server)
    uri, previous = params.text_document.uri, params.previous_result_id
    shown = server.documents.get(uri)
    if shown is None or is_ready(shown):
        return _document(server, uri, previous)

    hold = server.held(shown)

    async def later() -> Rendered:
        await _until_ready(server, shown)
        hold()
        return _document(server, uri, previous)

    return later()


def _govern(server: SpecLanguageServer) -> None:
    """Has what governs the open documents read, where it has changed: its faults are known from then on."""
    server.govern_anew()
    for shown in server.documents.values():
        if shown.outdated is not None:
            _ = shown.governed


def is_ready(shown: OpenDocument) -> bool:
    """Whether it is known what is wrong with a document: it has been read, and git need not be asked about it."""
    return shown.reading is None and (not shown.governed.waiting or shown.is_template)


async def _until_ready(server: SpecLanguageServer, shown: OpenDocument) -> None:
    while server.documents.get(shown.uri) is shown and not is_ready(shown):
        if shown.reading is not None:
            await asyncio.wait([shown.reading])
        else:
            await server.ruling()


def _document(server: SpecLanguageServer, uri: str, previous: str | None) -> Rendered:
    client, configuration = server.client, server.configuration
    report, more = _report(server, uri), ""
    if client.related_documents:
        news = [(other, _Report(other, None, items)) for other, items in configuration.news(client) if other != uri]
        related = ",".join(f"{json.dumps(other)}:{one.json(None)}" for other, one in news)
        more = f',"relatedDocuments":{{{related}}}' if related else ""
    elif not client.refresh_diagnostics:  # it hardly asks for the diagnostics of the workspace, either
        for message in configuration.messages():
            server.tell_once(message)
    return Rendered(report.json(previous, more))


def _report(server: SpecLanguageServer, uri: str) -> _Report:
    shown = server.documents.get(uri)
    found = diagnostics_of(server, shown) if shown is not None else None
    items = found if found is not None else server.configuration.faults(server.client).get(uri, "")
    return _Report(uri, shown.version if shown is not None else None, items)


def on_workspace(server: SpecLanguageServer, params: types.WorkspaceDiagnosticParams) -> Any:
    """The same for all specs of the workspace, open or not, for open templates and files around them that have faults.

    With a token for partial results the reports go out as they are made, and the answer itself has none.
    """
    return _workspace(server, params)


async def _workspace(server: SpecLanguageServer, params: types.WorkspaceDiagnosticParams) -> Rendered:
    from spec_ls.lsp.progress import WorkDone

    job, task = params.work_done_token, asyncio.current_task()
    progress = WorkDone(server, "Checking specs", task.cancel, job) if job is not None and task is not None else None
    try:
        return await _reports(server, params, progress)
    finally:
        if progress is not None:
            progress.end()


async def _reports(
    server: SpecLanguageServer, params: types.WorkspaceDiagnosticParams, progress: WorkDone | None
) -> Rendered:
    previous, token = {one.uri: one.value for one in params.previous_result_ids}, params.partial_result_token
    _govern(server)
    found: list[str] = []
    nothing = _Report("", None, "").result_id
    closed = {server.uri_of(path): path for path in await server.closed.paths()}
    uris = dict.fromkeys([*server.documents, *server.configuration.faults(server.client), *closed, *previous])
    for number, uri in enumerate(uris):
        if progress is not None:
            progress.report(number, len(uris))
        shown = server.documents.get(uri)
        if shown is not None:
            await _until_ready(server, shown)
        report, known = _report(server, uri), previous.get(uri)
        if shown is None and uri in closed:
            report = _Report(uri, None, await server.closed.items(closed[uri]))
        if report.items or known not in (None, nothing) or (shown is not None and shown.is_judged):
            found.append(report.of_workspace(known))
        if token is not None and len(found) == _MOST_ITEMS:
            _send_part(server, token, found)
            found.clear()
        await asyncio.sleep(0)  # edits that have come in go first
    if token is not None and found:
        _send_part(server, token, found)
        found.clear()
    return Rendered(_items(found))


def _send_part(server: SpecLanguageServer, token: str | int, reports: list[str]) -> None:
    params = f'{{"token":{json.dumps(token)},"value":{_items(reports)}}}'
    server.send_raw(f'{{"jsonrpc":"2.0","method":"{types.PROGRESS}","params":{params}}}'.encode("ascii"))


def _items(reports: list[str]) -> str:
    return f'{{"items":[{",".join(reports)}]}}'
