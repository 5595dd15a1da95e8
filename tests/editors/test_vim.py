"""Vim with ALE, which counts bytes and replaces letters alone; our linter and completion see to both."""

from __future__ import annotations

from pathlib import Path

from broken import MENDED, SPEC
from conftest import HERE, ROOT, Install, Run


def test_a_spec_is_mended(install: Install, run: Run, given: Path, tmp_path: Path) -> None:
    install("vim")
    spec, report = tmp_path / "specs" / "päckchen 📦.md", tmp_path / "report.txt"
    spec.parent.mkdir()
    spec.write_text(SPEC, encoding="utf-8", newline="")
    env = {"SPEC": str(spec), "GIVEN": str(given), "PLUGIN": str(ROOT / "editors" / "vim"), "REPORT": str(report)}
    run(["vim", "-Nu", "NONE", "-n", "-es", "-S", HERE / "vim" / "mend.vim"], env)
    assert report.read_text(encoding="utf-8") == "all passed\n"
    assert spec.read_text(encoding="utf-8") == MENDED
