"""The server as each real client meets it: what ten editors said of themselves, and what they get for it.

`tests/clients` holds the capabilities that editors sent when they started a server. What is expected here is read off
that JSON and counted with Python's codecs, never with the server's own code.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.protocol import default_converter
from pytest_lsp import ClientServerConfig, LanguageClient
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]

TIMEOUT = 20.0
SNAPSHOTS: dict[str, Json] = {
    path.stem: json.loads(path.read_text("utf-8"))["capabilities"]
    for path in sorted((Path(__file__).parent / "clients").glob("*.json"))
}
UTF_32: Json = {
    **SNAPSHOTS["vscode-1.139.1"],
    "general": {"positionEncodings": ["utf-32", "utf-16"]},
    "experimental": {"commands": {"commands": ["spec-ls.showReferences"]}},
}
CLIENTS: dict[str, Json] = {
    **SNAPSHOTS,
    "says-nothing": {},
    "counts-in-utf-32": UTF_32,
    "takes-commands": {"workspace": {"applyEdit": True, "workspaceEdit": {"documentChanges": True}}},
}
"""The snapshots, and three that no snapshot stands for: nothing said, code points with a command of the client's own,
no code action literals."""

DRAFT = """\
# Päckchen 📦 kommen später

| Metadata | Value |
| :--- | :--- |
| **Spec ID** | `SPEC-031` |
| **🚦 Status** | Draft |
| **Owner** | @zoë |
| **🖋 Approvers** | @adaeze, @jürgen-b |
| **Target Date** | 2029-06-29 |
| **Epic/Ticket** | [BILL-212](https://tracker.example/BILL-212) |

## 1. Context & Problem Statement
Ein Anruf 📞 am Montag\u2028kostet Zeit. 👋🏽

## 2. Goals & Non-Goals
### Goals
- [ ] Wer wartet 🙋🏽, erfährt es vor dem Mittag.

### Non-Goals
- [ ] Wir ändern die Route 🚚 nicht.

## 3. User Stories & Acceptance Criteria
### Story 1: As a customer 🧍, I want to hear of a delay, so that I need not wait.
**Acceptance Criteria:**
- [ ] Verify that the message names the new day 📅.
- [ ] Error case: without a new day, the message says so.

## 4. Technical Design
### Architecture & Components
A consumer of the carrier's events 🚚 writes alerts.

### Dependencies
- **Services**: carrier-events
- **Schemas**: DeliveryEvent v3
- **UI Components**: none
- **Vendors**: none

### API Changes
None.

### Data Model Changes
None.

## 5. Rollout Plan
- **Feature Flags**: `delivery_alerts`
- **Cohorts**: Internal -> Beta -> GA
- **Telemetry**: `delivery_alert_sent_total`
- **Rollback Criteria**: If error rate > 1%, disable flag.

## 6. Support Plan
- **Runbooks**: https://wiki.example/runbooks/alerts
- **Macros**: "Where is my parcel?"
- **Diagnostics**: the alert's id is in every log line
- **Known Issues**: none

## 7. Security & Compliance
- [ ] PII review completed?
- [ ] OPA policies updated?
- [ ] Audit logs implemented?

## 8. Review & Sign-off
- [ ] Tech Lead Approval
- [ ] Product Approval
- [ ] Security Approval (if needed)
"""
"""A draft without a finding; nearly every line that is edited below has letters of two and of four bytes."""


def with_changes(*changes: tuple[str, str]) -> str:
    """The draft with each `old` put in the place of its `new`."""
    text = DRAFT
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


NON_GOALS = "\n### Non-Goals\n- [ ] Wir ändern die Route 🚚 nicht.\n"
NO_NON_GOALS = with_changes((NON_GOALS, ""))
BROKEN = with_changes(
    (NON_GOALS, ""),
    ("**🚦 Status** | Draft", "**🚦 Status** | Drafft"),
    ("@adaeze, @jürgen-b", "@jürgen-b, @zoë"),
    ("### Data Model Changes\nNone.", "### Data Model Changes\n*Describe schema changes.*\nNone."),
)


# --- a client -------------------------------------------------------------------------------------------------------


class Editor(LanguageClient):
    """A client, what it said of itself, and what the server told it."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.name = ""
        self.said_json: Json = {}
        self.encoding = "utf-16"
        self.folder = TemporaryDirectory()
        self.tokens = types.SemanticTokensOptions(types.SemanticTokensLegend([], []))
        self.offered = types.ServerCapabilities()
        self.asked_to_apply: list[types.ApplyWorkspaceEditParams] = []
        self.told: asyncio.Queue[Any] = asyncio.Queue()
        self._published: dict[str, types.PublishDiagnosticsParams] = {}
        self._heard = asyncio.Event()
        self._numbers = itertools.count(1)

    def said(self, path: str) -> Any:
        """What the client said under a dotted path of its capabilities; None for nothing."""
        value: Any = self.said_json
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def open(self, text: str, uri: str = "") -> Shown:
        """Opens a document of its own in the server."""
        uri = uri or f"file:///specs/p%C3%A4ckchen-{next(self._numbers)}.md"
        item = types.TextDocumentItem(uri=uri, language_id="markdown", version=1, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
        return Shown(self, uri, text)

    def take_diagnostics(self, params: types.PublishDiagnosticsParams) -> None:
        self._published[params.uri] = params
        self._heard.set()

    async def next_told(self) -> Any:
        """The next message that the user was shown, or the next place."""
        return await asyncio.wait_for(self.told.get(), TIMEOUT)

    async def diagnostics_of(self, uri: str, version: int) -> Sequence[types.Diagnostic]:
        """The diagnostics of that very version."""
        async with asyncio.timeout(TIMEOUT):
            while True:
                found = self._published.get(uri)
                if found is not None and found.version is not None and found.version >= version:
                    assert found.version == version
                    return found.diagnostics
                self._heard.clear()
                await self._heard.wait()


class Shown:
    """A document as the client shows it."""

    def __init__(self, editor: Editor, uri: str, text: str) -> None:
        self.editor = editor
        self.uri = uri
        self.text = text
        self.version = 1

    @property
    def id(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(uri=self.uri)

    def behind(self, words: str) -> types.Position:
        """Where the words end; they stand in the text once."""
        assert self.text.count(words) == 1, words
        return position(self.text, self.text.index(words) + len(words), self.editor.encoding)

    def marked(self, place: types.Range) -> str:
        """The text of a range."""
        start, end = self.offsets(place)
        assert start <= end
        return self.text[start:end]

    def offsets(self, place: types.Range) -> tuple[int, int]:
        start, end = (offset(self.text, point, self.editor.encoding) for point in (place.start, place.end))
        return start, end

    def after(self, edits: Sequence[types.TextEdit]) -> str:
        """The text after edits that all speak of the text as it stands (LSP 3.17, "TextEdit[]")."""
        ordered = sorted(((*self.offsets(edit.range), edit) for edit in edits), key=lambda placed: placed[:2])
        parts, done = [], 0
        for start, end, edit in ordered:
            assert start >= done, "edits overlap"
            parts += [self.text[done:start], edit.new_text]
            done = end
        return "".join([*parts, self.text[done:]])

    def send(self, edits: Sequence[types.TextEdit]) -> None:
        """Makes the edits and tells the server of them, the last one first so that the others stay where they are."""
        self.text, edits = self.after(edits), sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character))
        self.version += 1
        changes = [types.TextDocumentContentChangePartial(range=e.range, text=e.new_text) for e in reversed(edits)]
        document = types.VersionedTextDocumentIdentifier(uri=self.uri, version=self.version)
        params = types.DidChangeTextDocumentParams(text_document=document, content_changes=changes)
        self.editor.text_document_did_change(params)

    async def diagnostics(self) -> Sequence[types.Diagnostic]:
        """Those of the text as it stands: pulled where the client pulls, and then nothing is pushed."""
        if self.editor.said("textDocument.diagnostic") is None:
            return await self.editor.diagnostics_of(self.uri, self.version)
        params = types.DocumentDiagnosticParams(text_document=self.id)
        report = await self.editor.text_document_diagnostic_async(params)
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert not self.editor._published
        return report.items

    async def completions(self, at: types.Position) -> list[types.CompletionItem]:
        params = types.CompletionParams(text_document=self.id, position=at)
        answer = await self.editor.text_document_completion_async(params)
        assert isinstance(answer, types.CompletionList)
        return [self._whole(item, answer.item_defaults) for item in answer.items]

    def _whole(self, item: types.CompletionItem, defaults: types.CompletionItemDefaults | None) -> types.CompletionItem:
        """An item with what its list says for all, as a client reads it (LSP 3.17, "CompletionList")."""
        said, text = self.editor.said, "textDocument.completion.completionItem"
        for name in ("edit_range", "insert_text_format"):
            camel = "".join([name.split("_")[0], *(word.capitalize() for word in name.split("_")[1:])])
            given = getattr(defaults, name, None)
            assert given is None or camel in said("textDocument.completion.completionList.itemDefaults")
        place = defaults.edit_range if defaults else None
        if place is not None and item.text_edit is None:
            words = item.text_edit_text or item.label
            both = isinstance(place, types.EditRangeWithInsertReplace)
            item.text_edit = (
                types.InsertReplaceEdit(words, place.insert, place.replace) if both else types.TextEdit(place, words)
            )
        item.insert_text_format = item.insert_text_format or (defaults.insert_text_format if defaults else None)
        assert not isinstance(item.text_edit, types.InsertReplaceEdit) or said(f"{text}.insertReplaceSupport")
        assert not item.label_details or said(f"{text}.labelDetailsSupport")
        assert not item.commit_characters or said(f"{text}.commitCharactersSupport")
        assert not item.data or "documentation" in said(f"{text}.resolveSupport.properties")
        return item

    def replacing(self, item: types.CompletionItem) -> types.TextEdit:
        """The edit of an item that takes the place of the whole word; what stands left of the cursor comes first."""
        if not isinstance(item.text_edit, types.InsertReplaceEdit):
            assert isinstance(item.text_edit, types.TextEdit)
            return item.text_edit
        insert, replace = item.text_edit.insert, item.text_edit.replace
        assert insert.start == replace.start and self.marked(replace).startswith(self.marked(insert))
        return types.TextEdit(replace, item.text_edit.new_text)

    async def actions(
        self, at: types.Position, only: Sequence[types.CodeActionKind] | None = None
    ) -> Sequence[types.CodeAction | types.Command]:
        """What is offered at a point. No diagnostics are sent along: some clients strip them to nothing of use."""
        context = types.CodeActionContext(diagnostics=[], only=only)
        params = types.CodeActionParams(text_document=self.id, range=types.Range(at, at), context=context)
        answer = await self.editor.text_document_code_action_async(params)
        assert answer is not None
        return answer


# --- positions, counted apart from the server -----------------------------------------------------------------------

CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
LINE_END = re.compile(r"\r\n|\r|\n")


def lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line without its end, and where in the text it starts."""
    start = 0
    for end in LINE_END.finditer(text):
        yield start, text[start : end.start()]
        start = end.end()
    yield start, text[start:]


def offset(text: str, point: types.Position, encoding: str) -> int:
    """The code points before a position, which must lie in the text and on the edge of a code point."""
    codec, size = CODECS[encoding]
    start, line = list(lines(text))[point.line]
    encoded = line.encode(codec)
    assert 0 <= point.character * size <= len(encoded), (point, line)
    return start + len(encoded[: point.character * size].decode(codec))


def position(text: str, at: int, encoding: str) -> types.Position:
    """The position behind so many code points."""
    codec, size = CODECS[encoding]
    number, (start, line) = next(
        (number, one) for number, one in enumerate(lines(text)) if one[0] <= at <= one[0] + len(one[1])
    )
    return types.Position(number, len(line[: at - start].encode(codec)) // size)


def expanded(snippet: str) -> str:
    """The text that an editor inserts for a snippet (LSP 3.17, "Snippet Syntax")."""
    found = re.sub(r"\$\{[0-9]+:((?:\\.|[^}\\])*)\}|\$(?:[0-9]+|\{[0-9]+\})", lambda stop: stop[1] or "", snippet)
    return re.sub(r"\\([$}\\])", r"\1", found)


# --- the session ----------------------------------------------------------------------------------------------------


def take_diagnostics(editor: Editor, params: types.PublishDiagnosticsParams) -> None:
    editor.take_diagnostics(params)


def take_edit(editor: Editor, params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
    editor.asked_to_apply.append(params)
    return types.ApplyWorkspaceEditResult(applied=True)


def take_message(editor: Editor, params: types.ShowMessageParams) -> None:
    editor.told.put_nowait(params.message)


def take_question(editor: Editor, params: types.ShowMessageRequestParams) -> types.MessageActionItem:
    """The user takes the first of what is offered."""
    editor.told.put_nowait(params.message)
    return (params.actions or [])[0]


def take_place(editor: Editor, params: types.ShowDocumentParams) -> types.ShowDocumentResult:
    assert editor.said("window.showDocument.support") is True
    editor.told.put_nowait(params)
    return types.ShowDocumentResult(success=True)


def take_registration(editor: Editor, params: types.RegistrationParams) -> None:
    for one in params.registrations:
        area = one.method.removeprefix("workspace/")
        assert editor.said(f"workspace.{area}.dynamicRegistration") is True, one.method


def make_editor() -> Editor:
    editor = Editor()

    features = {
        **DEFAULT_CLIENT_FEATURES,
        types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: take_diagnostics,
        types.WORKSPACE_APPLY_EDIT: take_edit,
        types.WINDOW_SHOW_MESSAGE: take_message,
        types.WINDOW_SHOW_MESSAGE_REQUEST: take_question,
        types.WINDOW_SHOW_DOCUMENT: take_place,
        types.CLIENT_REGISTER_CAPABILITY: take_registration,
    }
    register_lsp_features(editor, features)
    return editor


SERVER = ClientServerConfig(server_command=[sys.executable, "-m", "spec_ls", "--stdio"], client_factory=make_editor)


@pytest_lsp.fixture(config=SERVER, scope="module", params=list(CLIENTS))
async def editor(client: Editor, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    client.name, client.said_json = request.param, CLIENTS[request.param]
    capabilities = get_converter().structure(client.said_json, types.ClientCapabilities)
    info = types.ClientInfo(name=client.name)
    answer = await client.initialize_session(types.InitializeParams(capabilities=capabilities, client_info=info))
    client.offered = answer.capabilities
    offered = client.said("general.positionEncodings") or ["utf-16"]
    client.encoding = answer.capabilities.position_encoding or "utf-16"
    assert isinstance(answer.capabilities.semantic_tokens_provider, types.SemanticTokensOptions)
    client.tokens = answer.capabilities.semantic_tokens_provider
    assert client.encoding == offered[0]
    yield
    await client.shutdown_session()
    assert client._server is not None and client._server.returncode == 0
    assert client.error is None
    assert client.told.empty()


async def diagnostics(editor: Editor) -> None:
    """Each at its place, and with those extras alone that the client understands."""
    shown = editor.open(BROKEN)
    found = await shown.diagnostics()

    def said(what: str) -> list[Any]:
        return [editor.said(f"textDocument.{kind}.{what}") for kind in ("publishDiagnostics", "diagnostic")]

    names = True in said("codeDescriptionSupport")
    relates = True in said("relatedInformation")
    unnecessary = any(1 in (tags or []) for tags in said("tagSupport.valueSet"))

    assert [(one.code, shown.marked(one.range), one.severity) for one in found] == [
        ("invalid-choice", "Drafft", types.DiagnosticSeverity.Error),
        ("self-approval", "@zoë", types.DiagnosticSeverity.Hint),
        ("missing-section", "Goals", types.DiagnosticSeverity.Warning),
        ("leftover-guidance", "*Describe schema changes.*", types.DiagnosticSeverity.Hint),
    ]
    choice, approval, missing, leftover = found
    assert choice.range.start.character == {"utf-8": 20, "utf-16": 18, "utf-32": 17}[editor.encoding]
    assert (missing.range.start.line, missing.range.start.character) == (15, 4)
    assert {one.source for one in found} == {"spec-ls"}
    for one in found:
        page = one.code_description and one.code_description.href
        assert page is None if not names else page and page.endswith(f"/{one.code}.md"), page
        assert list(one.tags or ()) == ([types.DiagnosticTag.Unnecessary] if one is leftover and unnecessary else [])
        if one is not approval or not relates:
            assert one.related_information is None
    if relates:
        (related,) = approval.related_information or ()
        assert (related.location.uri, shown.marked(related.location.range)) == (shown.uri, "@zoë")
        assert related.location.range.start.line == 6


async def a_status_is_completed(editor: Editor) -> None:
    shown = editor.open(with_changes(("**🚦 Status** | Draft", "**🚦 Status** | Re")))
    item = next(one for one in await shown.completions(shown.behind("Status** | Re")) if one.label == "Review")
    assert isinstance(item.text_edit, types.TextEdit)
    assert shown.marked(item.text_edit.range) == "Re"
    assert item.filter_text and item.filter_text.startswith("Re")
    assert item.insert_text_format in (None, types.InsertTextFormat.PlainText)
    assert shown.after([item.text_edit]) == REVIEW


async def a_handle_is_completed(editor: Editor) -> None:
    shown = editor.open(with_changes(("Zeit. 👋🏽", "Zeit. 👋🏽 Frag @j, bitte")))
    item = next(one for one in await shown.completions(shown.behind("Frag @j")) if one.label == "@jürgen-b")
    ahead = "@" if editor.said("textDocument.completion") else ""  # else it may replace the word alone
    assert shown.marked(shown.replacing(item).range) == f"{ahead}j"
    expected = with_changes(("Zeit. 👋🏽", "Zeit. 👋🏽 Frag @jürgen-b, bitte"))
    assert shown.after([shown.replacing(item)]) == expected
    shown = editor.open(with_changes(("Zeit. 👋🏽", "Zeit. 👋🏽 Frag @jür, bitte")))
    item = next(one for one in await shown.completions(shown.behind("Frag @j")) if one.label == "@jürgen-b")
    assert shown.marked(shown.replacing(item).range) == f"{ahead}jür"
    if editor.said("textDocument.completion.completionItem.insertReplaceSupport") is True:
        assert isinstance(item.text_edit, types.InsertReplaceEdit)
        assert shown.marked(item.text_edit.insert) == "@j"


async def a_fix_for_the_whole_document(editor: Editor) -> None:
    """Asked about the whole document for one diagnostic, as Kate does to make all that comes: one fix comes, unless the
    client can tell which goes first."""
    shown = editor.open(NO_NON_GOALS)
    found = next(one for one in await shown.diagnostics() if one.code == "missing-section")
    whole = types.Range(types.Position(0, 0), position(shown.text, len(shown.text), editor.encoding))
    context = types.CodeActionContext(diagnostics=[found])
    params = types.CodeActionParams(text_document=shown.id, range=whole, context=context)
    offered = await editor.text_document_code_action_async(params) or []
    if not editor.said("textDocument.codeAction.codeActionLiteralSupport") and not editor.said("workspace.applyEdit"):
        assert not offered
        return
    titles = [one.title for one in offered]
    assert titles[0] == "Insert the section Non-Goals"
    assert (len(titles) == 1) == (not editor.said("textDocument.codeAction.isPreferredSupport"))


async def status(editor: Editor) -> None:
    """What is shown beside the text is the same for all, and may be asked for by each."""
    shown = editor.open(BROKEN)
    params = types.ExecuteCommandParams("spec-ls.status", [shown.uri])
    assert editor.offered.execute_command_provider is not None
    assert params.command in editor.offered.execute_command_provider.commands
    said = await editor.workspace_execute_command_async(params)
    assert said["isSpec"] is True and said["template"] == "product-spec" and said["total"] == 8
    assert sum(said["findings"].values()) == len(await shown.diagnostics())


async def a_section_is_completed(editor: Editor) -> None:
    """As a snippet for clients that know them, else as plain text."""
    snippets = editor.said("textDocument.completion.completionItem.snippetSupport") is True
    shown = editor.open(NO_NON_GOALS.replace("Mittag.\n", "Mittag. 🕛\n\n### No\n"))
    items = await shown.completions(shown.behind("### No"))
    item = next(one for one in items if one.label == "Non-Goals")
    assert isinstance(item.text_edit, types.TextEdit)
    is_snippet = item.insert_text_format == types.InsertTextFormat.Snippet
    assert is_snippet == snippets
    assert ("${1:" in item.text_edit.new_text) == snippets
    if not snippets:
        assert not [one for one in items if one.insert_text_format == types.InsertTextFormat.Snippet]
    new_text = expanded(item.text_edit.new_text) if is_snippet else item.text_edit.new_text
    # The guidance is a tab stop, to be written over, and what is written over it is not to be in italics.
    section = SECTION.replace("*", "") if snippets else SECTION
    expected = NO_NON_GOALS.replace("Mittag.\n", f"Mittag. 🕛\n\n{section}")
    assert shown.after([types.TextEdit(item.text_edit.range, new_text)]) == expected


SECTION = """\
### Non-Goals
*Explicitly state what is out of scope to prevent scope creep.*
- [ ] We will not build X yet.
- [ ] We are not solving for Y user group.
"""
"""The section as the template has it."""


async def documentation_of_completions(editor: Editor) -> None:
    """With the items, or when it is asked for; as Markdown only for those who show that."""
    said = "textDocument.completion.completionItem"
    lazy = "documentation" in (editor.said(f"{said}.resolveSupport.properties") or [])
    shown = editor.open(NO_NON_GOALS.replace("Mittag.\n", "Mittag.\n\n### \n"))
    items = await shown.completions(shown.behind("Mittag.\n\n### "))
    item = next(one for one in items if one.label == "Non-Goals")
    assert (item.documentation is None) == lazy
    if lazy:
        shown.send([types.TextEdit(types.Range(types.Position(0, 0), types.Position(0, 0)), "\n")])
        before = item.text_edit
        item = await editor.completion_item_resolve_async(item)
        assert item.text_edit == before
    told = item.documentation
    if "markdown" in (editor.said(f"{said}.documentationFormat") or []):
        assert isinstance(told, types.MarkupContent) and told.kind == types.MarkupKind.Markdown
        assert told.value.endswith(f"```markdown\n{SECTION.rstrip()}\n```")
    else:
        assert isinstance(told, str)
        assert told.startswith("Explicitly state") and told.endswith(SECTION.rstrip())


async def hover(editor: Editor) -> None:
    markdown = "markdown" in (editor.said("textDocument.hover.contentFormat") or [])
    shown = editor.open(DRAFT)
    params = types.HoverParams(text_document=shown.id, position=shown.behind("**🚦 Status** | Dra"))
    told = await editor.text_document_hover_async(params)
    assert told is not None and told.range is not None
    assert shown.marked(told.range) == "Draft"
    assert isinstance(told.contents, types.MarkupContent)
    assert told.contents.kind == (types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText)
    assert "The author is still writing" in told.contents.value


FIELDS = ["Spec ID", "🚦 Status", "Owner", "🖋 Approvers", "Target Date", "Epic/Ticket"]
OUTLINE: list[tuple[str, list[str]]] = [
    *((field, []) for field in FIELDS),
    ("1. Context & Problem Statement", []),
    ("2. Goals & Non-Goals", ["Goals", "Non-Goals"]),
    (
        "3. User Stories & Acceptance Criteria",
        ["Story 1: As a customer 🧍, I want to hear of a delay, so that I need not wait."],
    ),
    (
        "4. Technical Design",
        ["Architecture & Components", "Dependencies", "API Changes", "Data Model Changes"],
    ),
    ("5. Rollout Plan", []),
    ("6. Support Plan", []),
    ("7. Security & Compliance", []),
    ("8. Review & Sign-off", []),
]
TITLE = "Päckchen 📦 kommen später"


async def symbols(editor: Editor) -> None:
    """A tree, or a list of the same names with the name of what holds each."""
    shown = editor.open(DRAFT)
    params = types.DocumentSymbolParams(text_document=shown.id)
    found = await editor.text_document_document_symbol_async(params) or []
    if editor.said("textDocument.documentSymbol.hierarchicalDocumentSymbolSupport") is True:
        (title,) = found
        assert isinstance(title, types.DocumentSymbol)
        assert title.name == TITLE
        children = title.children or []
        assert [(one.name, [below.name for below in one.children or []]) for one in children] == OUTLINE
        for symbol, parent in tree(title):
            assert offset(DRAFT, symbol.range.start, editor.encoding) <= offset(
                DRAFT, symbol.selection_range.start, editor.encoding
            )
            assert shown.marked(symbol.selection_range) in shown.marked(symbol.range)
            assert symbol.name in plain(shown.marked(symbol.selection_range))
            assert parent is None or shown.marked(symbol.range) in shown.marked(parent.range)
    else:
        flat = [one for one in found if isinstance(one, types.SymbolInformation)]
        assert len(flat) == len(found)
        expected: list[tuple[str, str | None]] = [(TITLE, None)]
        for name, below in OUTLINE:
            expected += [(name, TITLE), *((one, name) for one in below)]
        assert [(one.name, one.container_name) for one in flat] == expected
        for one in flat:
            assert one.location.uri == shown.uri
            assert one.name in plain(shown.marked(one.location.range))


async def folding(editor: Editor) -> None:
    """Whole lines; on no line more than one for clients that fold lines only, and no more than they take."""
    text = f"---\ntags: [📦]\n---\n{NESTED}"
    shown = editor.open(text)
    found = await editor.text_document_folding_range_async(types.FoldingRangeParams(text_document=shown.id)) or []
    lines = text.split("\n")
    assert all(one.start_character is None and one.end_character is None for one in found)
    folded = [(lines[one.start_line], lines[one.end_line], one.kind) for one in found]
    assert folded[0] == ("---", "---", types.FoldingRangeKind.Region)
    assert folded[1] == ("# Päckchen 📦 kommen später", "- [ ] Security Approval (if needed)", None)
    assert ("<!-- 🚚", "später -->", types.FoldingRangeKind.Comment) in folded
    assert ("- [ ] Wir ändern die Route 🚚 nicht.", "    - **auch** 🛵 nicht", None) in folded
    starts = [one.start_line for one in found]
    alone = editor.said("textDocument.foldingRange.lineFoldingOnly") is True
    assert (len(starts) == len(set(starts))) == alone
    limit = editor.said("textDocument.foldingRange.rangeLimit")
    assert limit is None or len(found) <= limit


async def selection(editor: Editor) -> None:
    """For several positions, also on an empty line, behind a line's end and behind the text."""
    shown = editor.open(NESTED)
    places = ["| @ada", "    - **auch** 🛵 nic", "kommen später\n"]
    positions = [*map(shown.behind, places), types.Position(10_000, 3), types.Position(0, 10_000)]
    params = types.SelectionRangeParams(text_document=shown.id, positions=positions)
    found = await editor.text_document_selection_range_async(params) or []
    grown = [[shown.marked(one.range) for one in chain(first)] for first in found]
    assert [len(one) for one in grown] == [6, 9, 1, 2, 4]
    row = next(line for line in NESTED.split("\n") if "@adaeze" in line)
    assert grown[0][:4] == ["adaeze", "@adaeze", "@adaeze, @jürgen-b", row]
    assert grown[1][:3] == ["nicht", "**auch** 🛵 nicht", "- **auch** 🛵 nicht"]
    assert grown[1][6].startswith("### Non-Goals") and grown[1][7].startswith("## 2. Goals")
    assert grown[4][:3] == ["später", TITLE, f"# {TITLE}"]
    for texts in grown:
        assert texts[-1] == NESTED
        assert all(inner in outer and inner != outer for inner, outer in itertools.pairwise(texts))


NESTED = with_changes(
    (NON_GOALS, f"{NON_GOALS}  - weder\n    - **auch** 🛵 nicht\n- [ ] Auch 🚛 nicht.\n<!-- 🚚\nspäter -->\n")
)


def chain(innermost: types.SelectionRange) -> Iterator[types.SelectionRange]:
    place: types.SelectionRange | None = innermost
    while place is not None:
        yield place
        place = place.parent


def plain(markdown: str) -> str:
    """Without the marks of headings and of bold text."""
    return markdown.replace("*", "").replace("#", "")


def tree(
    symbol: types.DocumentSymbol, parent: types.DocumentSymbol | None = None
) -> Iterable[tuple[types.DocumentSymbol, types.DocumentSymbol | None]]:
    yield symbol, parent
    for child in symbol.children or []:
        yield from tree(child, symbol)


async def a_missing_section_is_inserted(editor: Editor, line_end: str = "\n") -> None:
    """By a code action or a command; the text is right to the letter, and the finding goes with it."""
    missing = BROKEN.replace("\n", line_end)
    shown = editor.open(missing)
    before = await shown.diagnostics()
    assert [one.code for one in before].count("missing-section") == 1

    edits = await edits_of(shown, "Insert the section Non-Goals", shown.behind("### Goals"))
    if edits is None:
        return
    expected = BROKEN.replace("Mittag.\n", f"Mittag.\n\n{SECTION}").replace("\n", line_end)
    assert shown.after(edits) == expected

    shown.send(edits)
    assert shown.text == expected
    codes = [one.code for one in await shown.diagnostics()]
    assert "missing-section" not in codes
    assert [code for code in codes if code != "sample-text" and code != "leftover-guidance"] == [
        "invalid-choice",
        "self-approval",
    ]


async def other_line_ends_are_kept(editor: Editor) -> None:
    for line_end in ("\r\n", "\r"):
        await a_missing_section_is_inserted(editor, line_end)


async def a_status_is_corrected(editor: Editor) -> None:
    """A fix on a line with letters of four bytes before its place; then that finding alone is gone."""
    shown = editor.open(BROKEN)
    before = [one.code for one in await shown.diagnostics()]
    edits = await edits_of(shown, "Change to Draft", shown.behind("| Draff"))
    if edits is None:
        return
    assert [shown.marked(edit.range) for edit in edits] == ["Drafft"]
    shown.send(edits)
    assert shown.text == BROKEN.replace("Drafft", "Draft")
    assert [one.code for one in await shown.diagnostics()] == before[1:]


async def edits_of(shown: Shown, title: str, at: types.Position) -> Sequence[types.TextEdit] | None:
    """The edits of what is offered under a title; None for a client to which nothing can be offered."""
    editor = shown.editor
    offered = await shown.actions(at)
    if editor.said("textDocument.codeAction.codeActionLiteralSupport") is not None:
        action = next(one for one in offered if one.title == title)
        assert isinstance(action, types.CodeAction)
        if resolves(editor):
            assert action.edit is None
            action = await editor.code_action_resolve_async(action)
        assert action.edit is not None
        assert action.kind == types.CodeActionKind.QuickFix
        assert action.is_preferred
        assert [shown.marked(one.range) for one in action.diagnostics or []]
        edit = action.edit
    elif editor.said("workspace.applyEdit") is True:
        command = next(one for one in offered if one.title == title)
        assert isinstance(command, types.Command)
        params = types.ExecuteCommandParams(command=command.command, arguments=command.arguments)
        await editor.workspace_execute_command_async(params)
        asked = editor.asked_to_apply.pop()
        assert asked.label == title
        edit = asked.edit
    else:
        assert not offered
        return None
    return edits_in(edit, shown)


def edits_in(edit: types.WorkspaceEdit, shown: Shown) -> Sequence[types.TextEdit]:
    """The edits of a document, which is all that is edited, in the form that the client takes."""
    if shown.editor.said("workspace.workspaceEdit.documentChanges") is True:
        assert edit.changes is None
        (change,) = edit.document_changes or ()
        assert isinstance(change, types.TextDocumentEdit)
        assert (change.text_document.uri, change.text_document.version) == (shown.uri, shown.version)
        edits = [one for one in change.edits if isinstance(one, types.TextEdit)]
        assert len(edits) == len(change.edits)
        return edits
    assert edit.document_changes is None
    ((uri, plain_edits),) = (edit.changes or {}).items()
    assert uri == shown.uri
    return plain_edits


def resolves(editor: Editor) -> bool:
    """Whether the client asks for the edit of the code action that was chosen."""
    said = "textDocument.codeAction"
    asks = "edit" in (editor.said(f"{said}.resolveSupport.properties") or [])
    return asks and editor.said(f"{said}.dataSupport") is True


async def a_chosen_action_is_refused_once_the_text_has_changed(editor: Editor) -> None:
    provider = editor.offered.code_action_provider
    assert isinstance(provider, types.CodeActionOptions)
    assert bool(provider.resolve_provider) == resolves(editor)
    if not resolves(editor):
        return
    shown = editor.open(BROKEN)
    offered = await shown.actions(shown.behind("| Draff"))
    action = next(one for one in offered if one.title == "Change to Draft")
    assert isinstance(action, types.CodeAction)
    shown.send([types.TextEdit(types.Range(types.Position(0, 2), types.Position(0, 2)), "🛵")])
    with pytest.raises(JsonRpcException) as refused:
        await editor.code_action_resolve_async(action)
    assert refused.value.code == types.LSPErrorCodes.ContentModified
    action.data = {"uri": shown.uri, "version": shown.version, "span": "nowhere"}
    with pytest.raises(JsonRpcException) as refused:
        await editor.code_action_resolve_async(action)
    assert refused.value.code == types.ErrorCodes.InvalidParams


async def what_takes_text_away_is_confirmed(editor: Editor) -> None:
    """By the clients that say they ask their user; an edit that only adds is made at once."""
    if editor.said("textDocument.codeAction.codeActionLiteralSupport") is None:
        return
    shown = editor.open(BROKEN)
    asks = editor.said("textDocument.codeAction.honorsChangeAnnotations") is True
    for title, at, removes in (
        ("Remove the guidance", "*Describe schema", True),
        ("Insert the section Non-Goals", "### Goals", False),
    ):
        offered = await shown.actions(shown.behind(at))
        action = next(one for one in offered if one.title == title)
        assert isinstance(action, types.CodeAction)
        edit = (await editor.code_action_resolve_async(action)).edit if resolves(editor) else action.edit
        assert edit is not None
        annotations = edit.change_annotations or {}
        assert [one.needs_confirmation for one in annotations.values()] == ([True] if asks and removes else [])


async def only_the_kinds_asked_for(editor: Editor) -> None:
    if editor.said("textDocument.codeAction.codeActionLiteralSupport") is None:
        return  # this client knows no kinds
    shown = editor.open(BROKEN)
    at = shown.behind("### Goals")

    async def kinds(*only: types.CodeActionKind) -> set[str]:
        offered = await shown.actions(at, only)
        return {str(one.kind) for one in offered if isinstance(one, types.CodeAction)}

    assert await kinds(types.CodeActionKind.QuickFix) == {types.CodeActionKind.QuickFix}
    assert await kinds(types.CodeActionKind.SourceFixAll) == {"source.fixAll.spec-ls"}
    assert await kinds(types.CodeActionKind.RefactorExtract) == set()
    at = shown.behind("names the new day 📅")
    assert await kinds(types.CodeActionKind.RefactorExtract) == {"refactor.extract"}
    assert await kinds(types.CodeActionKind.Refactor) == {"refactor.extract", "refactor.rewrite"}
    assert await kinds(types.CodeActionKind.SourceOrganizeImports) == set()


async def inlay_hints(editor: Editor) -> None:
    """At the end of the heading, in the client's units."""
    heading = "### 🎯 Goals 𝔸"
    shown = editor.open(DRAFT.replace("### Goals", heading))
    place = types.Range(types.Position(0, 0), types.Position(60, 0))
    found = await editor.text_document_inlay_hint_async(types.InlayHintParams(shown.id, place)) or []
    by_place = {(hint.position.line, hint.position.character): hint.label for hint in found}
    end = shown.behind(heading)
    assert str(by_place[end.line, end.character]).endswith(" ticked")
    date = shown.behind("2029-06-29")
    assert (date.line, date.character) in by_place


async def code_lenses(editor: Editor) -> None:
    """Whole for clients that say nothing of them, else told when asked; the command makes the edit or says why not."""
    shown = editor.open(DRAFT)
    found = await editor.text_document_code_lens_async(types.CodeLensParams(text_document=shown.id)) or []
    asks = editor.said("textDocument.codeLens") is not None
    assert all((one.command is None) == asks for one in found)
    if asks:
        found = [await editor.code_lens_resolve_async(one) for one in found]
    told = [(shown.marked(one.range), one.command.title if one.command else None) for one in found]
    assert told == [(TITLE, "8 of 8 sections"), ("🚦 Status", "Advance to Review")]
    (command,) = (one.command for one in found if one.command and one.command.command)
    await editor.workspace_execute_command_async(types.ExecuteCommandParams(command.command, command.arguments))
    if editor.said("workspace.applyEdit") is True:
        assert shown.after(edits_in(editor.asked_to_apply.pop().edit, shown)) == REVIEW
    else:
        assert "takes no edits" in await editor.next_told()
    left = editor.open(with_changes(("@zoë", "@user")))
    await editor.workspace_execute_command_async(types.ExecuteCommandParams("spec-ls.advance", [left.uri]))
    assert (await editor.next_told()).startswith("Review asks for 1 more thing:\n- Owner still has")
    if editor.said("window.showDocument.support") is True:
        place = await editor.next_told()
        assert place.uri == left.uri and left.marked(place.selection) == "@user"


async def what_refers_to_a_spec(editor: Editor) -> None:
    """A lens counts it and leads there, a hint tells the title; what was opened beside it counts."""
    number = next(editor._numbers) + 2000
    name, own = f"SPEC-{number}", f"SPEC-{number}7"
    named = editor.open(with_changes(("SPEC-031", name)))
    changes = (("Zeit. 👋🏽", f"📦 {name} 👋🏽"), ("SPEC-031", own), ("Päckchen 📦", "Nachricht 📨"))
    other = editor.open(with_changes(*changes))
    found = await editor.text_document_code_lens_async(types.CodeLensParams(text_document=named.id)) or []
    if editor.said("textDocument.codeLens") is not None:
        found = [await editor.code_lens_resolve_async(one) for one in found]
    commands = [one.command for one in found if one.command]
    lens = next(one for one in commands if one.title == "1 reference in 1 spec")
    if editor.said("experimental.commands.commands"):
        assert lens.command == "spec-ls.showReferences" and lens.arguments
        uri, _, ((location),) = lens.arguments
        assert (uri, location["uri"]) == (named.uri, other.uri)
        lens = types.Command("", "spec-ls.references", arguments=[named.uri])
    await editor.workspace_execute_command_async(types.ExecuteCommandParams(lens.command, lens.arguments))
    title = f"{own} Nachricht 📨 kommen später"
    assert await editor.next_told() == f"1 reference in 1 spec:\n- {title}"
    if editor.said("window.showDocument.support") is True:
        place = await editor.next_told()
        assert place.uri == other.uri and other.marked(place.selection) == name
    places = types.Range(types.Position(0, 0), types.Position(20, 0))
    hints = await editor.text_document_inlay_hint_async(types.InlayHintParams(other.id, places)) or []
    hint = next(one for one in hints if one.label == TITLE)
    assert hint.position == other.behind(f"📦 {name}")
    lazy = "tooltip" in (editor.said("textDocument.inlayHint.resolveSupport.properties") or [])
    assert (hint.tooltip is None) == lazy
    if lazy:
        hint = await editor.inlay_hint_resolve_async(hint)
    tooltip = hint.tooltip.value if isinstance(hint.tooltip, types.MarkupContent) else hint.tooltip
    assert tooltip and TITLE in tooltip and "@zoë" in tooltip


REVIEW = with_changes(("**🚦 Status** | Draft", "**🚦 Status** | Review"))


async def highlights(editor: Editor) -> None:
    """The same handle in the metadata and in the text, in the client's units."""
    shown = editor.open(DRAFT.replace("Ein Anruf 📞", "Ein 📞 @ZOË"))
    params = types.DocumentHighlightParams(text_document=shown.id, position=shown.behind("📞 @Z"))
    found = await editor.text_document_document_highlight_async(params) or []
    marked = [(shown.marked(one.range), one.kind) for one in found]
    assert marked == [("@zoë", types.DocumentHighlightKind.Write), ("@ZOË", types.DocumentHighlightKind.Read)]


async def navigation(editor: Editor) -> None:
    """From one spec to another and back, in links where the client takes them, in its units."""
    number = f"SPEC-{next(editor._numbers) + 1000}"
    target = editor.open(with_changes(("SPEC-031", f"📦 {number}"), ("später", f"später {number[5:]}")))
    source = editor.open(with_changes(("SPEC-031", "SPEC-032"), ("carrier-events", f"📦 events ({number})")))
    at = source.behind(f"📦 events ({number}"[:-1])
    params = types.DefinitionParams(text_document=source.id, position=at)
    (led,) = await editor.text_document_definition_async(params) or []
    if editor.said("textDocument.definition.linkSupport"):
        assert led.target_uri == target.uri and target.marked(led.target_selection_range) == number
        assert led.origin_selection_range and source.marked(led.origin_selection_range) == number
    else:
        assert led.uri == target.uri and target.marked(led.range) == number
    context = types.ReferenceContext(include_declaration=False)
    found = await editor.text_document_references_async(types.ReferenceParams(context, source.id, at)) or []
    assert [(one.uri, source.marked(one.range)) for one in found] == [(source.uri, number)]
    (item,) = await editor.text_document_prepare_call_hierarchy_async(
        types.CallHierarchyPrepareParams(source.id, at)
    ) or [None]
    assert item is not None and target.marked(item.selection_range) == number
    calls = await editor.call_hierarchy_incoming_calls_async(types.CallHierarchyIncomingCallsParams(item)) or []
    assert [(one.from_.uri, [source.marked(span) for span in one.from_ranges]) for one in calls] == [
        (source.uri, [number])
    ]
    symbols = await editor.workspace_symbol_async(types.WorkspaceSymbolParams(query=number)) or []
    assert [(one.location.uri, target.marked(one.location.range)) for one in symbols] == [(target.uri, number)]


async def rename(editor: Editor) -> None:
    """An identifier in two documents: with versions where the client knows them, asked for first where it can be."""
    number = f"SPEC-{next(editor._numbers) + 2000}"
    target = editor.open(with_changes(("`SPEC-031`", f"📦 {number}")))
    source = editor.open(with_changes(("SPEC-031", "SPEC-033"), ("carrier-events", f"📦 events ({number})")))
    at = source.behind(f"📦 events ({number}"[:-1])
    if editor.said("textDocument.rename.prepareSupport"):
        assert editor.offered.rename_provider == types.RenameOptions(prepare_provider=True)
        prepared = await editor.text_document_prepare_rename_async(types.PrepareRenameParams(source.id, at))
        assert isinstance(prepared, types.PrepareRenamePlaceholder)
        assert source.marked(prepared.range) == prepared.placeholder == number
    else:
        assert editor.offered.rename_provider is True
    params = types.RenameParams(new_name=f"{number}0", text_document=source.id, position=at)
    edit = await editor.text_document_rename_async(params)
    assert edit is not None
    if editor.said("workspace.workspaceEdit.documentChanges"):
        assert edit.changes is None and edit.document_changes is not None
        found = {one.text_document.uri: one.edits for one in edit.document_changes}
        assert all(one.text_document.version == 1 for one in edit.document_changes)
    else:
        assert edit.document_changes is None
        found = dict(edit.changes or {})
    assert list(found) == [target.uri, source.uri]
    for shown in (target, source):
        assert shown.after(found[shown.uri]) == shown.text.replace(number, f"{number}0")


UNTIDY = with_changes(
    ("| **🚦 Status** | Draft |", "|**🚦 Status**|Draft 🏳️‍🌈|"),
    ("| Metadata | Value |\n| :--- | :--- |", "| Metadata 📦 | Value |\n|:---|---:|"),
    ("## 2. Goals", "## 1. Goals"),
    ("- [ ] Wir ändern die Route 🚚 nicht.", "* [ ] Wir ändern die Route 🚚 nicht."),
)
TIDY = """\
| Metadata 📦     |                                        Value |
|:----------------|---------------------------------------------:|
| **Spec ID**     |                                   `SPEC-031` |
| **🚦 Status**   |                                     Draft 🏳️‍🌈 |
| **Owner**       |                                         @zoë |
| **🖋 Approvers** |                           @adaeze, @jürgen-b |
| **Target Date** |                                   2029-06-29 |
| **Epic/Ticket** | [BILL-212](https://tracker.example/BILL-212) |
"""
"""Its table, aligned by hand for a screen on which an emoji takes two columns, unless it is shown as text."""


async def formatting(editor: Editor) -> None:
    """Edits in the client's units, whatever it says of tabs; of a range, only what it covers."""
    shown = editor.open(UNTIDY)
    options = types.FormattingOptions(tab_size=8, insert_spaces=False, trim_trailing_whitespace=True)
    edits = await editor.text_document_formatting_async(types.DocumentFormattingParams(shown.id, options)) or []
    start = UNTIDY.index("| Metadata")
    table = UNTIDY[start : UNTIDY.index("\n\n", start) + 1]
    tidy = DRAFT.replace(DRAFT[start : DRAFT.index("\n\n", start) + 1], TIDY)
    assert shown.after(edits) == tidy
    place = types.Range(types.Position(13, 0), types.Position(22, 0))
    params = types.DocumentRangeFormattingParams(shown.id, place, options)
    edits = await editor.text_document_range_formatting_async(params) or []
    assert shown.after(edits) == tidy.replace(TIDY, table)


async def formatting_as_one_types(editor: Editor) -> None:
    """Enter goes on with the list, on a line that begins with letters of two and four bytes."""
    shown = editor.open(DRAFT.replace("Route 🚚 nicht.", "Route 🚚\n𝔫icht."))
    at = types.Position(shown.behind("Route 🚚\n").line, 0)
    options = types.FormattingOptions(tab_size=2, insert_spaces=True)
    params = types.DocumentOnTypeFormattingParams(shown.id, at, "\n", options)
    edits = await editor.text_document_on_type_formatting_async(params) or []
    assert shown.after(edits) == DRAFT.replace("Route 🚚 nicht.", "Route 🚚\n- [ ] 𝔫icht.")


TOKENS = [
    ("Spec ID", "property", ""),
    ("SPEC-031", "class", "declaration"),
    ("🚦 Status", "property", ""),
    ("Draft", "enumMember", "abstract"),
    ("Owner", "property", ""),
    ("@zoë", "decorator", "declaration"),
    ("🖋 Approvers", "property", ""),
    ("@adaeze", "decorator", "declaration"),
    ("@jürgen-b", "decorator", "declaration"),
    ("Target Date", "property", ""),
    ("2029-06-29", "number", ""),
    ("Epic/Ticket", "property", ""),
    ("SPEC-007", "class", ""),
]
"""By the names of the protocol; each has others that will do."""
OTHER_NAMES = {"decorator": {"variable"}, "abstract": {"draft"}, "declaration": {"definition"}}
OTHER_NAMES |= {"documentation": {"unnecessary"}}


async def semantic_tokens(editor: Editor) -> None:
    """By names that the client knows; what has changed comes as a delta, and leads to the same as asking for all."""
    legend = editor.tokens.legend
    said = "textDocument.semanticTokens"
    for names, known in ((legend.token_types, "tokenTypes"), (legend.token_modifiers, "tokenModifiers")):
        assert set(names) <= set(editor.said(f"{said}.{known}") or names)
    guidance = "*Why are we doing this? What is the user pain or opportunity? Link to the Wishbook item.*"
    shown = editor.open(with_changes(("Ein Anruf 📞", f"{guidance}\nEin 📞 SPEC-007 Anruf")))
    found = await editor.text_document_semantic_tokens_full_async(types.SemanticTokensParams(shown.id))
    assert found is not None and found.result_id
    expected = [*TOKENS[:-1], (guidance, "comment", "documentation"), TOKENS[-1]]
    for (words, kind, modifier), (expected_words, *names) in zip(
        told_tokens(editor, shown, found.data), expected, strict=True
    ):
        assert words == expected_words
        for name, wanted in zip((kind, modifier), names, strict=True):
            assert name == wanted or name in OTHER_NAMES.get(wanted, set()) or not name, (words, name, wanted)

    place = types.Range(types.Position(5, 0), types.Position(5, 99))
    part = await editor.text_document_semantic_tokens_range_async(types.SemanticTokensRangeParams(shown.id, place))
    assert part is not None
    assert [words for words, _, _ in told_tokens(editor, shown, part.data)] == ["🚦 Status", "Draft"]

    ask = types.SemanticTokensDeltaParams(shown.id, found.result_id)
    same = await editor.text_document_semantic_tokens_full_delta_async(ask)
    assert isinstance(same, types.SemanticTokensDelta) and not same.edits and same.result_id == found.result_id
    at = shown.behind("| Draft")
    shown.send([types.TextEdit(types.Range(at, at), " |\n| 📎 Extra | x")])
    delta = await editor.text_document_semantic_tokens_full_delta_async(ask)
    assert isinstance(delta, types.SemanticTokensDelta) and delta.result_id != found.result_id
    (edit,) = delta.edits
    assert edit.data and len(edit.data) < len(found.data) / 4
    changed = list(found.data)
    changed[edit.start : edit.start + edit.delete_count] = edit.data
    whole = await editor.text_document_semantic_tokens_full_delta_async(ask)
    assert isinstance(whole, types.SemanticTokens) and list(whole.data) == changed
    assert "📎 Extra" in [words for words, _, _ in told_tokens(editor, shown, changed)]


def told_tokens(editor: Editor, shown: Shown, data: Sequence[int]) -> list[tuple[str, str, str]]:
    """What the numbers say (LSP 3.17, "Semantic Tokens")."""
    legend, found = editor.tokens.legend, []
    line = character = 0
    for down, right, length, kind, modifiers in zip(*[iter(data)] * 5, strict=True):
        line, character = line + down, right if down else character + right
        place = types.Range(types.Position(line, character), types.Position(line, character + length))
        names = [name for at, name in enumerate(legend.token_modifiers) if modifiers & 1 << at]
        found.append((shown.marked(place), legend.token_types[kind], " ".join(names)))
    return found


async def linked_editing(editor: Editor) -> None:
    shown = editor.open(with_changes(("# Päckchen 📦", "# 📦 SPEC-031: Päckchen")))
    params = types.LinkedEditingRangeParams(shown.id, shown.behind("`SPEC-03"))
    found = await editor.text_document_linked_editing_range_async(params)
    assert found is not None and found.word_pattern
    assert [shown.marked(one) for one in found.ranges] == ["SPEC-031", "SPEC-031"]
    assert [one.start.line for one in found.ranges] == [0, 4]


async def document_links(editor: Editor) -> None:
    """A file beside the document, in the client's units; one that is not there is no link."""
    folder = Path(editor.folder.name)
    (folder / "Größe 📏.md").write_text("# x", "utf-8")
    shown = editor.open(
        with_changes(("Ein Anruf 📞", "📎 [🗺](Gr%C3%B6%C3%9Fe%20📏.md#x), [nichts](🗺.md), [weg](../x.md)")),
        uri=(folder / "päckchen.md").as_uri(),
    )
    found = await editor.text_document_document_link_async(types.DocumentLinkParams(shown.id)) or []
    assert [(shown.marked(one.range), one.target) for one in found] == [
        ("Gr%C3%B6%C3%9Fe%20📏.md#x", (folder / "Größe 📏.md").as_uri() + "#x")
    ]
    tells = editor.said("textDocument.documentLink.tooltipSupport") is True
    assert [one.tooltip for one in found] == (["Open Größe 📏.md"] if tells else [None])
    resolved = await editor.document_link_resolve_async(
        types.DocumentLink(found[0].range, data={"uri": shown.uri, "file": "Größe 📏.md"})
    )
    assert resolved.target == (folder / "Größe 📏.md").as_uri()


async def a_document_that_is_no_spec_gets_nothing(editor: Editor) -> None:
    """The answer to a request comes behind all that the server had to say of the document before it."""
    shown = editor.open("# Notes 📝\n\n## Über uns\n\n@j")
    offered = await editor.text_document_completion_async(
        types.CompletionParams(text_document=shown.id, position=shown.behind("@j"))
    )
    symbols = await editor.text_document_document_symbol_async(types.DocumentSymbolParams(text_document=shown.id))
    folds = await editor.text_document_folding_range_async(types.FoldingRangeParams(text_document=shown.id))
    places = types.SelectionRangeParams(text_document=shown.id, positions=[types.Position(0, 0)])
    assert (offered, symbols, folds) == (None, None, None)
    assert await editor.text_document_selection_range_async(places) is None
    spec = editor.open(BROKEN)
    await spec.diagnostics()
    assert shown.uri not in editor._published


async def the_workspace_is_pulled(editor: Editor) -> None:
    """What has not changed is not told again; a client that waits for diagnostics is not offered to pull them."""
    pulls = editor.said("textDocument.diagnostic") is not None
    assert (editor.offered.diagnostic_provider is not None) == pulls
    if not pulls:
        return
    shown = editor.open(BROKEN)
    first = await pulled(editor, [])
    ids = [types.PreviousResultId(uri=uri, value=report.result_id or "") for uri, report in first.items()]
    full = first[shown.uri]
    assert isinstance(full, types.WorkspaceFullDocumentDiagnosticReport) and full.version == shown.version
    assert list(full.items) == list(await shown.diagnostics())
    shown.send([types.TextEdit(types.Range(types.Position(0, 2), types.Position(0, 2)), "🛵\n")])
    again = await pulled(editor, ids)
    assert {uri for uri, report in again.items() if report.kind == "full"} == {shown.uri}


async def pulled(
    editor: Editor, ids: list[types.PreviousResultId]
) -> dict[str, types.WorkspaceDocumentDiagnosticReport]:
    params = types.WorkspaceDiagnosticParams(previous_result_ids=ids)
    answer = await editor.workspace_diagnostic_async(params)
    return {report.uri: report for report in answer.items}


CHECKS = (
    diagnostics,
    a_status_is_completed,
    a_handle_is_completed,
    a_fix_for_the_whole_document,
    status,
    a_section_is_completed,
    documentation_of_completions,
    hover,
    symbols,
    folding,
    selection,
    inlay_hints,
    code_lenses,
    what_refers_to_a_spec,
    highlights,
    navigation,
    rename,
    formatting,
    formatting_as_one_types,
    semantic_tokens,
    document_links,
    linked_editing,
    a_missing_section_is_inserted,
    other_line_ends_are_kept,
    a_status_is_corrected,
    only_the_kinds_asked_for,
    a_chosen_action_is_refused_once_the_text_has_changed,
    what_takes_text_away_is_confirmed,
    the_workspace_is_pulled,
    a_document_that_is_no_spec_gets_nothing,
)


@pytest.mark.fault("what the client never offered")
async def test_client(editor: Editor) -> None:
    """All checks in one session, each with a document of its own; a server takes most of a second to start."""
    failures = []
    for check in CHECKS:
        try:
            await check(editor)
        except Exception as failure:
            failure.add_note(f"{check.__name__}, as {editor.name}")
            failures.append(failure)
    if failures:
        raise ExceptionGroup(f"{len(failures)} checks failed as {editor.name}", failures)
