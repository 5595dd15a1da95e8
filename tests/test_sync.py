"""Whatever an editor sends, the server shows what it would show for a fresh open of the same text.

The real server runs in process; what it sends is collected. Beside it stands a model of the text that knows no more
than LSP 3.17 says, "Text Documents": a string, lines that end at CRLF, LF and CR only, and three ways to count.

`SPEC_LS_EXAMPLES` sets the number of examples, of up to 50 steps each, as `make soak` does.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from test_incremental import BLOCKS, FRAME, TEMPLATE_LINES, picture

from spec_ls.lsp import convert
from spec_ls.lsp.decoding import make_converter
from spec_ls.lsp.server import SpecLanguageServer, create_server
from spec_ls.rules import Judge
from spec_ls.workspace import Document

ENCODINGS = ("utf-16", "utf-8", "utf-32")
LANGUAGES = {
    "file:///work/spec.md": "markdown",
    "file:///c%3A/specs/a%23b.md": "markdown",
    "file:///c:/specs/a%23b.md": "markdown",  # the same file to an operating system; another document to its client
    "untitled:Untitled-1": "markdown",
    "vscode-remote://host/naïve spec 🚀.md": "",
    "file:///work/notes.txt": "plaintext",
}
LARGEST = 2**31 - 1
MOST_LINES = 40


class Shown:
    """The model of an open document: its whole text in one string."""

    def __init__(self, version: int, text: str) -> None:
        self.version = version
        self.text = text
        self.published = False
        self.diagnostics: list[object] = []

    def lines(self) -> list[tuple[int, int]]:
        """Where each line starts, and where it ends without its line end."""
        found, start = [], 0
        for end in re.finditer("\r\n|\r|\n", self.text):
            found.append((start, end.start()))
            start = end.end()
        return [*found, (start, len(self.text))]

    def index(self, position: dict[str, int], encoding: str) -> int:
        """Where in the string a position is: behind a line's end is its end, behind the text its end.

        LSP leaves open what a position inside a code point or below zero is: before that code point, and zero.
        """
        lines = self.lines()
        if position["line"] < 0:
            return 0
        if position["line"] >= len(lines):
            return len(self.text)
        at, end = lines[position["line"]]
        left = position["character"]
        while at < end and left >= (size := width(self.text[at], encoding)):
            left -= size
            at += 1
        return at

    def apply(self, change: dict[str, Any], encoding: str) -> None:
        """Takes one content change. A range that ends before it starts is read the other way round."""
        if "range" not in change:
            self.text = change["text"]
            return
        ends = (self.index(change["range"][end], encoding) for end in ("start", "end"))
        first, last = sorted(ends)
        self.text = self.text[:first] + change["text"] + self.text[last:]


def width(letter: str, encoding: str) -> int:
    """How many units of the encoding a code point takes."""
    code = ord(letter)
    if encoding == "utf-16":
        return 2 if code > 0xFFFF else 1
    if encoding == "utf-8":
        return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return 1


_CONVERTER = make_converter()


class Wire:
    """A server in process: messages go in as the reader would queue them, what it sends is collected."""

    def __init__(self, encoding: str, capabilities: dict[str, Any] | None = None, **params: Any) -> None:
        self.server: SpecLanguageServer = create_server()
        self.server.protocol._converter = _CONVERTER  # to make a new one takes ten times as long as all the rest
        self.sent: list[Any] = []
        self.server.protocol.send_raw = self._collect  # type: ignore[method-assign]
        self._ids = 0
        document = {
            "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            "publishDiagnostics": {"versionSupport": True, "relatedInformation": True, "tagSupport": {"valueSet": [1]}},
        }
        capabilities = {**(capabilities or {"textDocument": document}), "general": {"positionEncodings": [encoding]}}
        answer = self.request("initialize", processId=None, rootUri=None, capabilities=capabilities, **params)
        assert answer["capabilities"]["positionEncoding"] == encoding
        self.notify("initialized")

    def _collect(self, body: bytes, key: str | None = None, droppable: bool = False) -> None:
        self.sent.append(json.loads(body))

    def notify(self, method: str, **params: Any) -> None:
        self.server.protocol.take({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, **params: Any) -> Any:
        """The result; nothing else is sent before it."""
        self._ids += 1
        self.server.protocol.take({"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params})
        answer = self.sent.pop()
        assert answer["id"] == self._ids and "error" not in answer and not self.sent, (answer, self.sent)
        return answer["result"]

    def open(self, uri: str, version: int, text: str) -> None:
        item = {"uri": uri, "languageId": LANGUAGES[uri], "version": version, "text": text}
        self.notify("textDocument/didOpen", textDocument=item)

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", textDocument={"uri": uri})

    def symbols(self, uri: str) -> Any:
        return self.request("textDocument/documentSymbol", textDocument={"uri": uri})

    def idle(self) -> dict[str, dict[str, Any]]:
        """What is published when no message waits: at most one set of diagnostics a document, and nothing else."""
        self.server.on_idle()
        return self.take_published()

    def take_published(self) -> dict[str, dict[str, Any]]:
        published: dict[str, dict[str, Any]] = {}
        for message in self.sent:
            assert message.get("method") == "textDocument/publishDiagnostics", message
            uri = message["params"]["uri"]
            assert uri not in published, "published twice"
            published[uri] = message["params"]
        self.sent.clear()
        return published


_references: dict[str, Wire] = {}


def fresh(encoding: str, uri: str, text: str, wire: Wire | None = None) -> tuple[list[object] | None, object]:
    """Diagnostics (None: none were published) and symbols of a text that has just been opened."""
    if wire is None:
        wire = _references.get(encoding) or _references.setdefault(encoding, Wire(encoding))
    wire.open(uri, 1, text)
    published = wire.idle().get(uri)
    symbols = wire.symbols(uri)
    wire.close(uri)
    wire.sent.clear()
    return (published["diagnostics"] if published else None), symbols


# --- what an editor may send ------------------------------------------------------------------

ODD = [
    "\n",
    "\r",
    "\r\n",
    "\n\r",
    "😀",
    "e\u0301",
    "👩‍💻",
    "\u2028",
    "\u2029",
    "\u0085",
    "\f",
    "\v",
    "\0",
    "\ufeff",
    "\ud83d",
    "\t",
    "\u00a0",
    "é",
    "設計",
    "#",
    "`",
    "|",
    "-",
    " ",
    "x",
]
ENDS = ["\n", "\n", "\n", "\r\n", "\r"]
SNIPPETS = st.one_of(
    st.sampled_from(["", "", *ODD]),
    st.sampled_from(BLOCKS),
    st.builds(lambda lines, end: end.join(lines), st.lists(st.sampled_from(BLOCKS), max_size=3), st.sampled_from(ENDS)),
)


HEADS = [
    [],
    ["<!-- spec-ls: template=product-spec -->"],
    ["| Metadata | Value |", "|---|---|", "| **Spec ID** | `SPEC-1` |", "| **Status** | Review |"],
    ["# 🚀 T", "", "| Metadata | Value |", "|---|---|", "| **Spec ID** | SPEC-XXX |", "| **Owner** | @ana |", ""],
    ["# T", "- **Spec ID**: `SPEC-12`", "- **Status**: Draft", "- **Approvers**: @ana, @ümit", ""],
]
"""Lines that make a spec of what follows; without one half of the template's sections would have to be there."""


