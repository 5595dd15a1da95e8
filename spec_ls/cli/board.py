"""`spec-ls board`: all specs by their status."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, get_args

import click

from spec_ls.board import as_html, as_markdown
from spec_ls.cli.graph import catalogue_of
from spec_ls.cli.report import Output, say

Form = Literal["markdown", "html"]


@click.command(short_help="List all specs by their status.")
@click.argument("folder", metavar="[FOLDER]", default=".")
@click.option("--format", "form", type=click.Choice(get_args(Form)), default="markdown", show_default=True)
def board(folder: str, form: Form) -> None:
    """Prints the specs of FOLDER, by default the current one, by their status, with owner, date and progress.

    The links of Markdown lead from the current folder on, those of HTML are whole addresses.

    \b
    spec-ls board docs/specs > BOARD.md
    spec-ls board --format html > board.html

    \b
    Exit code:
      0  the board is printed
      2  the folder is missing, or has no spec
    """
    cards = tuple(catalogue_of(folder).cards)
    if not cards:
        say(f"{folder}: no spec was found here")
        sys.exit(2)
    if form == "html":
        text = as_html(cards, lambda path: Path(path).as_uri())
    else:
        text = as_markdown(cards, lambda path: os.path.relpath(path).replace(os.sep, "/"))
    Output().write(text, "utf-8")
