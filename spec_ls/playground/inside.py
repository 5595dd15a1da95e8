"""The same inside of the browser, where Python runs in a worker: no processes, no threads, and files in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spec_ls.playground.folder import Folder
from spec_ls.playground.session import begin


def serve(folder: str, texts: Mapping[str, str], send: Callable[[str], object]) -> Callable[[str], None]:
    """Writes the texts into a folder by their names and serves it, on the running loop; gives what takes the page's
    messages. `send` sends the server's. Both are JSON texts."""
    for name, text in texts.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    server = begin(Folder.at(folder), lambda body, *_: send(body.decode("ascii")), lambda: None)
    server.surveys.start = _Survey.start
    return lambda message: server.receive(message.encode("utf-8", "surrogatepass"))


class _Survey:
    """Answers as the process does that makes the cards of closed specs."""

    returncode: int | None = None

    def __init__(self) -> None:
        from spec_ls.survey import Surveyor

        self.stdin = self
        self.stdout = asyncio.StreamReader(limit=1 << 27)
        self._surveyor = Surveyor(None)

    @classmethod
    async def start(cls) -> _Survey:
        return cls()

    def write(self, line: bytes) -> None:
        request: dict[str, Any] = json.loads(line)
        if not request.get("cancel"):  # all answers are there by then
            for answer in self._surveyor.answers(request):
                self.stdout.feed_data(json.dumps(answer).encode("ascii") + b"\n")

    def close(self) -> None:
        self.kill()

    def kill(self) -> None:
        self.returncode = 0
        self.stdout.feed_eof()

    async def wait(self) -> int:
        return 0
