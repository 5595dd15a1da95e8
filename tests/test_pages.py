"""The rules' reference says what the rules' docstrings say; `pytest --update` writes it anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import spec_ls
from spec_ls.rules.pages import pages

FOLDER = Path(spec_ls.__file__).parent / "docs" / "rules"


def test_reference_is_current(request: pytest.FixtureRequest) -> None:
    wanted = pages()
    if request.config.getoption("--update"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.md"):
            old.unlink()
        for name, text in wanted.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    found = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    assert found == wanted


@pytest.mark.parametrize("name", sorted(pages()))
def test_every_page_says_what_why_example_and_fix(name: str) -> None:
    if name != "README.md":
        text = pages()[name]
        assert "**Example**:" in text and "**How to fix**:" in text and len(text.split("\n\n")) >= 5, text
