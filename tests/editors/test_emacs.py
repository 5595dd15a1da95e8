"""Emacs with eglot and with lsp-mode: our one file tells both how to start the server."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken import MENDED, SPEC
from conftest import HERE, ROOT, Install, Run

PLUGIN = ROOT / "editors" / "emacs"


@pytest.mark.parametrize("client", ["eglot", "lsp_mode"])
def test_a_spec_is_mended(install: Install, run: Run, given: Path, tmp_path: Path, client: str) -> None:
    install("emacs")
    spec = tmp_path / "specs" / "päckchen 📦.md"
    spec.parent.mkdir()
    spec.write_text(SPEC, encoding="utf-8", newline="")
    env = {"SPEC": str(spec), "GIVEN": str(given), "PLUGIN": str(PLUGIN)}
    told = run(["emacs", "-Q", "--batch", "-l", HERE / "emacs" / f"mend_{client}.el"], env)
    assert "all passed" in told
    assert spec.read_text(encoding="utf-8") == MENDED


def test_our_file_is_compiled_without_a_warning(install: Install, run: Run, tmp_path: Path) -> None:
    install("emacs")
    source = tmp_path / "spec-ls.el"
    source.write_bytes((PLUGIN / "spec-ls.el").read_bytes())
    strict = "(setq byte-compile-error-on-warn t)"
    run(["emacs", "-Q", "--batch", "--eval", strict, "-f", "batch-byte-compile", source])
