"""`spec-ls config`: the configuration that is in force, and the schema of what may stand in one."""

from __future__ import annotations

import json
import os
import sys
from typing import Literal, get_args

import click

from spec_ls.cli import arguments
from spec_ls.cli.report import Output, place_of, say, shown_path
from spec_ls.resolver import Policy, Resolver

Format = Literal["text", "json"]


@click.group(short_help="Show the configuration.")
def config() -> None:
    """Shows the configuration that is in force, and its schema."""


@config.command(short_help="Print the configuration that governs a file.")
@click.argument("path", metavar="[FILE|FOLDER]", default=".", type=arguments.MarkdownPath())
@arguments.form(get_args(Format))
def show(path: str, form: Format) -> None:
    """Prints the configuration that governs a file, by default one in the current folder.

    \b
      spec-ls config show docs/specs/a.md
      spec-ls config show --format json

    \b
    Exit code:
      0  it is printed
      2  it has a fault, told on standard error
    """
    folder = path if os.path.isdir(path) else os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise click.BadParameter(f"there is no folder {folder}", param_hint="FILE")
    resolver = Resolver()
    policy = resolver.policy(os.path.join(path, "-.md") if os.path.isdir(path) else path)
    if form == "json":
        found = policy.config.model_dump(mode="json", by_alias=True, exclude_unset=True) if policy.config else None
        Output().write(json.dumps({"path": policy.config_path, "configuration": found}, indent=2) + "\n", "utf-8")
    else:
        Output().write("\n".join(described(policy)) + "\n")
    failed = False
    for governing, faulty in resolver.faults().items():
        for fault in faulty.faults:
            say(f"{place_of(governing, fault.span)}: {fault.message}")
            failed = True
    sys.exit(2 if failed else 0)


@config.command(short_help="Print the JSON Schema of .spec-ls.toml.")
def schema() -> None:
    """Prints the JSON Schema of .spec-ls.toml, for editors that complete TOML by one.

    \b
      spec-ls config schema > spec-ls.schema.json
    """
    from spec_ls.config import schema as made  # pydantic takes a while

    Output().write(json.dumps(made(), indent=2) + "\n", "utf-8")


def described(policy: Policy) -> list[str]:
    """What a configuration says, line by line."""
    if policy.config is None:
        return ["Configuration: none; specs are recognised by the built-in product spec template"]
    config = policy.config
    lines = [f"Configuration: {shown_path(policy.config_path)}"]
    for name, entry in config.templates.items():
        source = entry.path or f"the built-in {entry.builtin}"
        files = f" for {', '.join(entry.files)}" if entry.files else ""
        lines.append(f"  template {name}: {source}{files}")
    lines += [f"  rule {name}: {weight or 'off'}" for name, weight in sorted(policy.severities.items())]
    lines += [f"  feature {name}: off" for name in sorted(policy.off)]
    return lines
