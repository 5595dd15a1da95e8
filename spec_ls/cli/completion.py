"""`spec-ls completion`: what a shell needs to complete the command line."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_SPEC_LS_COMPLETE"
"""The environment variable by which a shell asks for completions."""


@click.command(short_help="Print what a shell needs to complete spec-ls.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Prints a script for your SHELL; put it where the shell reads it at its start.

    \b
    spec-ls completion bash >> ~/.bashrc
    spec-ls completion zsh >> ~/.zshrc
    spec-ls completion fish > ~/.config/fish/completions/spec-ls.fish
    """
    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(context.find_root().command, {}, "spec-ls", VARIABLE).source())
