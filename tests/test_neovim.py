"""The whole way through a real Neovim: keys are typed, menus and diagnostics are read, the buffer is compared.

Neovim negotiates UTF-8 positions, so the spec is full of accents and of emoji outside the Basic Multilingual Plane.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from broken import INSERTED, SPEC

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NVIM = shutil.which("nvim", path=str(BIN))
TIMEOUT = 20.0

if NVIM is None and os.environ.get("CI") != "true":
    pytest.skip("Neovim is not installed; the extra `test` brings it", allow_module_level=True)

T = TypeVar("T")

SET_UP = """
local folder = ...
vim.o.completeopt = 'menuone,noinsert'
vim.opt.runtimepath:append(folder)
vim.lsp.enable('spec_ls')
-- stands in for the menu of code actions: remembers the titles and takes the one asked for
vim.ui.select = function(items, options, choose)
  _G.titles = vim.tbl_map(options.format_item or tostring, items)
  for index, title in ipairs(_G.titles) do
    if title:find(_G.wanted, 1, true) then return choose(items[index], index) end
  end
  choose(nil, nil)
end
"""


class Editor:
    """A Neovim without a screen, and the spec in its only window."""

    def __init__(self, nvim: Any) -> None:
        self.nvim = nvim

    @property
    def lines(self) -> list[str]:
        return list(self.nvim.current.buffer[:])

    @property
    def findings(self) -> list[tuple[str, int, int, int]]:
        """Rule, line from zero, and the bytes of the line from and to which each finding reaches."""
        found = self.nvim.exec_lua("return vim.diagnostic.get(0)")
        return sorted((one["code"], one["lnum"], one["col"], one["end_col"]) for one in found)

    @property
    def menu(self) -> list[str]:
        """The words in the completion menu; empty while it is not shown."""
        if not self.nvim.funcs.pumvisible():
            return []
        return [item["abbr"] or item["word"] for item in self.nvim.funcs.complete_info(["items"])["items"]]

    def type(self, keys: str) -> None:
        self.nvim.input(keys)

    def go_to(self, text: str, *, behind: bool = False) -> None:
        """Puts the cursor on the first occurrence of a text, or on its last letter."""
        for number, line in enumerate(self.lines):
            if text in line:
                at = line.index(text) + (len(text) - 1 if behind else 0)
                self.nvim.current.window.cursor = (number + 1, len(line[:at].encode()))
                return
        raise AssertionError(f"{text!r} is nowhere in the buffer")

    def until(self, ask: Callable[[], T], wanted: Callable[[T], bool]) -> T:
        """Asks again and again until the answer is the one wanted. Fails with the last answer when time is up."""
        deadline = time.monotonic() + TIMEOUT
        while not wanted(answer := ask()):
            assert time.monotonic() < deadline, (
                f"still {answer!r} after {TIMEOUT} s\n{self.nvim.command_output('messages')}"
            )
            time.sleep(0.02)
        return answer


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    assert NVIM is not None, "Neovim is part of the extra `test` and has to run in CI"
    import pynvim

    for folder in ("STATE", "DATA", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{folder}_HOME", str(tmp_path / folder.lower()))
    monkeypatch.setenv("NVIM_LOG_FILE", str(tmp_path / "nvim.log"))
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    spec = tmp_path / "specs" / "päckchen 📦.md"
    spec.parent.mkdir()
    spec.write_text(SPEC, encoding="utf-8", newline="")
    nvim = pynvim.attach("child", argv=[NVIM, "--embed", "--headless", "--clean", "-n"])
    try:
        nvim.exec_lua(SET_UP, str(ROOT / "editors" / "neovim"))
        nvim.command(f"edit {nvim.funcs.fnameescape(str(spec))}")
        yield Editor(nvim)
    finally:
        with contextlib.suppress(OSError, EOFError):  # it is gone before it can answer
            nvim.command("qa!")
        nvim.close()


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
