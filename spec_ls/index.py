"""What the workspace knows beyond one document: its people and the identifiers that are taken.

Everything here reads the disk or runs git and may take a while: the server asks in a thread.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

from spec_ls.features import Person
from spec_ls.files import CannotRead, markdown_files, read_source
from spec_ls.git import git

log = logging.getLogger(__name__)

_HANDLE = re.compile(r"(?<![\w@./-])@[\w][\w./-]*")
_NOREPLY = re.compile(r"(?:[0-9]+[+-])?([\w][\w.-]*)@users\.noreply\.[\w.-]+")
_COMMITS = 2000
_MOST_FILES = 20_000
_HEAD = 8192


def people(root: Path) -> tuple[Person, ...]:
    """Those whom the repository names: owners in CODEOWNERS, then git authors with the most recent first.

    Each handle once, whatever its case. Empty where neither is there. Never raises.
    """
    found: dict[str, Person] = {}
    for person in [*_code_owners(root), *_authors(root)]:
        found.setdefault(person.handle.casefold(), person)
    return tuple(found.values())


def _code_owners(root: Path) -> Iterator[Person]:
    """The owners in the first of the three places where hosts look for CODEOWNERS."""
    for folder in (root / ".github", root, root / "docs"):
        file = folder / "CODEOWNERS"
        if not os.path.isfile(file):
            continue
        try:
            source = read_source(str(file))
        except CannotRead as error:
            log.warning("%s: %s", file, error)
            continue
        for line in source.splitlines():
            rule = line.split("#", 1)[0].split()
            for owner in rule[1:]:
                if _HANDLE.fullmatch(owner):
                    yield Person(owner, "CODEOWNERS")
        return


def _authors(root: Path) -> Iterator[Person]:
    """Authors whose address is a host's noreply one: that has the handle, a name or another address has not."""
    for line in git(root, "log", f"--max-count={_COMMITS}", "--format=%aE").splitlines():
        noreply = _NOREPLY.fullmatch(line.strip())
        if noreply:
            yield Person(f"@{noreply[1]}", "git")


def identifiers(root: Path, prefix: str) -> frozenset[str]:
    """The identifiers with `prefix` in the heads of the Markdown files under `root`. Never raises."""
    if not prefix:
        return frozenset()
    pattern = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(prefix).encode() + rb"[0-9]{1,9}(?![0-9A-Za-z])")
    found: set[str] = set()
    for source in markdown_files(str(root)).sources[:_MOST_FILES]:
        try:
            with open(source.path, "rb") as file:
                found.update(match.decode("ascii", "replace") for match in pattern.findall(file.read(_HEAD)))
        except OSError:
            continue
    return frozenset(found)
