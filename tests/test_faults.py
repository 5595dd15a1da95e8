"""Faults inside: whatever of ours raises loses its own answer and nothing else, and the user is told once.

The server is the real one, in a process of its own, with some rules and features made to raise.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from stdio import Message, Stdio

from spec_ls.template import builtin
from spec_ls.workspace import Document

FAULTY = textwrap.dedent(
    """
    from dataclasses import replace
    from spec_ls import rules
    from spec_ls.features import actions, completion, hover, symbols
    from spec_ls.lsp import convert, server

    def fail(*arguments, **words):
        raise ValueError("a fault on purpose")

    def fail_later(*arguments):
        yield from ()
        fail()

    def broken(one):
        if one.name not in BROKEN:
            return one
        return replace(one, **{way: fail_later for way in ("check", "check_fill", "check_piece") if getattr(one, way)})

    BROKEN = ("missing-section", "empty-section", "sample-text")  # of the spec, a fill, a piece
    for name in ("CATALOGUE", "_SPEC_RULES", "_BEYOND_METADATA", "_FILL_RULES", "_PIECE_RULES"):
        setattr(rules, name, tuple(map(broken, getattr(rules, name))))
    rules._FILL_CHECKS = tuple(one.check_fill for one in rules._FILL_RULES)
    rules._PIECE_CHECKS = tuple(one.check_piece for one in rules._PIECE_RULES)
    rules.rule.cache_clear()
    hover.hover = fail
    whole = symbols.symbols
    symbols.symbols = lambda spec, *more: fail() if "fail here" in spec.text.source else whole(spec, *more)
    server.serve()
    """
)
BROKEN = {"missing-section", "empty-section", "sample-text"}
TEXT = "\n".join(builtin().source.split("\n")[:60])


@pytest.fixture(scope="module")
def faulty() -> Iterator[Stdio]:
    with Stdio([sys.executable, "-c", FAULTY]) as client:
        client.initialize()
        yield client
        assert client.request("shutdown")["result"] is None
        client.notify("exit")
        assert client.wait() == 0
        assert client.stray == b""


def open_document(client: Stdio, uri: str, text: str) -> list[Message]:
    """What is published for it."""
    start = len(client.received)
    item = {"uri": uri, "languageId": "markdown", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    told = client.wait_for(
        lambda one: one.get("method") == "textDocument/publishDiagnostics" and one["params"]["uri"] == uri, start=start
    )
    found: list[Message] = told["params"]["diagnostics"]
    return found


def messages(client: Stdio, words: str) -> list[str]:
    shown = ("window/logMessage", "window/showMessage")
    texts = [one["params"]["message"] for one in client.received if one.get("method") in shown]
    return [text for text in texts if words in text]


def test_a_rule_that_raises_loses_its_own_findings(faulty: Stdio) -> None:
    """The others are those of a sound server; the user hears of it once, however many documents and edits."""
    sound = [problem.rule for problem in Document(TEXT).problems()]
    assert set(sound) > BROKEN, "the text has findings of all of them"
    for number in range(3):
        found = open_document(faulty, f"file:///w/{number}.md", TEXT)
        assert [one["code"] for one in found] == [name for name in sound if name not in BROKEN]
        start = len(faulty.received)
        change = {
            "textDocument": {"uri": f"file:///w/{number}.md", "version": 2},
            "contentChanges": [{"text": TEXT + "x"}],
        }
        faulty.notify("textDocument/didChange", change)
        faulty.wait_for(lambda one: one.get("method") == "textDocument/publishDiagnostics", start=start)
    for name in BROKEN:
        faulty.wait_for_stderr(f"rule {name} failed")
        assert len(messages(faulty, f"the rule {name} failed")) == 1
    assert "ValueError: a fault on purpose" in faulty.stderr and "Traceback" in faulty.stderr


def test_a_feature_that_raises_loses_its_own_answer(faulty: Stdio) -> None:
    uri = "file:///w/feature.md"
    open_document(faulty, uri, TEXT)
    place: dict[str, Any] = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 3}}
    for _ in range(3):
        answer = faulty.request("textDocument/hover", place)
        assert answer["error"]["code"] == -32603
        assert "purpose" not in str(answer) and "Traceback" not in str(answer)
        assert faulty.request("textDocument/completion", place)["result"]["items"] is not None
        assert faulty.request("textDocument/documentSymbol", place)["result"]
    assert len(messages(faulty, "textDocument/hover")) == 1
    faulty.wait_for_stderr("internal error in textDocument/hover")


def test_a_fault_with_one_document_leaves_the_others_alone(faulty: Stdio) -> None:
    uris = ["file:///w/good.md", "file:///w/bad.md"]
    for uri, text in zip(uris, (TEXT, TEXT + "\nfail here\n"), strict=True):
        open_document(faulty, uri, text)
    good, bad = (faulty.request("textDocument/documentSymbol", {"textDocument": {"uri": uri}}) for uri in uris)
    assert good["result"] and bad["error"]["code"] == -32603


def test_the_log_holds_no_text_of_documents(faulty: Stdio) -> None:
    """Not of an edit that is lost either, nor of params that do not fit."""
    secret = "the merger with Initech"
    uri = "file:///w/secret.md"
    open_document(faulty, uri, f"{TEXT}\n{secret}\nfail here")
    document = {"uri": uri, "version": 2}
    place = {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 3}}
    faulty.request("textDocument/hover", place)
    faulty.request("textDocument/hover", {**place, "position": secret})
    faulty.request("textDocument/documentSymbol", place)
    faulty.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": [secret]}]})
    faulty.notify(
        "textDocument/didChange", {"textDocument": document, "contentChanges": [{"range": secret, "text": secret}]}
    )
    faulty.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [secret]})
    faulty.notify("textDocument/didOpen", {"textDocument": {"uri": 7, "text": secret}})
    faulty.send(b'Content-Length: 60\r\n\r\n{"jsonrpc":"2.0","method":"x","params":"the merger with Init')
    faulty.request("workspace/executeCommand", {"command": "spec-ls.apply", "arguments": [secret]})
    faulty.request("no/such", {"text": secret})
    faulty.wait_for_stderr("malformed JSON")
    assert "merger" not in faulty.stderr
    assert not messages(faulty, "merger")


@pytest.mark.parametrize("arguments", [[], None, ["label"], [1, 2], ["label", "edit"], ["label", {}, 3]])
def test_a_command_with_wrong_arguments(faulty: Stdio, arguments: object) -> None:
    start = len(faulty.received)
    command = {"command": "spec-ls.apply", "arguments": arguments}
    assert faulty.request("workspace/executeCommand", command)["error"]["code"] == -32602
    assert not [one for one in faulty.received[start:] if one.get("method") == "workspace/applyEdit"]
