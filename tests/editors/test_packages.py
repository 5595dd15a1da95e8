"""What is installed without an editor: wheel and sdist, the pre-commit hook, the GitHub Action, step by step."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from broken import MENDED, SPEC
from conftest import ROOT
from stdio import Stdio

import spec_ls

README = "# About\n\nNo spec.\n"


def called(*command: str | Path, cwd: Path, code: int = 0, env: Mapping[str, str] | None = None) -> str:
    """What a program says that ends with `code`."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert done.returncode == code, done.stdout[-5000:]
    return done.stdout


def environment(folder: Path, *packages: str | Path) -> Path:
    """The programs of a new environment with these packages."""
    called(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    called(*pip, *packages, cwd=folder.parent)
    return folder / "bin"


@pytest.fixture
def specs(tmp_path: Path) -> Path:
    """A repository with a broken spec, a whole one, and a file that is none."""
    folder = tmp_path / "repository 📦"
    folder.mkdir()
    for name, text in (("broken 📦.md", SPEC), ("whole.md", MENDED.replace("031", "032")), ("README.md", README)):
        (folder / name).write_text(text, encoding="utf-8")
    called("git", "init", "-q", cwd=folder)
    called("git", "add", "-A", cwd=folder)
    return folder


def test_the_wheel_of_the_sdist_is_installed(tmp_path: Path, specs: Path) -> None:
    build = environment(tmp_path / "build", "hatchling")
    called(build / "hatchling", "build", "-t", "sdist", "-d", tmp_path / "dist", cwd=ROOT)
    (sdist,) = (tmp_path / "dist").iterdir()
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        assert {"action.yml", ".pre-commit-hooks.yaml", "Makefile", "editors/vscode/package-lock.json"} <= names
        assert {"tests/editors/package-lock.json", "editors/playground/src/main.ts"} <= names
        assert not [name for name in names if "node_modules/" in name or name.endswith(".vsix")]
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    called(build / "hatchling", "build", "-t", "wheel", "-d", tmp_path / "dist", cwd=source)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {"spec_ls/template/builtin/product-spec.md", "spec_ls/docs/rules/missing-section.md"} <= names
        assert {f"spec_ls/playground/static/{name}" for name in ("index.html", "main.js", "main.css")} <= names
        assert not [name for name in names if name.startswith(("tests", "editors", "bench"))]

    programs = environment(tmp_path / "installed", wheel)
    assert called(programs / "spec-ls", "--version", cwd=specs) == f"spec-ls {spec_ls.__version__}\n"
    assert "missing-section" in called(programs / "spec-ls", "check", ".", cwd=specs, code=1)
    assert called(programs / "spec-ls", "new", "Guest checkout", "--output", "-", cwd=specs).startswith("# ")


def test_one_file_is_all_of_it(tmp_path: Path, specs: Path) -> None:
    """Run in an empty home by the Python that it was made by: it checks, serves an editor, opens the playground."""
    called("make", "--silent", "zipapp", cwd=ROOT)
    shutil.copy(ROOT / "dist" / "spec-ls.pyz", tmp_path)
    python = Path(sys.executable).resolve()
    home = {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    command = [str(python), str(tmp_path / "spec-ls.pyz")]
    assert called(*command, "--version", cwd=specs, env=home) == f"spec-ls {spec_ls.__version__}\n"
    assert "missing-section" in called(*command, "check", ".", cwd=specs, code=1, env=home)
    assert "SPEC-032" in called(*command, "board", ".", cwd=specs, env=home)
    with Stdio([*command, "--stdio"], env=home) as server:
        server.initialize()
        item = {"uri": "untitled:a.md", "languageId": "markdown", "version": 1, "text": SPEC}
        server.notify("textDocument/didOpen", {"textDocument": item})
        told = server.wait_for(lambda one: one.get("method") == "textDocument/publishDiagnostics")
        assert told["params"]["diagnostics"]
    page = [*command, "playground", str(specs), "--no-browser"]
    with subprocess.Popen(page, stdout=subprocess.PIPE, text=True, env={**os.environ, **home}) as playground:
        assert playground.stdout is not None
        playground.stdout.readline()
        address = playground.stdout.readline().strip()
        assert b"<!doctype html>" in urllib.request.urlopen(address, timeout=30).read()
        playground.send_signal(signal.SIGINT)
        assert playground.wait(30) == 0


def test_the_hook_of_pre_commit(tmp_path: Path, specs: Path) -> None:
    """In an environment that pre-commit itself makes; files that are no specs are passed by."""
    programs = environment(tmp_path / "tool", "pre-commit")
    source = tmp_path / "source"
    called("git", "clone", "-q", ROOT, source, cwd=tmp_path)
    shown = called("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, shown.split("\0")):  # as it stands, saved or not
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    called("git", "add", "-A", cwd=source)
    called(
        "git", "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "-", "--allow-empty", cwd=source
    )
    env = {"PRE_COMMIT_HOME": str(tmp_path / "cache")}

    def hook(*files: str, code: int) -> str:
        command = [programs / "pre-commit", "try-repo", source, "spec-ls", "--files", *files]
        return called(*command, cwd=specs, code=code, env=env)

    told = hook("broken 📦.md", "whole.md", "README.md", code=1)
    assert "invalid-choice" in told and "README" not in told
    assert "Passed" in hook("whole.md", "README.md", code=0)
    assert "Passed" in hook("README.md", code=0)


def test_the_steps_of_the_action(tmp_path: Path, specs: Path) -> None:
    """Each is run by bash as a runner does; expressions stand in `env` alone, so that no input is ever run."""
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    inputs = {name: str(given["default"]) for name, given in action["inputs"].items()}
    files = {name: tmp_path / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    (tmp_path / "temp").mkdir()
    runner = {
        **{name: str(file) for name, file in files.items()},
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTION_PATH": str(ROOT),
    }

    def step(number: int, code: int = 0, **given: str) -> str:
        one = action["runs"]["steps"][number]
        assert one["shell"] == "bash" and "${{" not in one["run"]
        env = dict(runner)
        for name, value in one["env"].items():
            wanted = value.removeprefix("${{ inputs.").removesuffix(" }}")
            env[name] = {**inputs, **given}[wanted]
        script = tmp_path / f"step{number}.sh"
        script.write_text(one["run"], encoding="utf-8")
        return called("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script, cwd=specs, code=code, env=env)

    step(0)
    told = step(1, code=1)
    assert "::error file=broken 📦.md,line=6,endLine=6,col=18,endColumn=20,title=invalid-choice::Status is" in told
    assert "::warning file=broken 📦.md,line=16,endLine=16,col=5,endColumn=9,title=missing-section::" in told
    assert files["GITHUB_OUTPUT"].read_text(encoding="utf-8") == "errors=1\n"
    step(1, paths="whole.md\n\nbroken 📦.md\n", **{"fail-on": "never"})
    step(1, code=2, paths="$(touch ran); nowhere.md")
    assert not (specs / "ran").exists()
    step(2)
    summary = files["GITHUB_STEP_SUMMARY"].read_text(encoding="utf-8")
    assert any("SPEC-032" in row for row in summary.splitlines() if row.startswith("|")), "the summary is Markdown"
    assert "There is no spec" in step(2, board="nowhere")
