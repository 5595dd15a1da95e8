"""`spec-ls playground`: an editor in the browser for the specs of one folder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from spec_ls.cli.arguments import MarkdownPath
from spec_ls.cli.report import say


@click.command(short_help="Open a folder's specs in the browser.")
@click.argument("path", metavar="[FILE|FOLDER]", default=".", type=MarkdownPath())
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on; by default any free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the address of the page.")
def playground(path: str, port: int, no_browser: bool) -> None:
    """Opens an editor in the browser for the Markdown files of FOLDER, by default the current one, or for FILE and
    those beside it. Everything an editor shows is there; what is saved is written to disk.

    Only this machine can reach it, and only whoever has the address, which is another one each time. Ctrl-C stops it.

    \b
    spec-ls playground docs/specs
    spec-ls playground --port 8020 --no-browser

    \b
    Exit code:
      0  it was stopped
      2  the path is missing or no Markdown, or the port is taken
    """
    import asyncio
    import webbrowser

    from spec_ls.playground.folder import Folder
    from spec_ls.playground.serve import run

    is_folder = os.path.isdir(path)
    if not is_folder and not os.path.isfile(path):
        say(f"{path}: there is no such file or folder; check the spelling")
        sys.exit(2)
    folder = Folder.at(path if is_folder else os.path.dirname(os.path.realpath(path)))
    first = "" if is_folder else folder.name_of(path)
    if first is None:
        say(f"{path}: is no Markdown file (.md, .markdown)")
        sys.exit(2)

    def ready(address: str) -> None:
        click.echo(f"spec-ls: {folder.root} is open at\n  {address}\nCtrl-C stops it.")
        if not no_browser:
            webbrowser.open(address)

    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(run(folder, first, port, ready))
    except OSError as error:
        say(f"port {port} cannot be listened on: {error.strerror or error}")
        sys.exit(2)
