"""What shells and git hooks ask of the command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from broken import SPEC

BIN = Path(sys.executable).parent


def spec_ls(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / "spec-ls"), *arguments]
    given = {**os.environ, "PYTHONUTF8": "1", **env}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, encoding="utf-8", check=False)


def test_a_hook_passes_by_what_is_no_spec(tmp_path: Path) -> None:
    for name, text in (("broken 📦.md", SPEC), ("README.md", "# About\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = spec_ls(tmp_path, "hook", "README.md", "broken 📦.md")
    assert done.returncode == 1 and "invalid-choice" in done.stdout and "README" not in done.stdout + done.stderr
    done = spec_ls(tmp_path, "hook", "README.md")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert spec_ls(tmp_path, "hook", "nowhere.md").returncode == 2


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(tmp_path: Path) -> None:
    script = spec_ls(tmp_path, "completion", "bash").stdout
    asked = "\nCOMP_WORDS=(spec-ls ch)\nCOMP_CWORD=1\n_spec_ls_completion spec-ls\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    env = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-c", script + asked], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["check"], done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_their_script(tmp_path: Path, shell: str) -> None:
    assert f"_SPEC_LS_COMPLETE={shell}_complete" in spec_ls(tmp_path, "completion", shell).stdout
