"""The whole way through a real Neovim: keys are typed, menus and diagnostics are read, the buffer is compared.

Neovim negotiates UTF-8 positions, so the spec is full of accents and of emoji outside the Basic Multilingual Plane.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from broken import INSERTED, SPEC
from neovim_keys import Editor, editing

BIN = Path(sys.executable).parent
NVIM = shutil.which("nvim", path=str(BIN))

if NVIM is None and os.environ.get("CI") != "true":
    pytest.skip("Neovim is not installed; the extra `test` brings it", allow_module_level=True)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    assert NVIM is not None, "Neovim is part of the extra `test` and has to run in CI"
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with editing(NVIM, tmp_path, "vim.lsp.enable('spec_ls')", env) as made:
        yield made


def test_an_author_mends_a_spec(editor: Editor) -> None:
    # what is wrong is shown where it is, counted in bytes
    status = "| **🚦 Status** | Dra |"
    line = SPEC.splitlines().index(status)
    start = len(status[: status.index("Dra")].encode())
    goals = SPEC.splitlines().index("### Goals")
    expected = [("invalid-choice", line, start, start + 3), ("missing-section", goals, 4, 9)]
    editor.until(lambda: editor.findings, lambda findings: findings == expected)
    assert editor.nvim.exec_lua("return vim.lsp.get_clients({ bufnr = 0 })[1].offset_encoding") == "utf-8"
    assert editor.nvim.exec_lua("return vim.lsp.get_clients({ bufnr = 0 })[1].name") == "spec_ls"

    # the status is completed behind an emoji on the same line
    editor.go_to("Dra", behind=True)
    editor.type("a<C-x><C-o>")
    editor.until(lambda: editor.menu, lambda menu: bool(menu) and menu[0] == "Draft")
    editor.type("<C-y><Esc>")
    editor.until(lambda: editor.lines[line], lambda text: text == "| **🚦 Status** | Draft |")
    editor.until(lambda: editor.findings, lambda findings: findings == expected[1:])

    # a handle known from this spec is completed behind @, on a line of its own text
    editor.go_to("Päckchen.", behind=True)
    editor.type("a 👋🏽 Frag @<C-x><C-o>")
    handles = editor.until(lambda: editor.menu, bool)
    assert {"@zoë", "@adaeze", "@jürgen-b"} <= set(handles)
    editor.type("j<C-x><C-o>")
    editor.until(lambda: editor.menu, lambda menu: menu == ["@jürgen-b"])
    editor.type("<C-y>!<Esc>")
    asked = "Die Hälfte aller Anrufe am Montag 📞 fragt nach einem Päckchen. 👋🏽 Frag @jürgen-b!"
    editor.until(lambda: editor.lines, lambda lines: asked in lines)

    # the missing section is inserted by the quick fix on its finding
    editor.go_to("### Goals", behind=True)
    editor.nvim.exec_lua("_G.wanted = 'Non-Goals'")
    editor.type("gra")
    editor.until(lambda: editor.lines, lambda lines: "### Non-Goals" in lines)
    editor.until(lambda: editor.findings, lambda findings: "missing-section" not in {code for code, *_ in findings})

    # nothing else has changed, to the letter
    expected_text = SPEC.replace(status, "| **🚦 Status** | Draft |").splitlines()
    expected_text[expected_text.index("Die Hälfte aller Anrufe am Montag 📞 fragt nach einem Päckchen.")] = asked
    below = expected_text.index("- [ ] Wer wartet 🙋🏽, erfährt es vor dem Mittag.") + 1
    lines = editor.lines
    inserted = len(lines) - len(expected_text)
    assert lines[below : below + inserted] == INSERTED
    assert lines[:below] + lines[below + inserted :] == expected_text

    # one undo takes the section out again, and the finding is back
    editor.type("u")
    editor.until(lambda: editor.lines, lambda lines: lines == expected_text)
    editor.until(lambda: editor.findings, lambda findings: findings == expected[1:])
