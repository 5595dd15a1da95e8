"""Neovim, the newest that installs and the oldest that is meant to work, through `setup()`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from broken import ASKED, HANDLE, INSERTED, MENDED, TYPED
from conftest import BIN, Install
from neovim_keys import Editor, editing

SET_UP = "require('spec_ls').setup({ on_attach = function() vim.g.attached = 1 end })"


@pytest.fixture(params=["0.11", "0.7"])
def editor(request: pytest.FixtureRequest, install: Install, tmp_path: Path) -> Iterator[Editor]:
    if request.param == "0.7":
        install("neovim")
    program = shutil.which("nvim", path=str(BIN) if request.param == "0.11" else "/usr/bin")
    assert program
    env = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with editing(program, tmp_path, SET_UP, env) as made:
        version = made.nvim.exec_lua("local v = vim.version() return v.major .. '.' .. v.minor")
        assert version == request.param
        yield made


def rules(editor: Editor) -> set[str]:
    return {code for code, *_ in editor.findings}


def virtual_texts(editor: Editor) -> str:
    """What is shown beside the text: lenses and hints."""
    spaces: dict[str, int] = editor.nvim.api.get_namespaces()
    shown: list[Any] = []
    for space in spaces.values():
        for mark in editor.nvim.current.buffer.api.get_extmarks(space, 0, -1, {"details": True}):
            details = mark[3]
            chunks = [*details.get("virt_text", []), *(part for line in details.get("virt_lines", []) for part in line)]
            shown += [chunk[0] for chunk in chunks]
    return " ".join(shown)


def test_an_author_mends_a_spec(editor: Editor) -> None:
    nvim = editor.nvim
    is_new = bool(nvim.funcs.has("nvim-0.11"))
    editor.until(lambda: rules(editor), lambda found: found == {"invalid-choice", "missing-section"})
    assert nvim.vars["attached"] == 1

    editor.go_to("Dra", behind=True)
    editor.type("a<C-x><C-o>")
    editor.until(lambda: editor.menu, lambda menu: bool(menu) and menu[0] == "Draft")
    editor.type("<C-y><Esc>")
    editor.until(lambda: rules(editor), lambda found: found == {"missing-section"})

    # code lenses and, where Neovim has them, inlay hints
    editor.until(lambda: virtual_texts(editor), lambda text: "Advance to Review" in text and "7 of 8 sections" in text)
    if is_new:
        editor.until(lambda: virtual_texts(editor), lambda text: "0 of 1 ticked" in text)

    editor.go_to(ASKED[-9:], behind=True)
    editor.type("a" + TYPED)
    if is_new:  # proposals come by themselves behind @, and the letter picks one
        editor.until(lambda: editor.menu, lambda menu: menu == [HANDLE])
    else:
        editor.type("<C-x><C-o>")
        editor.until(lambda: editor.menu, lambda menu: HANDLE in menu)
    editor.type("<C-y><Esc>")
    editor.until(lambda: editor.lines, lambda lines: f"{ASKED}{TYPED[:-2]}{HANDLE}" in lines)

    editor.go_to("### Goals", behind=True)
    nvim.exec_lua("_G.wanted = 'Non-Goals'")
    nvim.exec_lua("vim.lsp.buf.code_action()")
    editor.until(lambda: editor.lines, lambda lines: INSERTED[1] in lines)
    editor.until(lambda: rules(editor), lambda found: "missing-section" not in found)
    nvim.command("write")
    assert editor.spec.read_text(encoding="utf-8") == MENDED


def test_commands_and_health(editor: Editor) -> None:
    editor.until(lambda: rules(editor), lambda found: "missing-section" in found)
    nvim = editor.nvim
    assert "insert" in nvim.funcs.getcompletion("SpecLs ", "cmdline")
    nvim.command("SpecLs insert")
    editor.until(lambda: editor.lines, lambda lines: INSERTED[1] in lines)
    editor.until(lambda: rules(editor), lambda found: "missing-section" not in found)
    nvim.command("checkhealth spec_ls")
    told = "\n".join(editor.lines)
    assert f"is {BIN}/spec-ls" in told and "spec-ls 0." in told
    assert "ERROR" not in told and "no server runs" not in told
    nvim.command(
        "silent helptags " + str(Path(nvim.funcs.globpath(nvim.options["runtimepath"], "doc/spec_ls.txt")).parent)
    )
    nvim.command("help :SpecLs")
    assert "spec_ls.txt" in nvim.current.buffer.name
