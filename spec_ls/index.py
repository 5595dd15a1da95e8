"""What the workspace knows beyond one document: its people and the identifiers that are taken.

Everything here reads the disk or runs git and may take a while: the server asks in a thread.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from spec_ls.features import Person
from spec_ls.files import CannotRead, is_inside, markdown_files, read_source
from spec_ls.git import git, handle_of_address

log = logging.getLogger(__name__)

_HANDLE = re.compile(r"(?<![\w@./-])@[\w][\w./-]*")
_COMMITS = 2000
_MOST_FILES = 20_000
_HEAD = 8192
_MOST_OWNERS = 3_000_000
"""Bytes of CODEOWNERS; the hosts ignore a longer one."""


def people(root: Path, trouble: Callable[[str], object] = log.warning) -> tuple[Person, ...]:
    """Those whom the repository names: owners in CODEOWNERS, then git authors with the most recent first.

    Each handle once, whatever its case. Empty where neither is there. What cannot be read goes to `trouble` as a
    sentence. Never raises.
    """
    found: dict[str, Person] = {}
    for person in [*_code_owners(root, trouble), *_authors(root)]:
        found.setdefault(person.handle.casefold(), person)
    return tuple(found.values())


def _code_owners(root: Path, trouble: Callable[[str], object]) -> Iterator[Person]:
    """The owners in the first of the three places where hosts look for CODEOWNERS."""
    for folder in (root / ".github", root, root / "docs"):
        file = folder / "CODEOWNERS"
        if not os.path.isfile(file):
            continue
        if not is_inside(root, str(file)):
            trouble(f"{file}: leads out of the repository and is not read")
            continue
        try:
            if os.path.getsize(file) > _MOST_OWNERS:
                raise CannotRead(f"is not read: it has more than {_MOST_OWNERS:,} bytes")
            source = read_source(str(file))
        except (CannotRead, OSError) as error:
            trouble(f"{file}: {error}")
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
        handle = handle_of_address(line.strip())
        if handle:
            yield Person(handle, "git")


def own_handle(folder: Path) -> str:
    """The handle of whoever commits in `folder`, by their noreply address; empty where git knows none. Never raises."""
    return handle_of_address(git(folder, "config", "--get", "user.email").strip())


def identifiers(
    root: Path, prefix: str, templates: Collection[str] = (), trouble: Callable[[str], object] = log.warning
) -> frozenset[str]:
    """The identifiers with `prefix` in the heads of the Markdown files under `root`, links out of it left alone.

    `templates` are real paths of files whose identifiers are samples and do not count. Folders and files that cannot
    be read go to `trouble`, a sentence each. Never raises.
    """
    if not prefix:
        return frozenset()
    pattern = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(prefix).encode() + rb"[0-9]{1,9}(?![0-9A-Za-z])")
    found: set[str] = set()
    files = markdown_files(str(root))
    for message in files.troubles:
        trouble(message)
    for source in files.sources[:_MOST_FILES]:
        if os.path.islink(source.path) and not is_inside(root, source.path):
            continue
        if templates and os.path.realpath(source.path) in templates:
            continue
        try:
            with open(source.path, "rb") as file:
                found.update(match.decode("ascii", "replace") for match in pattern.findall(file.read(_HEAD)))
        except OSError as error:
            trouble(f"{source.path}: cannot be read: {error.strerror or error}")
    return frozenset(found)
