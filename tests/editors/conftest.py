"""The programs that the tests here run are installed by `install.sh`, each when it is first asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from broken import ASKED, HANDLE, MENDED, STATUS, TYPED

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EDITORS = ROOT / "editors"
TOOLS = ROOT / ".editors"
BIN = Path(sys.executable).parent
SHOTS = TOOLS / "shots"
"""Pictures of what the tests have seen."""

TIMEOUT = 240.0
"""Seconds that one program may run; all have limits of their own inside."""

Install = Callable[[str], None]
Run = Callable[..., str]


@pytest.fixture(scope="session")
def install() -> Install:
    """Installs a part of `install.sh`. Fails with what that says."""

    def run(part: str) -> None:
        done = subprocess.run(["sh", str(HERE / "install.sh"), str(TOOLS), part], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs a program in an empty home, with our server on its PATH, and gives what it says; fails where it fails."""

    def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None, path: str = "") -> str:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        clean = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TERM", "TZ") if name in os.environ}
        given = {
            **clean,
            "LC_ALL": "C.UTF-8",
            "HOME": str(home),
            "PATH": path or f"{BIN}{os.pathsep}{os.environ['PATH']}",
            **{f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CONFIG", "DATA", "STATE", "CACHE")},
            **(env or {}),
        }
        done = subprocess.run(
            [str(part) for part in command],
            cwd=tmp_path,
            env=given,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    return run


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A file that tells a script in another language what is done to the broken spec, and what it is then."""
    file = tmp_path / "given.json"
    told = {"status": STATUS, "asked": ASKED, "typed": TYPED, "handle": HANDLE, "mended": MENDED}
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


@pytest.fixture
def update(request: pytest.FixtureRequest) -> Callable[[Path, Path], None]:
    """Takes a picture into the documentation, where the run was asked to (`--update`)."""

    def take(picture: Path, place: Path) -> None:
        assert picture.stat().st_size > 10_000, f"{picture} shows nothing"
        if request.config.getoption("--update"):
            shutil.copyfile(picture, place)

    return take
