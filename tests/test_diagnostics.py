"""Diagnostics as a client pulls them: with identifiers, in parts, and of the files around a spec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stdio import Message, Stdio

PULLS = {"diagnostic": {"relatedDocumentSupport": True, "relatedInformation": True}}
REFRESHES = {"diagnostics": {"refreshSupport": True}, "didChangeWatchedFiles": {"dynamicRegistration": True}}

TEMPLATE = """\
# 📦 [Title]

| Field | Value |
|---|---|
| **🚦 State** | Open / Closed |

## Why
*Say why.*

## How
"""
NOTE = "# 📦 Export\n\n| Field | Value |\n|---|---|\n| **🚦 State** | 🚦 Opne |\n\n## Why\nBecause.\n"
CONFIG = '[templates.note]\npath = "note.md"\nfiles = ["notes/*.md"]\n'


class Puller(Stdio):
    """A client that pulls, in a folder with a template of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        for name, text in (("note.md", TEMPLATE), (".spec-ls.toml", CONFIG), ("notes/a.md", NOTE)):
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(exist_ok=True)
        (self.folder / name).write_text(text, "utf-8")

    def start(self, **workspace: Any) -> None:
        capabilities = {"textDocument": PULLS, "workspace": workspace}
        offered = self.initialize(capabilities, rootUri=self.folder.as_uri())["capabilities"]["diagnosticProvider"]
        assert offered["workspaceDiagnostics"] and offered["interFileDependencies"]

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, language: str = "markdown") -> None:
        text = (self.folder / name).read_text("utf-8")
        item = {"uri": self.uri(name), "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def pull(self, name: str, previous: str | None = None) -> Message:
        params: Message = {"textDocument": {"uri": self.uri(name)}}
        report: Message = self.request("textDocument/diagnostic", params | {"previousResultId": previous})["result"]
        return report

    def workspace(self, previous: dict[str, str], **params: object) -> list[Message]:
        ids = [{"uri": uri, "value": value} for uri, value in previous.items()]
        items: list[Message] = self.request("workspace/diagnostic", {"previousResultIds": ids, **params})["result"][
            "items"
        ]
        return items


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Puller]:
    with Puller(tmp_path) as puller:
        yield puller
        assert not [one for one in puller.received if one.get("method") == "textDocument/publishDiagnostics"]


def codes(report: Message) -> list[str]:
    return [one["code"] for one in report["items"]]


def test_a_report_is_told_once(client: Puller) -> None:
    client.start()
    client.open("notes/a.md")
    report = client.pull("notes/a.md")
    assert (report["kind"], codes(report)) == ("full", ["invalid-choice", "missing-section"])
    place = report["items"][0]["range"]
    assert place["start"] == {"line": 4, "character": 17}

    again = client.pull("notes/a.md", report["resultId"])
    assert again == {"kind": "unchanged", "resultId": report["resultId"]}
    change = {"range": {"start": {"line": 7, "character": 0}, "end": {"line": 7, "character": 0}}, "text": "🚦 "}
    client.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": client.uri("notes/a.md"), "version": 2}, "contentChanges": [change]},
    )
    assert client.pull("notes/a.md", report["resultId"]) == again, "an edit that changes no diagnostic"
    change = {"range": place, "text": "Open"}
    client.notify(
        "textDocument/didChange",
        {"textDocument": {"uri": client.uri("notes/a.md"), "version": 3}, "contentChanges": [change]},
    )
    assert codes(client.pull("notes/a.md", report["resultId"])) == ["missing-section"]


def test_a_client_that_says_it_pulls_and_never_does_is_pushed_to(tmp_path: Path) -> None:
    told = {"clientInfo": {"name": "@codemirror/lsp-client"}, "rootUri": tmp_path.as_uri()}
    with Puller(tmp_path) as client:
        assert "diagnosticProvider" not in client.initialize({"textDocument": PULLS}, **told)["capabilities"]
        client.open("notes/a.md")
        pushed = client.wait_for(lambda one: one.get("method") == "textDocument/publishDiagnostics")
    assert {one["code"] for one in pushed["params"]["diagnostics"]} >= {"invalid-choice", "missing-section"}


def test_the_line_of_the_template_is_named(client: Puller) -> None:
    client.start()
    client.open("notes/a.md")
    choice, missing = client.pull("notes/a.md")["items"]
    (of_choice,), (of_missing,) = choice["relatedInformation"], missing["relatedInformation"]
    assert of_choice["location"] == {
        "uri": client.uri("note.md"),
        "range": {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 32}},
    }
    assert of_missing["location"]["range"]["start"]["line"] == TEMPLATE.splitlines().index("## How")


def test_a_file_that_is_no_spec_has_no_items(client: Puller) -> None:
    client.start()
    client.write("readme.md", "# Read me\n")
    client.open("readme.md")
    assert client.pull("readme.md")["items"] == []
    assert client.pull("never-opened.md")["items"] == []
    assert [report["uri"] for report in client.workspace({})] == [client.uri("notes/a.md")]


