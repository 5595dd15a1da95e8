"""A Neovim without a screen that is typed into, and what it shows."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from broken import SPEC

PLUGIN = Path(__file__).parents[1] / "editors" / "neovim"
TIMEOUT = 20.0

T = TypeVar("T")

SET_UP = """
local folder = ...
vim.o.completeopt = 'menuone,noinsert'
vim.opt.runtimepath:append(folder)
vim.cmd('filetype on')
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

    def __init__(self, nvim: Any, spec: Path) -> None:
        self.nvim = nvim
        self.spec = spec

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


@contextlib.contextmanager
def editing(program: str, folder: Path, begin: str, env: Mapping[str, str]) -> Iterator[Editor]:
    """A Neovim in which the Lua of `begin` has been run, and then the broken spec opened, in `folder`."""
    import pynvim

    before = dict(os.environ)
    homes = {f"XDG_{name}_HOME": str(folder / name.lower()) for name in ("STATE", "DATA", "CACHE", "CONFIG")}
    os.environ.update({**homes, "NVIM_LOG_FILE": str(folder / "nvim.log"), **env})
    spec = folder / "specs" / "päckchen 📦.md"
    spec.parent.mkdir()
    spec.write_text(SPEC, encoding="utf-8", newline="")
    try:
        nvim = pynvim.attach("child", argv=[program, "--embed", "--headless", "--clean", "-n"])
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        nvim.exec_lua(SET_UP, str(PLUGIN))
        nvim.exec_lua(begin)
        nvim.command(f"edit {nvim.funcs.fnameescape(str(spec))}")
        yield Editor(nvim, spec)
    finally:
        with contextlib.suppress(OSError, EOFError):  # it is gone before it can answer
            nvim.command("qa!")
        nvim.close()
