"""Links that lead out of a document, as a client follows them: other specs, tickets, files, and what is not there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stdio import SERVER, Stdio

CONFIG = """\
[tickets]
pattern = "PAY-[0-9]+"
url = "https://tracker.example/{ticket}"

[people]
url = "https://git.example/{handle}"
"""
SPEC = """\
# Quiet Hours 🌙

| Metadata | Value |
| --- | --- |
| **Spec ID** | `SPEC-204` |
| **Owner** | @zoë |

## 1. Context & Problem Statement
🙂 SPEC-101 and SPEC-404 and PAY-7: [there](sub/there.md), [not there](sub/nowhere.md), [outside](../outside.md).
"""
OTHER = SPEC.replace("204", "101").replace("Quiet Hours 🌙", "Baskets")


def followed(server: Stdio, uri: str, text: str) -> dict[str, str | None]:
    """Where each link of an open document leads, by its words."""
    answer = server.request("textDocument/documentLink", {"textDocument": {"uri": uri}})["result"]
    found = {}
    for link in answer:
        start, end = link["range"]["start"], link["range"]["end"]
        line = text.split("\n")[start["line"]].encode("utf-16-le")
        words = line[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")
        found[words] = target_of(server, link)
    return found


def target_of(server: Stdio, link: dict[str, Any]) -> str | None:
    if "target" in link:
        target: str | None = link["target"]
    else:
        target = server.request("documentLink/resolve", link)["result"].get("target")
    return target


def test_links_lead_to_what_is_there_and_nowhere_else(tmp_path: Path) -> None:
    root = tmp_path / "work"
    (root / "sub").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("x", "utf-8")
    (root / "sub" / "there.md").write_text("x", "utf-8")
    (root / "sub" / "baskets.md").write_text(OTHER, "utf-8")
    (root / ".spec-ls.toml").write_text(CONFIG, "utf-8")
    with Stdio(SERVER) as server:
        server.initialize(rootUri=root.as_uri())
        uri = (root / "quiet.md").as_uri()
        document = {"uri": uri, "languageId": "markdown", "version": 1, "text": SPEC}
        server.notify("textDocument/didOpen", {"textDocument": document})
        found = followed(server, uri, SPEC)
        assert found.pop("SPEC-404", None) is None
        assert found == {
            "@zoë": "https://git.example/zo%C3%AB",
            "SPEC-101": (root / "sub" / "baskets.md").as_uri(),
            "PAY-7": "https://tracker.example/PAY-7",
            "sub/there.md": (root / "sub" / "there.md").as_uri(),
        }
        untitled = {**document, "uri": "untitled:Untitled-1"}
        server.notify("textDocument/didOpen", {"textDocument": untitled})
        assert followed(server, "untitled:Untitled-1", SPEC)["PAY-7"] == "https://tracker.example/PAY-7"
