"""Definition, references, call hierarchy and workspace symbols through the server, over files that are not open."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from stdio import Stdio

from spec_ls.catalogue import Card, Heading, Mention
from spec_ls.features.navigation import heading_at
from spec_ls.features.workspace_symbols import MOST, workspace_symbols
from spec_ls.text import Span, Text

ENCODINGS = ("utf-8", "utf-16", "utf-32")
SPEC = """\
# {title}

| Metadata | Value |
| --- | --- |
| **Spec ID** | `{id}` |
| **Status** | Draft |
| **Owner** | @{owner} |

## 4. Technical Design
### Dependencies
- **Services**: {needs}

## 5. Rollout Plan
- **Feature Flags**: `{flag}`
"""


def spec(number: int, needs: str, owner: str = "mira", end: str = "\n") -> str:
    words = {"title": f"Päckchen 📦 {number}", "id": f"SPEC-{number:03}", "owner": owner, "needs": needs}
    return SPEC.format(**words, flag=f"flag_{number}").replace("\n", end)


FILES = {
    "specs/1.md": spec(1, "😀 Export (SPEC-002), [two](2.md#5-rollout-plan), [out](../../x.md), `flag_2`, @zoë"),
    "specs/2.md": spec(2, "🌙 none", owner="zoë"),
    "specs/ä b.md": spec(3, "𝔸𝔸 SPEC-002 and SPEC-001; [one](/specs/1.md)", end="\r\n"),
    "docs/CODEOWNERS": "# 😀\n* @other\n/specs @lena @zoë\n",
}


def units(text: str, encoding: str) -> int:
    return (
        len(text.encode({"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]))
        // ({"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding])
    )


class Session:
    """A client with `specs/1.md` open; places are written `file:words`."""

    def __init__(self, wire: Stdio, root: Path, encoding: str) -> None:
        self.wire, self.root, self.encoding = wire, root, encoding

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def open(self, name: str) -> None:
        item = {"uri": self.uri(name), "languageId": "markdown", "version": 1, "text": FILES[name]}
        self.wire.notify("textDocument/didOpen", {"textDocument": item})

    def position(self, name: str, words: str) -> dict[str, int]:
        before = FILES[name][: FILES[name].index(words) + 1].replace("\r\n", "\n")
        line = before.rpartition("\n")[2]
        return {"line": before.count("\n"), "character": units(line, self.encoding)}

    def ask(self, method: str, words: str, name: str = "specs/1.md", **more: Any) -> Any:
        document = {"textDocument": {"uri": self.uri(name)}, "position": self.position(name, words)}
        answer = self.wire.request(method, {**document, **more})
        assert "result" in answer, answer
        return answer["result"]

    def place(self, uri: str, span: dict[str, Any]) -> str:
        name = next(name for name in FILES if self.uri(name) == uri)
        line = FILES[name].replace("\r\n", "\n").split("\n")[span["start"]["line"]]
        assert span["start"]["line"] == span["end"]["line"]
        start, end = span["start"]["character"], span["end"]["character"]
        words = next(
            line[a:b]
            for a in range(len(line) + 1)
            for b in range(a, len(line) + 1)
            if (units(line[:a], self.encoding), units(line[:b], self.encoding)) == (start, end)
        )
        return f"{name}:{words}"

    def places(self, found: list[Any]) -> list[str]:
        return [self.place(one["uri"], one["range"]) for one in found]


def wait_until(ready: Callable[[], bool]) -> None:
    """Asks again until the files have been read; each question is answered with what is known by then."""
    deadline = time.monotonic() + 30
    while not ready():
        assert time.monotonic() < deadline, "the specs have not been read"


@pytest.fixture(scope="module", params=ENCODINGS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = tmp_path_factory.mktemp("repo").resolve()
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(text.encode())
    capabilities = {
        "general": {"positionEncodings": [request.param]},
        "textDocument": {"declaration": {"linkSupport": True}},
    }
    with Stdio() as wire:
        wire.initialize(capabilities, rootUri=root.as_uri())
        made = Session(wire, root, request.param)
        made.open("specs/1.md")
        wait_until(lambda: len(made.wire.request("workspace/symbol", {"query": "SPEC-"})["result"]) == 3)
        yield made


def test_where_words_lead(session: Session) -> None:
    for words, place in {
        "SPEC-002": "specs/2.md:SPEC-002",
        "2.md": "specs/2.md:5. Rollout Plan",
        "[two": "specs/2.md:5. Rollout Plan",
        "flag_2": "specs/2.md:flag_2",
        "@zoë": "docs/CODEOWNERS:@zoë",
    }.items():
        assert session.places(session.ask("textDocument/definition", words)) == [place]
    for words in ("../../x.md", "@mira", "😀 Export", "Draft"):
        assert session.ask("textDocument/definition", words) is None
    (led,) = session.ask("textDocument/definition", "5. Rollout")
    assert led["uri"].endswith("/product-spec.md") and led["range"]["start"]["character"] == 0


def test_the_template_is_declared_in_links_where_the_client_takes_them(session: Session) -> None:
    (link,) = session.ask("textDocument/declaration", "Draft")
    assert session.place(session.uri("specs/1.md"), link["originSelectionRange"]) == "specs/1.md:Status"
    assert link["targetSelectionRange"]["start"] == link["targetRange"]["start"]


def test_references_in_open_and_closed_files(session: Session) -> None:
    def found(words: str, declaration: bool = True) -> list[str]:
        context = {"includeDeclaration": declaration}
        return session.places(session.ask("textDocument/references", words, context=context))

    twos = ["specs/1.md:SPEC-002", "specs/2.md:SPEC-002", "specs/ä b.md:SPEC-002"]
    assert found("SPEC-002") == twos
    assert found("SPEC-002", declaration=False) == [twos[0], twos[2]]
    assert found("Päckchen") == ["specs/1.md:SPEC-001", "specs/ä b.md:SPEC-001"]
    assert found("@zoë") == ["specs/1.md:@zoë", "specs/2.md:@zoë"]
    assert found("flag_2") == ["specs/1.md:flag_2", "specs/2.md:flag_2"]


def test_what_depends_on_what(session: Session) -> None:
    (item,) = session.ask("textDocument/prepareCallHierarchy", "Päckchen")
    assert item["name"] == "SPEC-001 Päckchen 📦 1" and item["detail"] == "Draft"
    (call,) = session.wire.request("callHierarchy/outgoingCalls", {"item": item})["result"]
    assert [session.place(item["uri"], one) for one in call["fromRanges"]] == ["specs/1.md:SPEC-002"]
    calls = session.wire.request("callHierarchy/incomingCalls", {"item": call["to"]})["result"]
    assert [one["from"]["name"].split()[0] for one in calls] == ["SPEC-001", "SPEC-003"]
    last = calls[1]
    assert [session.place(last["from"]["uri"], one) for one in last["fromRanges"]] == ["specs/ä b.md:SPEC-002"]


def test_symbols_of_files_that_are_not_open(session: Session) -> None:
    found = session.wire.request("workspace/symbol", {"query": "@ZOË"})["result"]
    assert [(one["name"], one["containerName"]) for one in found] == [("@zoë", "SPEC-002")]
    assert session.place(found[0]["location"]["uri"], found[0]["location"]["range"]) == "specs/2.md:@zoë"


def test_a_file_that_changes_is_read_again(session: Session) -> None:
    name = session.root / "specs" / "2.md"
    name.write_text(FILES["specs/2.md"].replace("SPEC-002", "SPEC-009"), "utf-8")
    session.wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": name.as_uri(), "type": 2}]})
    wait_until(lambda: bool(session.wire.request("workspace/symbol", {"query": "SPEC-009"})["result"]))
    assert session.ask("textDocument/definition", "SPEC-002") is None
    name.write_text(FILES["specs/2.md"], "utf-8")  # nobody says so: a place that is not there any more is left out
    mentioned = session.ask("textDocument/references", "SPEC-002", context={"includeDeclaration": True})
    assert session.places(mentioned) == ["specs/1.md:SPEC-002", "specs/ä b.md:SPEC-002"]
    session.wire.notify("textDocument/didSave", {"textDocument": {"uri": name.as_uri()}})
    wait_until(lambda: bool(session.ask("textDocument/definition", "SPEC-002")))


def test_an_open_document_counts_as_it_stands(session: Session) -> None:
    session.open("specs/2.md")
    change = {"contentChanges": [{"text": FILES["specs/2.md"].replace("SPEC-002", "SPEC-020")}]}
    document = {"textDocument": {"uri": session.uri("specs/2.md"), "version": 2}}
    session.wire.notify("textDocument/didChange", {**document, **change})
    assert session.ask("textDocument/definition", "SPEC-002") is None
    session.wire.notify("textDocument/didClose", document)
    assert session.places(session.ask("textDocument/definition", "SPEC-002")) == ["specs/2.md:SPEC-002"]


# --- headings and ranks


def test_the_heading_behind_a_number_sign() -> None:
    text = Text("# A & B\n\n## Ü, *x*!\n\n## A & B\n\n```\n# No\n```\n")
    found = {anchor: heading_at(text, anchor) for anchor in ("a--b", "ü-x", "Ü-X", "a--b-1", "no", "")}
    lines = {anchor: span.start_line if span else None for anchor, span in found.items()}
    assert lines == {"a--b": 0, "ü-x": 2, "Ü-X": 2, "a--b-1": 4, "no": None, "": None}


def card(number: int, title: str, *sections: str) -> Card:
    span = Span(0, 0, 0, 1)
    return Card(
        f"/{number}.md",
        "t",
        id=f"SPEC-{number:03}",
        title=title,
        sections=tuple(Heading(section, 2, span) for section in sections),
        mentions=(Mention("handle", "@mira", span, "definition"), Mention("handle", "@jonas", span)),
    )


CARDS = [
    card(14, "Invoice export", "1. Context & Problem Statement", "5. Rollout Plan"),
    card(140, "Rollout of invoices"),
    card(7, "Export of the plan"),
]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("spec-014", ["SPEC-014: Invoice export"]),
        ("SPEC-14", ["SPEC-140: Rollout of invoices"]),
        ("rollout", ["SPEC-140: Rollout of invoices", "5. Rollout Plan"]),
        ("export", ["SPEC-007: Export of the plan", "SPEC-014: Invoice export"]),
        ("plan roll", ["5. Rollout Plan"]),
        ("invoce", ["SPEC-014: Invoice export", "SPEC-140: Rollout of invoices"]),
        ("mira", ["@mira", "@mira", "@mira"]),
        ("jonas", []),
        ("xyzzy", []),
        ("", ["SPEC-007: Export of the plan", "SPEC-014: Invoice export", "SPEC-140: Rollout of invoices"]),
    ],
)
def test_what_is_looked_for_comes_first(query: str, names: list[str]) -> None:
    assert [symbol.name for symbol in workspace_symbols(CARDS, query)][: max(len(names), 1)] == names


def test_no_more_symbols_than_anybody_reads() -> None:
    assert len(workspace_symbols([card(at, f"Title {at}") for at in range(500)], "title")) == MOST
