"""A template open in the editor: its author is helped with annotations, over real stdio."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_configuration import CONFIG, NOTE, TEMPLATE, Folder, Shown, codes

CAN = {
    "textDocument": {
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
        "hover": {"contentFormat": ["markdown"]},
    }
}
WRONG = TEMPLATE.replace("## Answer", "🚀 <!-- spec-ls: keep -->\n\n## Answer <!-- spec-ls: optinal -->")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.write("templates/note.md", WRONG)
    made.write(".spec-ls.toml", CONFIG)
    made.write("notes/a.md", NOTE)
    return made


def at(folder: Folder, words: str) -> dict[str, int]:
    lines = (folder.path / "templates" / "note.md").read_text(encoding="utf-8").split("\n")
    line = next(number for number, text in enumerate(lines) if words in text)
    return {"line": line, "character": lines[line].index(words) + 1}


def test_faults_of_the_template_show_in_it_and_are_mended(folder: Folder) -> None:
    with Shown(folder, CAN) as server:
        server.open("templates/note.md")
        found = server.diagnostics("templates/note.md", bool)
        place = at(folder, "optinal")
        (fault,) = [one for one in found if one["range"]["start"]["line"] == place["line"]]
        here = {"uri": server.uri("templates/note.md")}
        params = {"textDocument": here, "range": fault["range"], "context": {"diagnostics": []}}
        actions: list[Any] = server.request("textDocument/codeAction", params)["result"]
        (edit,) = actions[0]["edit"]["changes"][here["uri"]]
        assert edit["newText"] == "optional"
        changes = [{"range": edit["range"], "text": edit["newText"]}]
        server.mark()
        server.notify("textDocument/didChange", {"textDocument": {**here, "version": 2}, "contentChanges": changes})
        left = server.diagnostics("templates/note.md", lambda _: True)
        assert all(one["range"]["start"]["line"] != place["line"] for one in left)


def test_annotations_are_completed_and_explained(folder: Folder) -> None:
    with Shown(folder, CAN) as server:
        server.open("templates/note.md")
        here = {"uri": server.uri("templates/note.md")}
        place = {"textDocument": here, "position": at(folder, "keep")}
        told = server.request("textDocument/hover", place)["result"]
        assert "keep" in told["contents"]["value"]
        offered = server.request("textDocument/completion", {"textDocument": here, "position": at(folder, "optinal")})
        assert "optional" in [item["label"] for item in offered["result"]["items"]]


def test_a_template_says_what_its_rules_weigh(folder: Folder) -> None:
    folder.write("templates/note.md", TEMPLATE + "\n<!-- spec-ls: severity missing-section error -->\n")
    assert folder.check("notes") == [("missing-section", "error")]
    folder.write(".spec-ls.toml", CONFIG + '[rules]\nmissing-section = "hint"\n')
    assert folder.check("notes") == [("missing-section", "hint")]
    with Shown(folder) as server:
        server.open("notes/a.md")
        assert codes(server.diagnostics("notes/a.md", bool)) == ["missing-section"]
