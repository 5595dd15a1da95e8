"""A document above the size limit: one finding, silence otherwise, and life again below it; the same in CI."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from stdio import Message, Stdio, frame
from test_sync import Wire

from spec_ls.rules.base import STAGES
from spec_ls.template import builtin
from spec_ls.text import Span
from spec_ls.workspace import MOST_BYTES, Document, Replacement

URI = "file:///work/spec.md"
SPEC = (
    "<!-- spec-ls: template=product-spec -->\n\n# Quiet hours 🚀\n\n"
    "| Metadata | Value |\n|---|---|\n| **Status** | Draft |\n"
)


def rules(document: Document) -> list[str]:
    return [problem.rule for problem in document.problems()]


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("letter", ["x", "é", "🚀", "\ud83d"])
def test_the_limit_counts_bytes(letter: str, more: int) -> None:
    size = len((SPEC + letter).encode("utf-8", "surrogatepass"))
    document = Document(SPEC + letter, max_bytes=size - more)
    assert document.is_large == bool(more)
    assert (rules(document) == ["large-document"]) == bool(more)


def test_edits_lead_over_the_limit_and_back() -> None:
    """Whatever the way there, it is as if the text had just been opened."""
    limit = len(SPEC.encode()) + 20
    document = Document(SPEC, max_bytes=limit)
    before = [(problem.rule, problem.span) for problem in document.problems()]
    first = Span(0, 0, 0, 0)
    steps = [
        Replacement(Span(*document.text.end, *document.text.end), "🚀" * 5),  # 20 bytes: just fits
        Replacement(first, "x"),
        Replacement(Span(0, 1, 0, 0), "# é\r\n"),  # reversed
        Replacement(None, SPEC * 3),
        Replacement(first, "\r"),
        Replacement(Span(0, 0, 1, 0), "\n"),
        Replacement(None, SPEC),
    ]
    seen = []
    for step in steps:
        document.change(step)
        fresh = Document(document.text.source, max_bytes=limit)
        told = [(problem.rule, problem.span, problem.message) for problem in fresh.problems()]
        assert [(problem.rule, problem.span, problem.message) for problem in document.problems()] == told
        assert (document.is_large, document.decision) == (fresh.is_large, fresh.decision)
        seen.append(document.is_large)
    assert seen == [False, True, True, True, True, True, False]
    assert [(problem.rule, problem.span) for problem in document.problems()] == before
    assert not document.new_crashes()


@pytest.mark.parametrize("stage", STAGES)
def test_its_weight_is_the_same_at_every_stage(stage: Any) -> None:
    assert [problem.severity for problem in Document(SPEC, max_bytes=9).problems(stage)] == ["information"]


@pytest.mark.parametrize("source", ["# Changelog\n" + "- more\n" * 900, "x" * 9000, "\n" * 9000, "- " * 5000])
def test_a_large_file_that_is_no_spec_gets_nothing(source: str) -> None:
    assert Document(source, max_bytes=1000).problems() == []


def test_a_large_text_takes_no_time() -> None:
    """Ten megabytes on one line, and a letter typed there: nothing is parsed but the beginning."""
    document = Document(SPEC + "x" * 10_000_000)
    start = time.thread_time()
    assert rules(document) == ["large-document"]
    for _ in range(3):
        document.change(Replacement(Span(7, 5, 7, 5), "y"))
        assert rules(document) == ["large-document"]
    assert time.thread_time() - start < 2


@pytest.fixture
def wire() -> Wire:
    return Wire("utf-16", initializationOptions={"maxBytes": len(SPEC) + 100})


def place() -> dict[str, Any]:
    return {"textDocument": {"uri": URI}, "position": {"line": 6, "character": 16}}


def ask_all(wire: Wire) -> list[Any]:
    at = place()["position"]
    action = {
        "range": {"start": {"line": 0, "character": 0}, "end": at},
        "context": {"diagnostics": []},
        "textDocument": {"uri": URI},
    }
    asked = [("completion", place()), ("hover", place()), ("documentSymbol", place()), ("codeAction", action)]
    return [wire.request(f"textDocument/{method}", **params) for method, params in asked]


def test_the_editor_is_told_once_and_every_feature_is_silent(wire: Wire) -> None:
    wire.open(URI, 1, SPEC)
    assert len(wire.idle()[URI]["diagnostics"]) > 5
    assert all(ask_all(wire)[:3])
    far = {"line": 99, "character": 0}
    change = {"range": {"start": far, "end": far}, "text": "word " * 50}
    wire.notify("textDocument/didChange", textDocument={"uri": URI, "version": 2}, contentChanges=[change])
    (told,) = wire.idle()[URI]["diagnostics"]
    assert (told["code"], told["severity"]) == ("large-document", 3)
    assert told["range"] == {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 39}}
    assert ask_all(wire) == [None] * 4
    wire.notify("textDocument/didChange", textDocument={"uri": URI, "version": 3}, contentChanges=[{"text": SPEC}])
    assert len(wire.idle()[URI]["diagnostics"]) > 5
    assert all(ask_all(wire)[:3])


@pytest.mark.parametrize("given", [0, -1, "5", None, 1.5, True, [], {}])
def test_a_limit_that_is_none_is_ignored(given: object) -> None:
    assert Wire("utf-16", initializationOptions={"maxBytes": given}).server.max_bytes == MOST_BYTES


def test_the_command_line_says_the_same(wire: Wire, tmp_path: Path) -> None:
    text = SPEC + "x" * 200
    (tmp_path / "spec.md").write_text(text, encoding="utf-8")
    limit = str(wire.server.max_bytes)
    command = [sys.executable, "-m", "spec_ls", "check", "--format", "json", "--max-bytes", limit, "spec.md"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    wire.open(URI, 1, text)
    (told,) = wire.idle()[URI]["diagnostics"]
    (found,) = json.loads(done.stdout)
    assert (found["rule"], found["severity"], found["fixable"]) == ("large-document", "information", False)
    assert (found["message"], found["range"]) == (told["message"], told["range"])


def test_a_message_of_100_megabytes() -> None:
    """It is a document like another, only larger; the next keystroke is taken at once."""
    item = {"uri": URI, "languageId": "markdown", "version": 1, "text": f"{SPEC}¦"}
    opened = json.dumps({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": item}})
    body = opened.encode().replace(rb"\u00a6", b"All work and no play. " * (100_000_000 // 22))
    assert len(body) > 99_000_000

    def published(version: int) -> Message:
        return server.wait_for(
            lambda one: one.get("method") == "textDocument/publishDiagnostics" and one["params"]["version"] == version,
            timeout=60,
        )

    with Stdio() as server:
        server.initialize({"textDocument": {"publishDiagnostics": {"versionSupport": True}}})
        server.send(frame(body))
        assert [one["code"] for one in published(1)["params"]["diagnostics"]] == ["large-document"]
        change = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": builtin().source}]}
        server.notify("textDocument/didChange", change)
        assert len(published(2)["params"]["diagnostics"]) > 5
        assert server.request("shutdown")["result"] is None
        server.notify("exit")
        assert server.wait() == 0
        assert server.stray == b""
