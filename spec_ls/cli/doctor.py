"""`spec-ls doctor`: what is in force for a file and why, and what there is around it."""

from __future__ import annotations

import operator
import os
import platform
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import click

from spec_ls import __version__
from spec_ls.cli.arguments import MarkdownPath
from spec_ls.cli.config import described
from spec_ls.cli.judging import Judging, Options
from spec_ls.cli.report import Output, numbers, place_of, shown_path
from spec_ls.cli.results import results_file
from spec_ls.files import MARKDOWN, CannotRead, read_source
from spec_ls.git import git, root_of
from spec_ls.lifecycle import progress
from spec_ls.outside import Outside
from spec_ls.resolver import Resolver
from spec_ls.workspace import Document

_WANTED = re.compile(r"([\w.-]+)\s*([<>=!~][^;]*)")
_BOUND = re.compile(r"(==|>=|<)\s*([\d.]+)")
_BOUNDS = {"==": operator.eq, ">=": operator.ge, "<": operator.lt}
_LIBRARIES = ("pygls", "lsprotocol", "markdown-it-py", "pydantic")
_EDITORS = {
    "code": "VS Code",
    "codium": "VSCodium",
    "cursor": "Cursor",
    "nvim": "Neovim",
    "vim": "Vim",
    "hx": "Helix",
    "emacs": "Emacs",
    "kate": "Kate",
    "zed": "Zed",
    "subl": "Sublime Text",
}


@click.command(short_help="Tell what is in force for a file, and why.")
@click.argument("path", metavar="[FILE]", default=None, required=False, type=MarkdownPath())
def doctor(path: str | None) -> None:
    """Tells which configuration and template are in force for a file and why, what the server would say of it, and
    which versions of what are here. Send its words along with a report of a fault.

    \b
      spec-ls doctor docs/specs/a.md
      spec-ls doctor

    \b
    Exit code:
      0  nothing is in the way
      2  the file cannot be read, a configuration has a fault, or a library another version than it must have
    """
    resolver = Resolver()
    told = [*_program(), *_repository(path or "."), *described(resolver.policy(path or "-.md"))]
    misfits = list(_misfits())
    told += [f"Fault: {misfit}" for misfit in misfits]
    failed = bool(misfits)
    if path:
        try:
            document = Judging(resolver, Outside(policy=resolver.policy), Options()).document(path, read_source(path))
            told += _file(document)
            if not path.lower().endswith(MARKDOWN):
                told.append("Its name ends as no Markdown file does: folders pass it by, and so may an editor.")
        except CannotRead as error:
            told.append(f"File: {error}")
            failed = True
    for governing, faulty in resolver.faults().items():
        for fault in faulty.faults:
            told.append(f"Fault: {place_of(governing, fault.span)}: {fault.message}")
            failed = True
    Output().write("".join(f"{line}\n" for line in told))
    sys.exit(2 if failed else 0)


def _program() -> Iterator[str]:
    yield f"spec-ls {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    command = shutil.which("spec-ls")
    yield f"Command: {command or 'spec-ls is not in PATH: an editor needs its whole path'}"
    if command and os.path.dirname(os.path.realpath(command)) != os.path.dirname(sys.executable):
        yield f"  which is not the one that says this: that one is run by {sys.executable}"
    yield f"Libraries: {', '.join(f'{name} {_version(name)}' for name in _LIBRARIES)}"
    editors = [name for command, name in _EDITORS.items() if shutil.which(command)]
    yield f"Editors: {', '.join(editors) or 'none found in PATH'}"
    yield f"Results: {results_file() or 'are not kept'}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is missing"


def _misfits() -> Iterator[str]:
    """The libraries that are missing, or have another version than the installed package asks for."""
    try:
        asked = requires("spec-ls") or []
    except PackageNotFoundError:
        return
    for line in asked:
        wanted = _WANTED.fullmatch(line)
        if wanted is None:  # of an extra, or for another system
            continue
        name, bounds = wanted.groups()
        there = _version(name)
        if not all(_BOUNDS[sign](_numbers(there), _numbers(bound)) for sign, bound in _BOUND.findall(bounds)):
            yield f"{name} {there}, which must be {bounds}: install spec-ls anew, in an environment of its own"


def _numbers(words: str) -> tuple[int, ...]:
    """The numbers of a version, without zeros at its end; of `is missing`, none."""
    found = [int(part) for part in re.findall(r"\d+", words)]
    while found and not found[-1]:
        found.pop()
    return tuple(found)


def _repository(path: str) -> Iterator[str]:
    real = Path(os.path.realpath(path))
    root = root_of(real / "-" if real.is_dir() else real)
    if shutil.which("git") is None:
        yield "Git: not found; install it, or do without what history, branches and owners say of specs"
    elif root is None:
        yield "Git: the file lies in no repository; what history, branches and owners say of specs is left out"
    else:
        shallow = git(root, "rev-parse", "--is-shallow-repository").strip() == "true"
        known = " (shallow: older commits are not here; git fetch --unshallow brings them)" if shallow else ""
        yield f"Git: {git(root, 'version').strip().removeprefix('git version ')}, repository {root}{known}"


def _file(document: Document) -> Iterator[str]:
    """Whether a document is a spec and why, after which template, and what the server would say of it."""
    decision, spec = document.decision, document.spec
    if not decision.is_spec:
        yield f"File: no spec: {decision.why}"
        yield "The server says nothing of it."
        yield from _ways_in(document)
        return
    yield f"File: a spec: {decision.why}"
    where = document.policy.path(spec.template)
    yield f"Template: {spec.template.name}, {shown_path(where) if where else 'which comes with spec-ls'}"
    if spec.newer is not None:
        yield "  as it stood when the document was written"
    status = f"{spec.state.name} ({spec.stage})" if spec.state else "missing or unreadable, which counts as a draft"
    yield f"Status: {status}"
    if "diagnostics" in document.policy.off:
        yield "The server says nothing of it: diagnostics are switched off."
        return
    problems = document.problems()
    yield f"The server says: {numbers(Counter(problem.severity for problem in problems))}"
    if document.is_large:
        yield "It is too large to be judged: --max-bytes and the editor's setting maxBytes move the limit."
    else:
        yield f"Filled in: {progress(spec, problems)}"
    if document.policy.known:
        yield f"The baseline passes over {sum(document.policy.known.values())} findings"


def _ways_in(document: Document) -> Iterator[str]:
    """What to do if a document is to be a spec."""
    decision, policy = document.decision, document.policy
    name = next((one for one in policy.named), document.spec.template.name)
    naming = f"name its template in it: <!-- spec-ls: template={name} -->"
    if decision.by == "word":
        is_off = "off" in document.spec.words
        yield f"If it is to be one, {'take that comment out of it' if is_off else naming}"
    elif decision.by == "recognition":
        yield f"If it is to be one, {naming}, or let files = […] of a template in .spec-ls.toml bind it"
    elif policy.is_template:
        yield "spec-ls template check says what is wrong with it, and spec-ls template show what it is taken to say."
