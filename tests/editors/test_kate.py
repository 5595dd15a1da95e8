"""Kate on a screen of its own: keys are typed, and every wait ends with a message between Kate and the server.

Kate says nothing of completion, puts proposals in the place of the word alone, and its quick fix makes all the edits
that it is given.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from broken import ASKED, HANDLE, MENDED, SPEC, STATUS, TYPED
from conftest import BIN, EDITORS, HERE, SHOTS, Install

SECONDS = 30.0
KEYS = " Frag @j"
"""What is typed: keyboards without a screen have no emoji. The line has one further ahead."""

T = TypeVar("T")
Message = dict[str, Any]


class Kate:
    """A running Kate with the broken spec."""

    def __init__(self, log: Path, env: dict[str, str]) -> None:
        self.log = log
        self.env = env
        self.window = ""

    def messages(self, mark: str) -> list[Message]:
        """Those to the server (`>`) or from it (`<`)."""
        *lines, _ = self.log.read_text(encoding="utf-8").split("\n") if self.log.exists() else [""]
        return [json.loads(line[1:]) for line in lines if line.startswith(mark)]

    def findings(self) -> list[tuple[str, int, int, int]]:
        """The last that were published, in UTF-16."""
        told = [one for one in self.messages("<") if one.get("method") == "textDocument/publishDiagnostics"]
        found = told[-1]["params"]["diagnostics"] if told else []
        places = [(one["code"], one["range"]["start"], one["range"]["end"]) for one in found]
        return [(code, start["line"], start["character"], end["character"]) for code, start, end in places]

    def text(self) -> str:
        """What Kate has told of its text, which it sends whole; empty before the first change."""
        changes = [one for one in self.messages(">") if one.get("method") == "textDocument/didChange"]
        return str(changes[-1]["params"]["contentChanges"][0]["text"]) if changes else ""

    def lists(self) -> list[Message]:
        """The answers that are lists of proposals."""
        results = [one.get("result") for one in self.messages("<")]
        return [one for one in results if isinstance(one, dict) and "items" in one]

    def xdotool(self, *arguments: str) -> str:
        return subprocess.run(["xdotool", *arguments], env=self.env, capture_output=True, text=True).stdout

    def press(self, *keys: str) -> None:
        self.xdotool("key", "--delay", "30", *keys)

    def go_to_end(self, line: int) -> None:
        self.press("ctrl+g")
        self.xdotool("type", "--delay", "30", str(line + 1))
        self.press("Return", "End")

    def picture(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        subprocess.run(["import", "-window", "root", str(SHOTS / f"{name}.png")], env=self.env, check=False)

    def until(self, ask: Callable[[], T], wanted: Callable[[T], bool]) -> T:
        """Asks until the answer is the one wanted. Fails with the last answer, and a picture, when time is up."""
        deadline = time.monotonic() + SECONDS
        while not wanted(answer := ask()):
            if time.monotonic() > deadline:
                self.picture("kate-failed")
                raise AssertionError(f"still {answer!r}; see {SHOTS}/kate-failed.png")
            time.sleep(0.02)
        return answer

    def _changed_from(self, before: str) -> str:
        return self.until(self.text, lambda text: text != before)

    def complete(self, wanted: Callable[[str], bool]) -> None:
        """Opens the list of proposals and takes the first, once Kate shows it. Until then, Enter breaks the line, and
        that is taken back."""
        self.press("ctrl+space")
        self.until(self.lists, bool)
        before = self.text()
        for _ in range(20):
            self.press("Return")
            text = self._changed_from(before)
            if wanted(text):
                return
            self.press("ctrl+z")
            before = self._changed_from(text)
            self.press("ctrl+space")
        raise AssertionError(text)


@pytest.fixture
def kate(install: Install, tmp_path: Path) -> Iterator[Kate]:
    install("kate")
    home, config, log = tmp_path / "home", tmp_path / "config", tmp_path / "messages"
    run = tmp_path / "run"
    for folder in (home, config / "kate" / "lspclient", run, tmp_path / "specs"):
        folder.mkdir(parents=True)
    run.chmod(0o700)
    settings = json.loads((EDITORS / "kate" / "settings.json").read_text(encoding="utf-8"))
    server = settings["servers"]["markdown"]
    recorder = [sys.executable, str(HERE / "kate" / "record.py"), str(log)]
    server["command"] = [*recorder, str(BIN / server["command"][0]), *server["command"][1:]]
    (config / "kate" / "lspclient" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    allowed = f"AllowedServerCommandLines={' '.join(server['command'])}\n"
    quiet = "[General]\nShow welcome view for new window=false\n"
    (config / "katerc").write_text(f"[Kate Plugins]\nlspclientplugin=true\n[lspclient]\n{allowed}{quiet}", "utf-8")
    spec = tmp_path / "specs" / "päckchen.md"
    spec.write_text(SPEC, encoding="utf-8", newline="")

    reading, writing = os.pipe()
    started: list[subprocess.Popen[bytes]] = []

    def start(*command: str | Path, **options: Any) -> None:
        silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        made = subprocess.Popen([str(one) for one in command], start_new_session=True, **silent, **options)
        started.append(made)

    try:
        start("Xvfb", "-displayfd", str(writing), "-screen", "0", "1200x800x24", pass_fds=[writing])
        os.close(writing)
        env = {
            **os.environ,
            "DISPLAY": f":{os.read(reading, 16).decode().strip()}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "QT_QPA_PLATFORM": "xcb",
            "XDG_CONFIG_HOME": str(config),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_RUNTIME_DIR": str(run),
        }
        start("openbox", env=env)
        made = Kate(log, env)
        start("dbus-run-session", "--", "kate", "--startanon", "-n", "-b", spec, env=env)
        made.until(made.findings, lambda found: len(found) == 2)
        windows = made.until(lambda: made.xdotool("search", "--onlyvisible", "--name", "chen.md").split(), bool)
        made.xdotool("windowsize", "--sync", windows[0], "1200", "780")
        made.xdotool("windowactivate", "--sync", windows[0])
        yield made
    finally:
        os.close(reading)
        for process in reversed(started):
            os.killpg(process.pid, signal.SIGTERM)
        for process in started:
            process.wait(10)


def test_a_spec_is_mended(kate: Kate, tmp_path: Path) -> None:
    lines = SPEC.split("\n")
    line, goals, start = lines.index(STATUS), lines.index("### Goals"), STATUS.index("Dra") + 1  # 🚦 is two units
    section = ("missing-section", goals, 4, 9)
    assert kate.findings() == [("invalid-choice", line, start, start + 3), section]

    kate.go_to_end(line)
    kate.press("Left", "Left")
    kate.complete(lambda text: "| Draft |" in text)
    kate.until(kate.findings, lambda found: found == [section])

    kate.go_to_end(lines.index(ASKED))
    kate.xdotool("type", "--delay", "60", KEYS)
    kate.until(kate.text, lambda text: ASKED + KEYS in text)
    kate.complete(lambda text: f"{ASKED}{KEYS[:-2]}{HANDLE}\n" in text)

    kate.go_to_end(goals)
    kate.picture("kate")
    kate.press("ctrl+period")
    kate.until(kate.text, lambda text: "### Non-Goals" in text)
    kate.until(kate.findings, lambda found: "missing-section" not in {code for code, *_ in found})
    kate.press("ctrl+s")
    kate.until(lambda: kate.messages(">"), lambda sent: sent[-1].get("method") == "textDocument/didSave")
    wanted = MENDED.replace(TYPED.replace("@j", HANDLE), KEYS.replace("@j", HANDLE))
    assert (tmp_path / "specs" / "päckchen.md").read_text(encoding="utf-8") == wanted
