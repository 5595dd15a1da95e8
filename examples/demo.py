"""What an editor gets from spec-ls, told on the terminal: findings, quick fixes as a diff, and what is left to write.

Speaks to a real server process through stdin and stdout as an editor does; needs nothing but Python's standard
library for that. No file is changed.
"""

from __future__ import annotations

import difflib
import itertools
import json
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

EXAMPLES = Path(__file__).resolve().parent
SERVER = [sys.executable, "-m", "spec_ls", "--stdio"]
TIMEOUT = 30.0
QUIET = 1.0
"""Seconds after which a file that the server says nothing about counts as none of its business."""

SHOWN = 26
"""How many letters of the text at fault are printed."""

FIX_ALL = "source.fixAll.spec-ls"
WEIGHTS = {1: "error", 2: "warning", 3: "note", 4: "hint"}
LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {"workspaceEdit": {"documentChanges": True}},
    "textDocument": {
        "synchronization": {"didSave": True},
        "publishDiagnostics": {"versionSupport": True},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "refactor", "source"]}},
            "isPreferredSupport": True,
        },
    },
}


class Server:
    """A language server process and what it has said so far."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=EXAMPLES.parent)
        self.published: dict[str, tuple[int, list[Any]]] = {}
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._ids = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self) -> Server:
        self.request(
            "initialize", {"processId": None, "rootUri": EXAMPLES.parent.as_uri(), "capabilities": CAPABILITIES}
        )
        self.notify("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.request("shutdown", None)
            self.notify("exit", None)
            self.process.wait(TIMEOUT)
        else:
            self.process.kill()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while head := stream.readline():
            length = 0
            while head.strip():
                name, _, value = head.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                head = stream.readline()
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _take(self, timeout: float) -> dict[str, Any]:
        """The next message, noted if it tells findings. Raises queue.Empty when none comes in time."""
        message = self._messages.get(timeout=timeout)
        if message is None:
            raise SystemExit("the server has ended; what it said last is above")
        if message.get("method") == "textDocument/publishDiagnostics":
            told = message["params"]
            self.published[told["uri"]] = (told.get("version", 0), told["diagnostics"])
        elif "method" in message and "id" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def request(self, method: str, params: Any) -> Any:
        """Asks and waits for the answer."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                message = self._take(deadline - time.monotonic())
            except (queue.Empty, ValueError):
                raise SystemExit(f"no answer to {method} within {TIMEOUT:.0f} seconds") from None
            if message.get("id") == number and "method" not in message:
                if "error" in message:
                    raise SystemExit(f"{method}: {message['error']['message']}")
                return message["result"]

    def findings(self, uri: str, version: int) -> list[Any]:
        """What the server says of this version; nothing if it stays silent."""
        deadline = time.monotonic() + QUIET
        while self.published.get(uri, (-1, []))[0] < version:
            try:
                self._take(max(deadline - time.monotonic(), 0))
            except queue.Empty:
                return []
        return self.published[uri][1]


