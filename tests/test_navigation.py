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
    "specs/1.md": spec(1, "😀 Export (SPEC-002), [two](002-two.md#5-rollout-plan), [out](../../x.md), `flag_2`, @zoë"),
    "specs/002-two.md": spec(2, "🌙 none", owner="zoë"),
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


def repository(root: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(text.encode())
    return root


def test_what_is_asked_at_once_waits_for_the_specs_around(tmp_path: Path) -> None:
    said = {"workspace": {"codeLens": {"refreshSupport": True}, "semanticTokens": {"refreshSupport": True}}}
    with Stdio() as wire:
        root = repository(tmp_path.resolve())
        wire.initialize(said, rootUri=root.as_uri())
        session = Session(wire, root, "utf-16")
        session.open("specs/1.md")
        document = {
            "textDocument": {"uri": session.uri("specs/1.md")},
            "position": session.position("specs/1.md", "SPEC-002"),
        }
        methods = ("definition", "hover", "references", "prepareCallHierarchy")
        more = {"context": {"includeDeclaration": True}}
        asked = [wire.ask(f"textDocument/{method}", {**document, **more}) for method in methods]
        symbols = wire.ask("workspace/symbol", {"query": "SPEC-"})
        definition, hover, references, prepared = (wire.answer(one)["result"] for one in asked)
        assert session.places(definition) == ["specs/002-two.md:SPEC-002"]
        assert "Päckchen 📦 2" in hover["contents"]["value"]
        assert len(references) == len(wire.answer(symbols)["result"]) == 3
        assert [one["name"] for one in prepared] == ["SPEC-002 Päckchen 📦 2"]
        wire.wait_for(lambda told: told.get("method") == "workspace/codeLens/refresh")
        assert all(told.get("method") != "workspace/semanticTokens/refresh" for told in wire.received)


@pytest.fixture(scope="module", params=ENCODINGS)
def session(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    root = repository(tmp_path_factory.mktemp("repo").resolve())
    capabilities = {
        "general": {"positionEncodings": [request.param]},
        "textDocument": {"declaration": {"linkSupport": True}, "rename": {"prepareSupport": True}},
        "workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["rename"]}},
    }
    with Stdio() as wire:
        wire.initialize(capabilities, rootUri=root.as_uri())
        made = Session(wire, root, request.param)
        made.open("specs/1.md")
        yield made


def test_where_words_lead(session: Session) -> None:
    for words, place in {
        "SPEC-002": "specs/002-two.md:SPEC-002",
        "002-two.md": "specs/002-two.md:5. Rollout Plan",
        "[two": "specs/002-two.md:5. Rollout Plan",
        "flag_2": "specs/002-two.md:flag_2",
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

    twos = ["specs/002-two.md:SPEC-002", "specs/1.md:SPEC-002", "specs/ä b.md:SPEC-002"]
    assert found("SPEC-002") == twos
    assert found("SPEC-002", declaration=False) == twos[1:]
    assert found("Päckchen") == ["specs/1.md:SPEC-001", "specs/ä b.md:SPEC-001"]
    assert found("@zoë") == ["specs/002-two.md:@zoë", "specs/1.md:@zoë"]
    assert found("flag_2") == ["specs/002-two.md:flag_2", "specs/1.md:flag_2"]


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
    assert session.place(found[0]["location"]["uri"], found[0]["location"]["range"]) == "specs/002-two.md:@zoë"


def test_a_file_that_changes_is_read_again(session: Session) -> None:
    name = session.root / "specs" / "002-two.md"
    name.write_text(FILES["specs/002-two.md"].replace("SPEC-002", "SPEC-009"), "utf-8")
    session.wire.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": name.as_uri(), "type": 2}]})
    wait_until(lambda: bool(session.wire.request("workspace/symbol", {"query": "SPEC-009"})["result"]))
    assert session.ask("textDocument/definition", "SPEC-002") is None
    name.write_text(
        FILES["specs/002-two.md"], "utf-8"
    )  # nobody says so: a place that is not there any more is left out
    mentioned = session.ask("textDocument/references", "SPEC-002", context={"includeDeclaration": True})
    assert session.places(mentioned) == ["specs/1.md:SPEC-002", "specs/ä b.md:SPEC-002"]
    session.wire.notify("textDocument/didSave", {"textDocument": {"uri": name.as_uri()}})
    wait_until(lambda: bool(session.ask("textDocument/definition", "SPEC-002")))


def test_an_open_document_counts_as_it_stands(session: Session) -> None:
    session.open("specs/002-two.md")
    change = {"contentChanges": [{"text": FILES["specs/002-two.md"].replace("SPEC-002", "SPEC-020")}]}
    document = {"textDocument": {"uri": session.uri("specs/002-two.md"), "version": 2}}
    session.wire.notify("textDocument/didChange", {**document, **change})
    assert session.ask("textDocument/definition", "SPEC-002") is None
    session.wire.notify("textDocument/didClose", document)
    assert session.places(session.ask("textDocument/definition", "SPEC-002")) == ["specs/002-two.md:SPEC-002"]


# --- rename


def applied(text: str, edits: list[Any], encoding: str) -> str:
    """The text after edits, counted in the client's units."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda one: (one["range"]["start"]["line"], -one["range"]["start"]["character"])):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        line = lines[start["line"]]
        at = [units(line[:offset], encoding) for offset in range(len(line) + 1)]
        first, last = at.index(start["character"]), at.index(end["character"])
        lines[start["line"]] = line[:first] + edit["newText"] + line[last:]
    return "\n".join(lines)


def test_an_identifier_is_renamed_in_all_specs_and_in_its_files_name(session: Session) -> None:
    prepared = session.ask("textDocument/prepareRename", "SPEC-002")
    assert prepared["placeholder"] == "SPEC-002"
    assert session.place(session.uri("specs/1.md"), prepared["range"]) == "specs/1.md:SPEC-002"
    edit = session.ask("textDocument/rename", "SPEC-002", newName="SPEC-0222")
    *documents, renamed = edit["documentChanges"]
    assert renamed == {
        "kind": "rename",
        "oldUri": session.uri("specs/002-two.md"),
        "newUri": session.uri("specs/222-two.md"),
    }
    found = {one["textDocument"]["uri"]: one for one in documents}
    assert {uri: one["textDocument"]["version"] for uri, one in found.items()} == {
        session.uri("specs/1.md"): 1,
        session.uri("specs/002-two.md"): None,
        session.uri("specs/ä b.md"): None,
    }
    for name, text in FILES.items():
        if name.startswith("specs/"):
            wanted = text.replace("SPEC-002", "SPEC-0222").replace("(002-two", "(222-two")
            assert applied(text, found[session.uri(name)]["edits"], session.encoding) == wanted


def test_without_watched_files_all_are_looked_at_before_a_rename(session: Session) -> None:
    name, moved = session.root / "specs" / "ä b.md", "\r\n\r\n" + FILES["specs/ä b.md"]
    name.write_bytes(moved.encode())
    edit = session.ask("textDocument/rename", "SPEC-002", newName="SPEC-222")
    found = {one["textDocument"]["uri"]: one["edits"] for one in edit["documentChanges"][:-1]}
    assert applied(moved, found[name.as_uri()], session.encoding) == moved.replace("SPEC-002", "SPEC-222")
    name.write_bytes(FILES["specs/ä b.md"].encode())


TEMPLATE = (
    "# [Title]\n\n- ID: REQ-000\n- Owner: @user\n\n## 1. The *Need* & more (optional)\n\n## 2. Answer\n\n### Story 1\n"
)
REQUESTS = {
    "a.md": "# 📦 A\n\n- ID: REQ-001\n- Owner: @mira\n\n## 1. The Need and More\n\n## 2. Answer\n😀\n",
    "b.md": "# B\r\n\r\n- ID: REQ-002\r\n- Owner: @mira\r\n\r\n## 😀 Answer ##\r\n\r\n## Answers\r\n",
}


def test_a_section_of_a_template_is_renamed_in_all_its_specs(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    (root / ".git").mkdir()
    config = '[templates.request]\npath = "template.md"\nfiles = ["requests/*.md"]\n'
    (root / ".spec-ls.toml").write_text(config, "utf-8")
    (root / "template.md").write_text(TEMPLATE, "utf-8")
    (root / "requests").mkdir()
    for name, text in REQUESTS.items():
        (root / "requests" / name).write_bytes(text.encode())
    watches = {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}
    with Stdio() as wire:
        wire.initialize(watches, rootUri=root.as_uri())
        document = {"uri": (root / "template.md").as_uri()}
        item = {**document, "languageId": "markdown", "version": 7, "text": TEMPLATE}
        wire.notify("textDocument/didOpen", {"textDocument": item})

        def ask(method: str, line: int, **more: Any) -> Any:
            answer = wire.request(
                method, {"textDocument": document, "position": {"line": line, "character": 6}, **more}
            )
            return answer.get("result", answer.get("error", {}).get("message"))

        edit = ask("textDocument/rename", 7, newName="Reply 🌙")
        texts = {document["uri"]: TEMPLATE}
        texts |= {(root / "requests" / name).as_uri(): text for name, text in REQUESTS.items()}
        renamed = {uri: applied(texts[uri], edits, "utf-16") for uri, edits in edit["changes"].items()}
        assert list(renamed.values()) == [
            TEMPLATE.replace("Answer", "Reply 🌙"),
            REQUESTS["a.md"].replace("Answer", "Reply 🌙"),
            REQUESTS["b.md"].replace("Answer ##", "Reply 🌙 ##"),
        ]
        assert ask("textDocument/prepareRename", 5)["placeholder"] == "The *Need* & more"
        assert "Story stands for any number" in ask("textDocument/rename", 9, newName="Tale")
        assert "has a section Answer there already" in ask("textDocument/rename", 5, newName="3. answer")
        assert "headings can be renamed" in ask("textDocument/rename", 3, newName="x")
        # A file changes and nobody says so: nothing is edited blindly, and the next time it is known.
        (root / "requests" / "a.md").write_text("\n" + REQUESTS["a.md"], "utf-8")
        assert "a.md has changed on disk" in ask("textDocument/rename", 7, newName="Reply")
        again = ask("textDocument/rename", 7, newName="Reply")
        assert again["changes"][(root / "requests" / "a.md").as_uri()][0]["range"]["start"]["line"] == 8


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