@st.composite
def sources(draw: st.DrawFn) -> str:
    """A stretch of the template or any lines, mostly as a spec, with something odd in it and any line ends."""
    start, count = draw(st.integers(0, len(TEMPLATE_LINES))), draw(st.integers(0, MOST_LINES - 8))
    lines = TEMPLATE_LINES[start : start + count] if draw(st.booleans()) else []
    for at, block in draw(st.lists(st.tuples(st.integers(0, MOST_LINES), st.sampled_from(BLOCKS)), max_size=8)):
        lines.insert(at, block)
    lines = draw(st.sampled_from(HEADS)) + lines
    end = draw(st.sampled_from(ENDS))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    at, odd = draw(st.integers(0, 999)), draw(st.sampled_from(["", "", *ODD]))
    if draw(st.integers(0, 9)) == 0:
        return "\ufeff" + text
    return text[:at] + odd + text[at:]


LINE = st.integers(0, MOST_LINES + 2)
CHARACTER = st.one_of(st.integers(0, 12), st.sampled_from([20, 33, 60, LARGEST, 2**40, -1]))
FURTHER = st.sampled_from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3, -1, -1, -3, 8, LARGEST, -LARGEST])
CHANGE = st.tuples(LINE, CHARACTER, FURTHER, CHARACTER, SNIPPETS, st.booleans())
URIS = st.sampled_from(list(LANGUAGES))


