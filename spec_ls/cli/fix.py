"""`spec-ls fix` and `spec-ls fmt`: specs mended and formatted, in their files."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from spec_ls.cache import folder
from spec_ls.cli import arguments
from spec_ls.cli.judging import Options
from spec_ls.cli.report import ChangesReport, DiffReport, FormattedReport, Report, UnformattedReport
from spec_ls.cli.run import STDIN, Run, log_to_stderr, template_named
from spec_ls.resolver import Resolver


@click.command(short_help="Mend what can be mended.")
@arguments.paths
@click.option("--unsafe", is_flag=True, help="Make the likely fixes, too; look at what they did.")
@click.option("--diff", "as_diff", is_flag=True, help="Print what would change; write nothing.")
@arguments.options(
    arguments.select,
    arguments.ignore,
    arguments.status("Mend what would be wrong with this status."),
    arguments.since,
    arguments.template,
    arguments.jobs,
)
def fix(
    paths: Sequence[str],
    unsafe: bool,
    as_diff: bool,
    select: frozenset[str],
    ignore: frozenset[str],
    status: str,
    since: str | None,
    template: str | None,
    jobs: int | None,
) -> None:
    """Makes the fixes that leave no choice, and with --unsafe those that are likely to be what the author wants.

    \b
      spec-ls fix docs/specs              mend what is certain
      spec-ls fix --diff docs/specs       see it first
      spec-ls fix --unsafe --select invalid-handle docs/a.md

    A file is written whole or not at all, with its mode, links, line ends and byte order mark; one that changes
    meanwhile is left as it is. What cannot be mended is told by 'spec-ls check'.

    \b
    Exit code:
      0  all that can be mended is; with --diff, nothing can be
      1  with --diff: something can be mended
      2  a path is missing or cannot be read or written, an option is wrong, or there was no spec
    """
    resolver = Resolver()
    options = Options(
        template=template_named(template, resolver),
        template_file=template or "",
        status=status,
        select=select,
        ignore=ignore,
        fix="likely" if unsafe else "certain",
        write=not as_diff,
    )
    _change(paths, options, DiffReport if as_diff else ChangesReport, resolver, since, jobs)


@click.command(short_help="Format what is the template's: the metadata table, numbers, checklists.")
@arguments.paths
@click.option("--check", "only_check", is_flag=True, help="Write nothing; name the files that are not formatted.")
@click.option("--diff", "as_diff", is_flag=True, help="Write nothing; print what would change.")
@arguments.options(arguments.template, arguments.since, arguments.jobs)
def fmt(
    paths: Sequence[str], only_check: bool, as_diff: bool, template: str | None, since: str | None, jobs: int | None
) -> None:
    """Formats specs as the editor does: aligns the metadata table, numbers headings, makes checklists even.

    All else stays byte for byte.

    \b
      spec-ls fmt docs/specs
      spec-ls fmt --check docs/specs      in CI

    \b
    Exit code:
      0  all specs are formatted
      1  with --check or --diff: some are not
      2  a path is missing or cannot be read or written, an option is wrong, or there was no spec
    """
    looks = only_check or as_diff
    resolver = Resolver()
    options = Options(
        template=template_named(template, resolver), template_file=template or "", fix="format", write=not looks
    )
    report = DiffReport if as_diff else UnformattedReport if only_check else FormattedReport
    _change(paths, options, report, resolver, since, jobs)


def _change(
    paths: Sequence[str],
    options: Options,
    report: type[Report],
    resolver: Resolver,
    since: str | None,
    jobs: int | None,
) -> None:
    """Goes over the files and ends the process."""
    if STDIN in paths and options.write:
        raise click.UsageError("standard input is a text, not a file: --diff prints what would change")
    log_to_stderr()
    run = Run(
        paths, options, report, resolver, since=since or "", jobs=jobs or 0, cards=folder(), shrinks=options.write
    )
    totals = run.check()
    sys.exit(2 if totals.failed else int(totals.mended > 0 and not options.write))
