"""What the workspace knows beyond one document: its people and the identifiers that are taken.

Everything here reads the disk or runs git and may take a while: the server asks in a thread.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from spec_ls.branches import HEAD, Branches, Elsewhere, branches
from spec_ls.features import Person
from spec_ls.files import is_inside, markdown_files
from spec_ls.git import git, handle_of_address
from spec_ls.owners import CodeOwners, Owner, code_owners, folder_owners
from spec_ls.text import Span

log = logging.getLogger(__name__)

_COMMITS = 2000
_MOST_FILES = 20_000


def people(
    root: Path, trouble: Callable[[str], object] = log.warning, rules: CodeOwners | None = None
) -> tuple[Person, ...]:
    """Those whom the repository names: owners in CODEOWNERS, then git authors with the most recent first.

    Each handle once, whatever its case. Empty where neither is there. What cannot be read goes to `trouble` as a
    sentence. `rules` is CODEOWNERS where that has been read already. Never raises.
    """
    found: dict[str, Person] = {}
    rules = rules or code_owners(root, trouble)
    owners = (Person(owner.handle, "CODEOWNERS") for owner in rules.owners)
    for person in [*owners, *_authors(root)]:
        found.setdefault(person.handle.casefold(), person)
    return tuple(found.values())


def owners(
    root: Path, paths: Collection[str], rules: CodeOwners, trouble: Callable[[str], object] = log.warning
) -> dict[str, tuple[Person, ...]]:
    """Who owns the files at `paths` (real ones): by CODEOWNERS, then by the OWNERS files above each, the nearest first.

    Never raises.
    """
    top = os.path.realpath(root)
    of_folder: dict[str, tuple[Owner, ...]] = {}
    found: dict[str, tuple[Person, ...]] = {}
    for path in paths:
        told = [Person(one.handle, "CODEOWNERS") for one in rules.of(os.path.relpath(path, top).replace(os.sep, "/"))]
        folder = os.path.dirname(path)
        if folder not in of_folder:
            of_folder[folder] = folder_owners(root, path, trouble)
        told += [Person(one.handle, "OWNERS") for one in of_folder[folder]]
        found[path] = tuple(dict.fromkeys(told))
    return found


def owner_places(root: Path, handle: str) -> list[tuple[str, Span]]:
    """Where CODEOWNERS names a handle, whatever its case: the file's path, and the handle's place. Never raises."""
    found = code_owners(root).owners
    return [(owner.path, owner.span) for owner in found if owner.handle.casefold() == handle.casefold()]


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
    root: Path,
    prefix: str,
    templates: Collection[str] = (),
    trouble: Callable[[str], object] = log.warning,
    there: Branches | None = None,
) -> frozenset[str]:
    """The identifiers with `prefix` in the heads of the Markdown files under `root`, links out of it left alone, and in
    those that other branches have.

    `templates` are real paths of files whose identifiers are samples and do not count. Folders and files that cannot
    be read go to `trouble`, a sentence each. `there` is what the branches have where that has been read already. Never
    raises.
    """
    if not prefix:
        return frozenset()
    found_in = _identifiers(prefix)
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
                found.update(match.decode("ascii", "replace") for match in found_in(file.read(HEAD)))
        except OSError as error:
            trouble(f"{source.path}: cannot be read: {error.strerror or error}")
    return frozenset(found | branch_identifiers(root, prefix, there).keys())


def branch_identifiers(root: Path, prefix: str, there: Branches | None = None) -> dict[str, Elsewhere]:
    """The identifiers with `prefix` in the heads of Markdown files that local or remote-tracking branches have and the
    commit that is checked out has not; where each stands. Never raises."""
    found_in = _identifiers(prefix)
    found: dict[str, Elsewhere] = {}
    there = branches(root) if there is None else there
    for file, text in there.texts(there.files):
        for name in found_in(text[:HEAD].encode("utf-8", "replace")):
            found.setdefault(name.decode("ascii"), file.where)
    return found


def _identifiers(prefix: str) -> Callable[[bytes], list[bytes]]:
    """Finds the identifiers with `prefix` in a text."""
    pattern = re.compile(rb"(?<![0-9A-Za-z_-])" + re.escape(prefix).encode() + rb"[0-9]{1,9}(?![0-9A-Za-z])")
    return pattern.findall