class Sync(RuleBasedStateMachine):
    """Several documents of one client, opened, edited and closed in any order."""

    @initialize(encoding=st.sampled_from(ENCODINGS), source=sources())
    def start(self, encoding: str, source: str) -> None:
        self.encoding = encoding
        self.wire = Wire(encoding)
        self.model: dict[str, Shown] = {}
        self.waiting: set[str] = set()
        self._version = 0
        self._open("file:///work/spec.md", source)

    def _open(self, uri: str, source: str) -> None:
        self._version += 1
        before = self.model.get(uri)
        self.model[uri] = Shown(self._version, source)
        if before is not None:
            self.model[uri].published, self.model[uri].diagnostics = before.published, before.diagnostics
        self.waiting.add(uri)
        self.wire.open(uri, self._version, source)
        assert not self.wire.sent

    @precondition(lambda self: len(self.model) < 4)
    @rule(uri=URIS, source=sources(), asked=st.booleans())
    def open(self, uri: str, source: str, asked: bool) -> None:
        self._open(uri, source)
        self._ask(uri, asked)

    @precondition(lambda self: self.model)
    @rule(which=st.integers(0, 5))
    def close(self, which: int) -> None:
        uri = self._chosen(which)
        self.wire.close(uri)
        shown = self.model.pop(uri)
        self.waiting.discard(uri)
        expected = {uri: {"uri": uri, "diagnostics": []}} if shown.published else {}
        assert self.wire.take_published() == expected

    def _chosen(self, which: int) -> str:
        return list(self.model)[which % len(self.model)]

    def _change(self, which: int, changes: list[tuple[int, int, int, int, str, bool]], asked: bool) -> None:
        uri = self._chosen(which)
        shown = self.model[uri]
        self._version += 1
        shown.version = self._version
        content: list[dict[str, Any]] = []
        for line, character, further, last, new_text, short in changes:
            count = len(shown.lines())
            line %= count + 2
            if count > MOST_LINES:  # documents stay small
                line, further = count // 3, count // 2
            start, end = {"line": line, "character": character}, {"line": line + further, "character": last}
            change: dict[str, Any] = {"range": {"start": start, "end": start if short else end}, "text": new_text}
            if short:
                change["rangeLength"] = 0
            content.append(change)
            shown.apply(change, self.encoding)
        self.waiting.add(uri)
        item = {"uri": uri, "version": shown.version}
        self.wire.notify("textDocument/didChange", textDocument=item, contentChanges=content)
        assert not self.wire.sent
        self._ask(uri, asked)

    @precondition(lambda self: self.model)
    @rule(which=st.integers(0, 5), changes=st.lists(CHANGE, min_size=1, max_size=4), asked=st.booleans())
    def change(self, which: int, changes: list[tuple[int, int, int, int, str, bool]], asked: bool) -> None:
        self._change(which, changes, asked)

    @precondition(lambda self: self.model)
    @rule(which=st.integers(0, 5), one=CHANGE, asked=st.booleans())
    def keystroke(self, which: int, one: tuple[int, int, int, int, str, bool], asked: bool) -> None:
        self._change(which, [one], asked)

    @precondition(lambda self: self.model)
    @rule(which=st.integers(0, 5), source=sources(), changes=st.lists(CHANGE, max_size=1), asked=st.booleans())
    def replace(
        self, which: int, source: str, changes: list[tuple[int, int, int, int, str, bool]], asked: bool
    ) -> None:
        """The whole text at once, and in the same message perhaps an edit of it."""
        uri = self._chosen(which)
        shown = self.model[uri]
        self._version += 1
        shown.version = self._version
        content: list[dict[str, Any]] = [{"text": source}]
        for line, character, further, last, new_text, _ in changes:
            ends = {"start": {"line": line, "character": character}, "end": {"line": line + further, "character": last}}
            content.append({"range": ends, "text": new_text})
        for change in content:
            shown.apply(change, self.encoding)
        self.waiting.add(uri)
        item = {"uri": uri, "version": shown.version}
        self.wire.notify("textDocument/didChange", textDocument=item, contentChanges=content)
        self._ask(uri, asked)

    @rule()
    def idle(self) -> None:
        """No message waits: what changed is published once, for the last version, and nothing else is."""
        published = self.wire.idle()
        assert set(published) <= self.waiting
        for uri in self.waiting:
            shown = self.model[uri]
            diagnostics, _ = fresh(self.encoding, uri, shown.text)
            if uri in published:
                assert published[uri]["version"] == shown.version
                assert published[uri]["diagnostics"] == (diagnostics or [])
                shown.published = True
                shown.diagnostics = published[uri]["diagnostics"]
            else:
                assert diagnostics is None and not shown.published
        self.waiting.clear()

    def _ask(self, uri: str, asked: bool) -> None:
        """A request right behind the change sees it; an unasked change is left for later ones to build upon."""
        if asked:
            text = self.model[uri].text
            assert self.wire.symbols(uri) == fresh(self.encoding, uri, text)[1]
            self._compare(uri)

    def _compare(self, uri: str) -> None:
        """Text, outline, facts and findings; those of a document that cannot be a spec do not matter."""
        document = self.wire.server.documents[uri].document
        if LANGUAGES[uri] != "plaintext":
            assert picture(document) == picture(Document(self.model[uri].text))

    @invariant()
    def the_texts_are_the_same(self) -> None:
        documents = self.wire.server.documents
        assert list(documents) == list(self.model)
        for uri, shown in self.model.items():
            assert documents[uri].text.source == shown.text
            assert documents[uri].version == shown.version and not documents[uri].stale

    def teardown(self) -> None:
        if not hasattr(self, "model"):
            return
        self.idle()
        wire = Wire(self.encoding)
        for uri, shown in self.model.items():
            self._compare(uri)
            diagnostics, symbols = fresh(self.encoding, uri, shown.text, wire)
            assert shown.diagnostics == (diagnostics or [])
            assert self.wire.symbols(uri) == symbols


