"""`spec-ls graph`: which spec depends on which."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Literal, get_args

import click

from spec_ls.catalogue import Catalogue
from spec_ls.cli import arguments
from spec_ls.cli.report import Output, say, shown_path
from spec_ls.graph import as_dot, as_json, as_mermaid, cycles

Form = Literal["mermaid", "dot", "json"]

_FORMS: dict[Form, Callable[[Catalogue], str]] = {
    "mermaid": as_mermaid,
    "dot": as_dot,
    "json": lambda catalogue: as_json(catalogue, shown_path),
}


@click.command(short_help="Draw which spec depends on which.")
@click.argument("folder", metavar="[FOLDER]", default=".", type=arguments.FolderPath())
@arguments.form(get_args(Form), "mermaid")
def graph(folder: str, form: Form) -> None:
    """Prints the specs of FOLDER, by default the current one, that depend on each other.

    A spec depends on those whose identifiers stand in its parts about dependencies; where its template has none, on
    all that it names. Specs that depend on each other in a circle are named on standard error.

    \b
    spec-ls graph docs/specs > specs.mmd
    spec-ls graph --format dot | dot -Tsvg > specs.svg

    \b
    Exit code:
      0  the graph is printed
      2  the folder is missing, or has no spec
    """
    catalogue = catalogue_of(folder)
    if not catalogue.cards:
        say(f"{folder}: no spec was found here")
        sys.exit(2)
    Output().write(_FORMS[form](catalogue), "utf-8")
    for group in cycles(catalogue):
        names = ", ".join(card.id or shown_path(card.path) for card in group)
        circle = "depends on itself" if len(group) == 1 else "depend on each other in a circle"
        say(f"{names} {circle}")


def catalogue_of(folder: str) -> Catalogue:
    """The cards of all specs in a folder. Ends the command where there is no such folder."""
    from spec_ls.across import catalogue_of as read

    if not os.path.isdir(folder):
        say(f"{folder}: there is no such folder")
        sys.exit(2)
    return read(os.path.realpath(folder), say)
