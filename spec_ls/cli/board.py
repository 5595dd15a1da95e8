"""`spec-ls board`: all specs by their status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import click

from spec_ls.cli import arguments
from spec_ls.cli.graph import catalogue_of
from spec_ls.cli.report import Output, say, shown_path

if TYPE_CHECKING:
    from spec_ls.board import Board

Form = Literal["text", "json", "markdown", "html"]

_STYLES = ("bold", "", "cyan", "", "", "")
_WIDTH = 160
"""Columns of a board that goes to no terminal."""


@click.command(short_help="List all specs by their status.")
@click.argument("folder", metavar="[FOLDER]", default=".", type=arguments.FolderPath())
@arguments.form(get_args(Form))
def board(folder: str, form: Form) -> None:
    """Prints the specs of FOLDER, by default the current one, by their status: owner, progress, target date with how
    far it is, and for how long a review may still take.

    The links of Markdown lead from the current folder on, those of HTML are whole addresses. The page of HTML has a
    picture of the statuses, and needs nothing else. What JSON has is told in docs/json.md.

    \b
    spec-ls board docs/specs
    spec-ls board --format html > board.html

    \b
    Exit code:
      0  the board is printed
      2  the folder is missing, or has no spec
    """
    from spec_ls.board import as_html, as_json, as_markdown
    from spec_ls.outside import Outside
    from spec_ls.resolver import Resolver

    cards = catalogue_of(folder).cards
    if not cards:
        say(f"{folder}: no spec was found here")
        sys.exit(2)
    found = Outside().board(cards, Resolver(), {})
    if form == "text":
        _print(found)
        return
    if form == "html":
        text = as_html(found, lambda path: Path(path).as_uri())
    elif form == "json":
        text = as_json(found, shown_path)
    else:
        text = as_markdown(found, lambda path: os.path.relpath(path).replace(os.sep, "/"))
    Output().write(text, "utf-8")


def _print(board: Board) -> None:
    """Prints a table a status, in colours and as wide as the terminal where there is one."""
    import io

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from spec_ls.board import COLUMNS, cells, columns, is_late, shown_columns

    terminal = Console()
    width = terminal.width if terminal.is_terminal else _WIDTH
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=terminal.is_terminal,
        color_system=terminal.color_system,  # type: ignore[arg-type]
        no_color=terminal.no_color,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
    )
    lines = SIMPLE_HEAD if _has_lines(sys.stdout.encoding) else None
    for status, group in columns(board):
        table = Table(box=lines, title_justify="left", pad_edge=False, show_edge=False, header_style="dim")
        for name in COLUMNS[: shown_columns(board, group)]:
            table.add_column(name, overflow="fold")
        for card in group:
            review = board.reviews.get(card.path)
            late = (False,) * 4 + (is_late(card, board.today), review is not None and review.is_overdue)
            said = zip(cells(board, card), _STYLES, late, strict=True)
            row = [Text(_printable(words), "bold red" if alarm else style) for words, style, alarm in said]
            table.add_row(*row[: len(table.columns)])
        console.print(Text(f"{_printable(status)} ({len(group)})", "bold"))
        console.print(table)
        console.print()
    Output().write("\n".join(line.rstrip() for line in written.getvalue().split("\n")))


def _has_lines(encoding: str | None) -> bool:
    """Whether text can draw lines there."""
    try:
        return bool("─".encode(encoding or "utf-8"))
    except (UnicodeEncodeError, LookupError):
        return False


def _printable(words: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in words)