Sync.TestCase.settings = settings(
    max_examples=int(os.environ.get("SPEC_LS_EXAMPLES", "215")),
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestSync = Sync.TestCase


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_only_moves_is_neither_placed_nor_said_anew(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uri, source = "file:///work/spec.md", "".join(FRAME[:7])
    wire = Wire(encoding)
    wire.open(uri, 1, source)
    before = wire.idle()[uri]["diagnostics"]
    line = source[: source.index("x\n## 2. Goals")].count("\n")
    moved = [one["range"]["start"]["line"] > line for one in before]
    assert True in moved and False in moved

    def anew(*_: object) -> None:
        raise AssertionError("made anew")

    place = {"line": line, "character": 1}
    change = {"range": {"start": place, "end": place}, "text": "\n"}
    with monkeypatch.context() as patched:
        patched.setattr(Judge, "_place", anew)
        patched.setattr(convert, "said_text", anew)
        wire.notify("textDocument/didChange", textDocument={"uri": uri, "version": 2}, contentChanges=[change])
        after = wire.idle()[uri]["diagnostics"]
    lines = [one["range"]["start"]["line"] for one in before]
    assert [one["range"]["start"]["line"] for one in after] == [at + (at > line) for at in lines]
    assert after == fresh(encoding, uri, source.replace("x\n## 2.", "x\n\n## 2."))[0]