def test_specs_that_are_not_open_are_in_the_workspace(client: Puller) -> None:
    client.write("notes/good.md", NOTE + "\n## How\nSo.\n")
    client.start()
    client.write("readme.md", "# Read me\n")

    def told() -> dict[str, list[str]]:
        return {report["uri"]: codes(report) for report in client.workspace({})}

    bad, good = client.uri("notes/a.md"), client.uri("notes/good.md")
    before = {bad: ["invalid-choice", "missing-section"], good: ["invalid-choice"]}
    assert told() == before
    client.open("notes/a.md")
    assert told() == before
    client.notify("textDocument/didClose", {"textDocument": {"uri": bad}})
    client.write("notes/a.md", NOTE.replace("Opne", "Open"))
    assert told() == {**before, bad: ["missing-section"]}
    client.write("note.md", TEMPLATE + "\n## When\n")
    assert told() == {bad: ["missing-section"] * 2, good: ["invalid-choice", "missing-section"]}
    (client.folder / "notes/a.md").unlink()
    assert told() == {good: ["invalid-choice", "missing-section"]}


def test_the_workspace_comes_in_parts_and_only_what_changed(client: Puller) -> None:
    (client.folder / "notes/a.md").unlink()
    client.start()
    names = [f"notes/{number}.md" for number in range(120)]
    for name in names:
        client.write(name, NOTE)
        client.open(name)
    assert client.workspace({}, partialResultToken="p1") == []
    parts = [one["params"] for one in client.received if one.get("method") == "$/progress"]
    assert {part["token"] for part in parts} == {"p1"}
    found = [report for part in parts for report in part["value"]["items"]]
    assert [report["uri"] for report in found] == [client.uri(name) for name in names]
    assert len(parts) == 3 and all(len(report["items"]) == 2 for report in found)

    known = {report["uri"]: report["resultId"] for report in found}
    client.notify("textDocument/didClose", {"textDocument": {"uri": client.uri(names[0])}})
    (client.folder / names[0]).unlink()
    again = client.workspace(known)
    assert {report["kind"] for report in again if report["uri"] != client.uri(names[0])} == {"unchanged"}
    (closed,) = [report for report in again if report["uri"] == client.uri(names[0])]
    assert (closed["kind"], closed["items"], closed["version"]) == ("full", [], None)
    known[closed["uri"]] = closed["resultId"]
    assert closed["uri"] not in {report["uri"] for report in client.workspace(known)}


def test_faults_of_the_files_that_govern_are_pulled_too(client: Puller) -> None:
    client.start(**REFRESHES)
    client.open("notes/a.md")
    assert "relatedDocuments" not in client.pull("notes/a.md")
    client.write(".spec-ls.toml", CONFIG + "[rules]\nmissing-sektion = 'off'\n")
    client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": client.uri(".spec-ls.toml"), "type": 2}]})
    asked = client.wait_for(lambda one: one.get("method") == "workspace/diagnostic/refresh")
    client.send({"jsonrpc": "2.0", "id": asked["id"], "result": None})
    related = client.pull("notes/a.md")["relatedDocuments"]
    assert [codes(report) for report in related.values()] == [["invalid-configuration"]]
    assert list(related) == [client.uri(".spec-ls.toml")]
    assert "relatedDocuments" not in client.pull("notes/a.md"), "told once"
    assert [report["uri"] for report in client.workspace({})] == [client.uri("notes/a.md"), client.uri(".spec-ls.toml")]
    client.open(".spec-ls.toml", "toml")
    assert codes(client.pull(".spec-ls.toml")) == ["invalid-configuration"]
    client.write("note.md", TEMPLATE + "<!-- spec-ls: optoinal -->\n")
    client.open("note.md")
    assert codes(client.pull("note.md")) == ["unknown-annotation"]
    client.write(".spec-ls.toml", CONFIG)
    client.notify("textDocument/didClose", {"textDocument": {"uri": client.uri(".spec-ls.toml")}})
    (cleared,) = client.pull("notes/a.md")["relatedDocuments"].values()
    assert codes(cleared) == []


def test_a_client_that_hears_of_one_file_at_a_time_reads_it_in_its_log(client: Puller) -> None:
    client.write(".spec-ls.toml", "[rules]\nmissing-sektion = 'off'\n")
    client.initialize({"textDocument": {"diagnostic": {}}}, rootUri=client.folder.as_uri())
    client.open("notes/a.md")
    assert "relatedDocuments" not in client.pull("notes/a.md")
    told = [one["params"]["message"] for one in client.received if one.get("method") == "window/logMessage"]
    assert len(told) == 1 and "missing-sektion" in told[0] and ".spec-ls.toml" in told[0]


def test_a_long_text_is_answered_when_it_has_been_read(client: Puller) -> None:
    client.start()
    client.write("notes/a.md", NOTE + "Words.\n" * 20_000)
    client.open("notes/a.md")
    assert codes(client.pull("notes/a.md")) == ["invalid-choice", "missing-section"]
