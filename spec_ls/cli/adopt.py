"""`spec-ls adopt`: takes over the documents that a team has, as they are."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence

import click

from spec_ls.baseline import NAME, Known, kind_of, write_baseline
from spec_ls.cli.arguments import MarkdownPath
from spec_ls.cli.judging import Judging, Options
from spec_ls.cli.report import Output, counted, place_of, say, shown_path
from spec_ls.files import CannotRead, markdown_files, read_source, replace_file
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver, relative_to


@click.command(short_help="Pass over the findings that documents have today.")
@click.argument("paths", metavar="[PATH…]", nargs=-1, type=MarkdownPath())
def adopt(paths: Sequence[str]) -> None:
    """Writes down what is found in documents today, so that only what comes later is reported: what their text lacks,
    and what history, people and other specs say of them.

    \b
      spec-ls adopt docs/specs

    PATH is a file or a folder, by default the current one. The findings go to .spec-ls-baseline.json, beside the
    configuration or else at the top of the repository; commit that file. Editor and command line pass over what
    stands in it. It shrinks by itself: what has been mended is taken out by the next `spec-ls check`, and only this
    command puts anything in.

    \b
    Exit code:
      0  the baseline is written
      2  a path is missing or cannot be read, or a configuration is wrong
    """
    paths, resolver, failed = paths or (".",), Resolver(), False
    outside = Outside(policy=resolver.policy, folders=[path for path in paths if os.path.isdir(path)])
    judging = Judging(resolver, outside, Options())
    found: dict[str, dict[str, Known]] = {}
    for path in _documents(paths):
        try:
            document = judging.document(path, read_source(path))
        except CannotRead as error:
            say(f"{path}: {error}")
            failed = True
            continue
        if not document.decision.is_spec:
            continue
        kinds = Counter(kind_of(problem, document.text) for problem in document.all_problems())
        baseline = _baseline_for(path, resolver)
        found.setdefault(baseline, {})[relative_to(path, os.path.dirname(baseline))] = kinds
    for governing, faulty in resolver.faults().items():
        for fault in faulty.faults if os.path.basename(governing) != NAME else ():
            say(f"{place_of(governing, fault.span)}: {fault.message}")
            failed = True
    if not failed and not found:
        say("nothing was adopted: no spec among the files named")
        failed = True
    if failed:
        sys.exit(2)
    for baseline, documents in sorted(found.items()):
        known = resolver.baselines().get(baseline, {})
        kept = {name: findings for name, findings in {**known, **documents}.items() if findings}
        try:
            replace_file(baseline, write_baseline(kept))
        except OSError as error:
            say(f"{shown_path(baseline)} cannot be written: {error.strerror}")
            sys.exit(2)
        total = sum(sum(findings.values()) for findings in documents.values())
        told = f"{counted(total, 'finding')} in {counted(len(documents), 'spec')}"
        Output().write(f"{shown_path(baseline)}: {told}\n")


def _documents(paths: Sequence[str]) -> Iterator[str]:
    """The files named, and those of the folders named."""
    for path in paths:
        if not os.path.isdir(path):
            yield path
            continue
        found = markdown_files(path)
        for trouble in found.troubles:
            say(trouble)
        yield from (source.path for source in found.sources)


def _baseline_for(path: str, resolver: Resolver) -> str:
    """Where what is known of a document stands: the baseline above it, else beside its configuration, else at the top
    of the repository, else in the current folder."""
    known = resolver.baseline(path)
    if known is not None:
        return known[0]
    config = resolver.policy(path).config_path
    folder = os.path.dirname(config) if config else resolver.repository(path) or os.getcwd()
    return os.path.join(folder, NAME)
