"""The GitHub Action, its steps run as the runner runs them, and the hook that pre-commit takes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from broken import SPEC

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's folders: `work` with two specs, and spec-ls where the first step puts it."""
    command = tmp_path / "spec-ls" / "bin" / "spec-ls"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spec_ls "$@"\n', "utf-8")
    command.chmod(0o755)
    for name, text in (("a b.md", SPEC), ("old/c.md", SPEC), ("README.md", "# About\n")):
        (tmp_path / "work" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "work" / name).write_text(text, "utf-8")
    return tmp_path


def step(runner: Path, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
    """A step with these inputs, the others as the action has them."""
    given = {key: str(one.get("default", "")) for key, one in ACTION["inputs"].items()} | inputs
    found = STEPS[name]
    environment = {
        key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda input: given[input[1]], value)
        for key, value in found["env"].items()
    }
    places = {"RUNNER_TEMP": runner, "GITHUB_OUTPUT": runner / "output", "GITHUB_STEP_SUMMARY": runner / "summary"}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
        cwd=runner / "work",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment, **{key: str(path) for key, path in places.items()}},
        capture_output=True,
        text=True,
    )


def test_the_step_fails_on_errors_and_counts_them(runner: Path) -> None:
    done = step(runner, "Check the specs")
    annotations = [line for line in done.stdout.splitlines() if line.startswith("::error file=")]
    assert done.returncode == 1 and annotations
    assert (runner / "output").read_text("utf-8") == f"errors={len(annotations)}\n"


def test_paths_are_one_a_line_and_weights_are_asked_for(runner: Path) -> None:
    done = step(runner, "Check the specs", paths="a b.md\n\n  \n", **{"fail-on": "never"})
    assert done.returncode == 0
    assert {line.partition("file=")[2].partition(",")[0] for line in done.stdout.splitlines()} == {"a b.md"}
    assert step(runner, "Check the specs", paths="gone").returncode == 2
    assert step(runner, "Check the specs", paths="--version").returncode == 2, "a path, and no option"


def test_the_board_stands_in_the_summary(runner: Path) -> None:
    assert step(runner, "Show the board").returncode == 0
    assert "| [" in (runner / "summary").read_text("utf-8")
    done = step(runner, "Show the board", board="gone")
    assert (done.returncode, done.stdout) == (0, "There is no spec in gone.\n")


def test_what_is_documented_is_what_there_is() -> None:
    told = (ROOT / "docs" / "guide" / "ci.md").read_text("utf-8")
    assert set(re.findall(r"`([a-z-]+)`", told.partition("its inputs are")[2].partition("(")[0])) == set(
        ACTION["inputs"]
    )
    assert ACTION["outputs"]["errors"]["value"] == f"${{{{ steps.{STEPS['Check the specs']['id']}.outputs.errors }}}}"


def test_the_hook_is_a_command_that_there_is() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    done = subprocess.run([sys.executable, "-m", *hook["entry"].replace("-", "_", 1).split(), "--help"], cwd=ROOT)
    assert (hook["id"], done.returncode) == ("spec-ls", 0)
