"""A long text is read in a thread: it holds up no keystroke, and what comes of it is what a short one would get."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
from specgen import make_spec
from stdio import Message, Stdio

from spec_ls.lsp.server import path_of
from spec_ls.template import builtin
from spec_ls.workspace import Document

LONG = "file:///w/long.md"
SHORT = "file:///w/short.md"
TEXT = make_spec(6_000, 1)
LONGER = make_spec(30_000, 1)
MOST_SECONDS = 0.05
"""That a keystroke may be held up by a heavy job (median of many: other processes hold it up, too)."""


@pytest.fixture
def client() -> Iterator[Stdio]:
    with Stdio() as client:
        client.initialize({"textDocument": {"publishDiagnostics": {"versionSupport": True}}})
        yield client
        assert client.stray == b""
        assert not [one for one in client.received if one.get("method", "").startswith("window/")]


def open_document(client: Stdio, uri: str, text: str) -> None:
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})


def change(client: Stdio, uri: str, version: int, *changes: dict[str, Any]) -> None:
    document = {"uri": uri, "version": version}
    client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})


def insert(line: int, character: int, text: str) -> dict[str, Any]:
    place = {"line": line, "character": character}
    return {"range": {"start": place, "end": place}, "text": text}


def is_published(one: Message, uri: str, version: int) -> bool:
    if one.get("method") != "textDocument/publishDiagnostics":
        return False
    return one["params"]["uri"] == uri and one["params"].get("version") == version


def published(client: Stdio, uri: str, version: int) -> list[Message]:
    found: list[Message] = client.wait_for(lambda one: is_published(one, uri, version), 60)["params"]["diagnostics"]
    return found


def rules(found: list[Message]) -> list[tuple[str, int]]:
    return [(one["code"], one["range"]["start"]["line"]) for one in found]


def fresh(text: str) -> list[tuple[str, int]]:
    return [(problem.rule, problem.span.start_line) for problem in Document(text).problems()]


def test_a_long_text_holds_up_no_keystroke(client: Stdio) -> None:
    open_document(client, SHORT, builtin().source)
    published(client, SHORT, 1)
    open_document(client, LONG, LONGER)
    taken, version = [], 1
    while not any(is_published(one, LONG, 1) for one in client.received):
        version += 1
        start = time.perf_counter()
        change(client, SHORT, version, insert(0, 2, "x"))
        published(client, SHORT, version)
        taken.append(time.perf_counter() - start)
    assert len(taken) > 5, "the long text came first"
    assert statistics.median(taken) < MOST_SECONDS, taken


def test_edits_while_it_is_read(client: Stdio) -> None:
    """They are those of the text as the client has it, each in the text that the one before left."""
    open_document(client, LONG, "\ufeff🚀\r\n" + TEXT)
    change(client, LONG, 2, insert(0, 1, "# "), insert(0, 5, "x\n\n"))
    change(client, LONG, 3, insert(2, 1, "`"), insert(10**6, 0, "## 9. Last"))
    change(client, LONG, 4, {"text": TEXT}, insert(0, 2, "New: "))
    expected = TEXT[:2] + "New: " + TEXT[2:]
    assert rules(published(client, LONG, 4)) == fresh(expected)
    assert not [one for one in client.received if is_published(one, LONG, 3)]
    change(client, LONG, 5, insert(10**6, 0, "\n## 9. Last\n"))
    assert rules(published(client, LONG, 5)) == fresh(expected + "\n## 9. Last\n")


def test_requests_while_it_is_read(client: Stdio) -> None:
    """They wait for it; those about a text that has changed meanwhile are superseded, cancelled ones cancelled."""
    place = {"textDocument": {"uri": LONG}, "position": {"line": 0, "character": 4}}
    open_document(client, LONG, TEXT)
    old, dropped = (client.ask("textDocument/hover", place) for _ in range(2))
    client.notify("$/cancelRequest", {"id": dropped})
    assert client.answer(dropped)["error"]["code"] == -32800
    change(client, LONG, 2, insert(0, 2, "New: "))
    symbols, completion = (client.ask(f"textDocument/{name}", place) for name in ("documentSymbol", "completion"))
    assert client.answer(old, 60)["error"]["code"] == -32801
    assert "New: " in client.answer(symbols, 60)["result"][0]["name"]
    assert "items" in client.answer(completion, 60)["result"]


ROWS = "| a | b |\n|---|---|\n" + "| x | y |\n" * 12_000


@pytest.mark.parametrize("heavy", [insert(2, 0, ROWS), {"text": TEXT + ROWS}], ids=["paste", "replace"])
def test_a_heavy_edit_holds_up_no_keystroke(client: Stdio, heavy: dict[str, Any]) -> None:
    """What is asked about it waits for it, and edits meanwhile are made up for."""
    base = builtin().source
    open_document(client, SHORT, base)
    open_document(client, LONG, base)
    published(client, LONG, 1)
    change(client, LONG, 2, heavy)
    change(client, LONG, 3, insert(0, 2, "New: "))
    symbols = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": LONG}})
    taken, version = [], 1
    while not any(is_published(one, LONG, 3) for one in client.received):
        version += 1
        start = time.perf_counter()
        change(client, SHORT, version, insert(0, 2, "x"))
        published(client, SHORT, version)
        taken.append(time.perf_counter() - start)
    assert len(taken) > 5, "the heavy edit came first"
    assert statistics.median(taken) < MOST_SECONDS, taken
    assert not [one for one in client.received if is_published(one, LONG, 2)]
    assert "New: " in client.answer(symbols)["result"][0]["name"]
    lines = base.split("\n")
    text = "\n".join([*lines[:2], ROWS + lines[2], *lines[3:]]) if "range" in heavy else TEXT + ROWS
    assert rules(published(client, LONG, 3)) == fresh(text[:2] + "New: " + text[2:])
    change(client, LONG, 4, {"text": base})
    assert rules(published(client, LONG, 4)) == fresh(base)


def test_an_edit_while_it_is_read_is_heavy_too(client: Stdio) -> None:
    open_document(client, LONG, TEXT)
    change(client, LONG, 2, {"text": TEXT[::-1]})
    change(client, LONG, 3, {"text": TEXT.replace("Story", "Tale")}, insert(0, 2, "New: "))
    expected = TEXT.replace("Story", "Tale")
    assert rules(published(client, LONG, 3)) == fresh(expected[:2] + "New: " + expected[2:])


def test_it_is_closed_while_it_is_read(client: Stdio) -> None:
    """And opened again with another text: the first one is forgotten."""
    open_document(client, LONG, TEXT)
    asked = client.ask("textDocument/documentSymbol", {"textDocument": {"uri": LONG}})
    client.notify("textDocument/didClose", {"textDocument": {"uri": LONG}})
    open_document(client, LONG, builtin().source)
    assert rules(published(client, LONG, 1)) == fresh(builtin().source)
    assert client.answer(asked, 60)["error"]["code"] == -32801
    change(client, LONG, 2, insert(0, 2, "x"))
    published(client, LONG, 2)
    assert len([one for one in client.received if is_published(one, LONG, 1)]) == 1


def test_an_edit_is_lost_while_it_is_read(client: Stdio) -> None:
    """Nothing is said about it until the whole text comes."""
    open_document(client, LONG, TEXT)
    change(client, LONG, 2, {"text": 7})
    change(client, LONG, 3, {"text": builtin().source})
    assert rules(published(client, LONG, 3)) == fresh(builtin().source)
    told = [one for one in client.received if one.get("method") == "window/logMessage"]
    assert len(told) == 1 and "lost an edit" in json.dumps(told)
    client.received.remove(told[0])


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///work/a%20b%23%25.md", "/work/a b#%.md"),
        ("file:///work/sp%C3%A9c%20%F0%9F%9A%80.md", "/work/spéc 🚀.md"),
        ("file:///c%3A/specs/a.md", None),
        ("file:///C:/specs/a.md", None),
        ("file:a.md", None),
        ("file:///a%00b.md", None),
        ("file://[bad/a.md", None),
        ("file:", None),
        ("untitled:Untitled-1", None),
        ("untitled:/etc/passwd", None),
        ("vscode-remote://ssh/work/a.md", None),
        ("http://host/a.md", None),
        ("/work/a.md", None),
        ("", None),
    ],
)
def test_the_path_of_a_uri(uri: str, path: str | None) -> None:
    """Only an absolute path on this machine: nothing is looked up from the working directory."""
    assert path_of(uri) == path
