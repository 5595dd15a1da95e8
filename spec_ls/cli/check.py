"""`spec-ls check`: the editor's findings on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from typing import get_args

import click

from spec_ls.cache import IN_MEMORY, folder
from spec_ls.cli import arguments
from spec_ls.cli.formats import REPORTS, Format
from spec_ls.cli.judging import Options
from spec_ls.cli.report import DiffReport
from spec_ls.cli.run import NO_NAME, STDIN, Run, log_to_stderr, template_named
from spec_ls.resolver import Resolver
from spec_ls.workspace import MOST_BYTES


@click.command(short_help="Check specs and print the findings.")
@arguments.options(
    arguments.paths,
    arguments.form(get_args(Format)),
    arguments.fail_on,
    arguments.select,
    arguments.ignore,
    arguments.status("What there would be to say if the specs had this status."),
    arguments.since,
)
@click.option("--fix", is_flag=True, help="Make the certain fixes, then report what is left.")
@click.option("--diff", "as_diff", is_flag=True, help="Print the certain fixes as a diff; write nothing.")
@click.option("--watch", is_flag=True, help="Check again whenever a file changes, until you press Ctrl-C.")
@arguments.template
@click.option("--stdin-filename", metavar="NAME", type=arguments.MarkdownPath(), help="What to call the text of '-'.")
@click.option(
    "--max-bytes",
    metavar="N",
    type=arguments.Number("bytes"),
    default=MOST_BYTES,
    show_default=True,
    help="Of a spec that is larger, report only that.",
)
@arguments.jobs
@click.option("--no-cache", is_flag=True, help="Do not use what earlier runs found, nor keep what this one finds.")
def check(
    paths: Sequence[str],
    form: Format,
    fail_on: str,
    select: frozenset[str],
    ignore: frozenset[str],
    status: str,
    since: str | None,
    fix: bool,
    as_diff: bool,
    watch: bool,
    template: str | None,
    stdin_filename: str | None,
    max_bytes: int,
    jobs: int | None,
    no_cache: bool,
) -> None:
    """Checks specs and prints what an editor would show.

    PATH is a file, a folder (its *.md and *.markdown files, those that .gitignore leaves out aside), or '-' for
    standard input. In a folder, files that are no specs are passed by in silence. A file that you name and that
    does not look like a spec is passed by with a message; --template checks it all the same. In a folder, --template
    says which template to hold the specs against; a file that does not look like one of them is still passed by.

    \b
      spec-ls check docs/specs                        what an author should see
      spec-ls check --since origin/main .             only the specs of this branch
      spec-ls check --status Approved docs/a.md       what is still to do for that
      spec-ls check --format sarif . > specs.sarif    for code scanning

    Columns count characters from 1 in the formats text, concise, github and junit; json and jsonl give LSP ranges,
    from 0, in UTF-16; sarif counts UTF-16 from 1. With --since, a file counts that is not as it was where the branch
    at hand left REF: committed or not, new or renamed. Results of earlier runs are kept in the user's cache folder
    (SPEC_LS_CACHE names another, or off), by the content of all that they depend on.

    \b
    Exit code:
      0  nothing as heavy as --fail-on was found
      1  something was
      2  a path is missing or cannot be read, an option is wrong, or there was no spec to check
    """
    if as_diff and (form != "text" or fix):
        raise click.UsageError("--diff prints a diff and writes nothing; it goes with no --format and no --fix")
    if stdin_filename is not None and STDIN not in paths:
        raise click.UsageError("--stdin-filename names the text that '-' reads: add '-'")
    if STDIN in paths and (fix or watch or since):
        raise click.UsageError("standard input is a text, not a file: --fix, --watch and --since need files")
    if watch and (as_diff or form not in ("text", "concise")):
        raise click.UsageError("--watch goes with the formats text and concise")
    log_to_stderr()
    resolver = Resolver()
    options = Options(
        template=template_named(template, resolver),
        template_file=template or "",
        max_bytes=max_bytes,
        status=status,
        select=select,
        ignore=ignore,
        fix="certain" if fix or as_diff else "",
        write=fix,
    )
    report = DiffReport if as_diff else REPORTS[form]
    run = Run(
        paths,
        options,
        partial(report, fail_on),
        resolver,
        stdin_name=stdin_filename or NO_NAME,
        since=since or "",
        jobs=1 if watch else jobs or 0,
        cache=None if no_cache else IN_MEMORY if watch else folder(),
        cards=None if no_cache else folder(),
        shrinks=not as_diff,
    )
    if watch:
        run.watch()
        return
    totals = run.check()
    sys.exit(2 if totals.failed else int(totals.heavy(fail_on) > 0))