class Buffer:
    """A copy of a file in memory, as an editor holds it open."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server = server
        self.name = path.relative_to(EXAMPLES.parent).as_posix()
        self.uri = path.as_uri()
        self.version = 1
        self.text = path.read_bytes().decode("utf-8")
        item = {"uri": self.uri, "languageId": "markdown", "version": self.version, "text": self.text}
        server.notify("textDocument/didOpen", {"textDocument": item})

    @property
    def findings(self) -> list[Any]:
        return self.server.findings(self.uri, self.version)

    def actions(self, place: Any, kind: str, findings: list[Any]) -> list[Any]:
        """What the server offers to do at a place."""
        context = {"diagnostics": findings, "only": [kind]}
        params = {"textDocument": {"uri": self.uri}, "range": place, "context": context}
        return self.server.request("textDocument/codeAction", params) or []

    def quick_fix(self, finding: Any) -> str | None:
        """The title of the quick fix that the server prefers for a finding."""
        for action in self.actions(finding["range"], "quickfix", [finding]):
            mends = [one["message"] for one in action.get("diagnostics", [])]
            if action.get("isPreferred") and finding["message"] in mends:
                return str(action["title"])
        return None

    def fix_all(self) -> bool:
        """Applies all quick fixes that need no judgement, as one action. Whether there was any."""
        start = {"line": 0, "character": 0}
        for action in self.actions({"start": start, "end": start}, FIX_ALL, []):
            self.apply(list(self._edits(action.get("edit", {}))))
            return True
        return False

    def _edits(self, edit: Any) -> Iterator[Any]:
        yield from edit.get("changes", {}).get(self.uri, [])
        for change in edit.get("documentChanges", []):
            if change.get("textDocument", {}).get("uri") == self.uri:
                yield from change["edits"]

    def apply(self, edits: list[Any]) -> None:
        """Changes the copy and tells the server; of two inserts at one place the first one given comes first."""
        text = self.text
        for edit in reversed(sorted(edits, key=lambda one: self.index(one["range"]["start"]))):
            start, end = self.index(edit["range"]["start"]), self.index(edit["range"]["end"])
            text = text[:start] + edit["newText"] + text[end:]
        self.text = text
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        self.server.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def index(self, position: Any) -> int:
        """Where an LSP position stands in the text; `character` counts UTF-16 code units."""
        lines: list[str] = LINE.findall(self.text)
        number: int = position["line"]
        before = sum(map(len, lines[:number]))
        line = lines[number].rstrip("\r\n").encode("utf-16-le") if number < len(lines) else b""
        return before + len(line[: 2 * position["character"]].decode("utf-16-le"))

    def words(self, place: Any) -> str:
        """The beginning of what stands at a place."""
        text = self.text[self.index(place["start"]) : self.index(place["end"])]
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def show(buffer: Buffer, findings: list[Any]) -> None:
    for finding in findings:
        line = finding["range"]["start"]["line"] + 1
        words = buffer.words(finding["range"])
        print(f"  line {line:<4}{WEIGHTS[finding['severity']]:<9}{words:<{SHOWN}}  {finding['message']}")
        title = buffer.quick_fix(finding)
        if title:
            print(f"{'':{SHOWN + 22}}→ {title}")


def tell(path: Path, server: Server) -> None:
    """Opens one file and tells what comes of it."""
    buffer = Buffer(server, path)
    before, found = buffer.text, buffer.findings
    print(f"\n━━ {buffer.name}")
    if not found:
        outline = server.request("textDocument/documentSymbol", {"textDocument": {"uri": buffer.uri}})
        print("  nothing to report" if outline else "  not a spec: left alone")
        return
    print(f"  {len(found)} findings, → where one key mends it:\n")
    show(buffer, found)
    if not buffer.fix_all():
        return
    print("\n  The quick fixes that need no judgement, all at once:\n")
    after = f"{buffer.name} (in memory)"
    diff = difflib.unified_diff(before.splitlines(), buffer.text.splitlines(), buffer.name, after, n=1, lineterm="")
    for line in diff:
        print(f"  {line}")
    left = buffer.findings
    print(f"\n  {len(left)} findings left, for the author to write:\n" if left else "\n  Nothing is left.")
    show(buffer, left)


def main() -> None:
    print("spec-ls, spoken to over stdin and stdout as an editor does it. No file is changed.")
    with Server() as server:
        for path in sorted(EXAMPLES.glob("*.md")):
            tell(path, server)
    print(
        "\n━━ Next\n"
        "  the same on the command line:  .venv/bin/spec-ls check examples\n"
        "  in your editor:                editors/, or any LSP client: spec-ls --stdio\n"
        "  all of it, in the browser:     .venv/bin/spec-ls playground examples\n"
    )


if __name__ == "__main__":
    main()
