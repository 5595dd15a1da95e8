"""Who owns which files of a repository: CODEOWNERS as the code hosts read it, OWNERS files with their aliases.

Patterns in CODEOWNERS are those of .gitignore, without `!` and sets of letters; the last that covers a file decides, in
GitLab's form the last of each section. OWNERS (Kubernetes' form) is YAML with `approvers` and `reviewers`, for its
folder and those below; OWNERS_ALIASES at the top names groups of them.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spec_ls.files import CannotRead, is_inside, read_source
from spec_ls.text import TOP, Span, split_lines, strip_line_end

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

log = logging.getLogger(__name__)

Trouble = Callable[[str], object]

_PLACES = (".github", "", "docs", ".gitlab")
_WORD = re.compile(r"(?:\\.|[^\s\\\ufeff])+|\\")
_HANDLE = re.compile(r"@[\w][\w./-]*")
_NAME = re.compile(r"[\w][\w.-]*")
_SECTION = re.compile(r"\^?\[([^\[\]]+)\](?:\[[0-9]+\])?(?=\s|$)")
_MOST_BYTES = 3_000_000
"""Of one file; the hosts ignore a longer CODEOWNERS."""
_MOST_YAML = 200_000


class Owner(NamedTuple):
    """A handle with its `@`, and where the file at `path` (real) names it."""

    handle: str
    path: str
    span: Span


@dataclass(slots=True)
class _Rule:
    pattern: str
    owners: tuple[Owner, ...]


class CodeOwners:
    """The rules of one CODEOWNERS file, section by section."""

    def __init__(self, source: str = "", path: str = "") -> None:
        self.owners: list[Owner] = []
        """Every owner as often as the file names one, in its order."""
        self._sections: list[list[_Rule]] = [[]]
        inherited: tuple[Owner, ...] = ()
        for number, line in enumerate(split_lines(source)):
            words = list(takewhile(lambda word: not word[0].startswith("#"), _WORD.finditer(line)))
            owners = tuple(
                Owner(word[0], path, Span(number, word.start(), number, word.end()))
                for word in words
                if _HANDLE.fullmatch(word[0])
            )
            self.owners += owners
            if _SECTION.match(line.strip()):
                self._sections.append([])
                inherited = owners
            elif words and not words[0][0].startswith("!"):
                self._sections[-1].append(_Rule(words[0][0], owners if len(words) > 1 else inherited))

    def of(self, path: str) -> tuple[Owner, ...]:
        """Who owns the file at `path`, which counts from the repository's top with `/`: of each section the last rule
        that covers it. A rule without owners takes them away."""
        found: list[Owner] = []
        for rules, compiled in zip(self._sections, self._compiled, strict=True):
            for rule, pattern in zip(reversed(rules), reversed(compiled), strict=True):
                if _covers(rule.pattern, pattern, path):
                    found += rule.owners
                    break
        return tuple(found)

    @cached_property
    def _compiled(self) -> list[list[GitIgnoreSpec]]:
        from pathspec import GitIgnoreSpec  # takes a while, and not every author asks for people

        return [[GitIgnoreSpec.from_lines([rule.pattern]) for rule in rules] for rules in self._sections]


def _covers(pattern: str, compiled: GitIgnoreSpec, path: str) -> bool:
    """Whether a rule covers a file. `docs/*` covers what lies in `docs`, and not in the folders there."""
    if pattern.endswith("/*") and "**" not in pattern and pattern.strip("/").count("/") != path.count("/"):
        return False
    return compiled.match_file(path)


def code_owners(root: Path, trouble: Trouble = log.warning) -> CodeOwners:
    """The first CODEOWNERS in the places where hosts look for it; without rules where there is none.

    What cannot be read goes to `trouble` as a sentence. Never raises.
    """
    for place in _PLACES:
        file = str(root / place / "CODEOWNERS")
        source = _read(root, file, trouble)
        if source is not None:
            return CodeOwners(source, os.path.realpath(file))
    return CodeOwners()


# --- OWNERS


def folder_owners(root: Path, path: str, trouble: Trouble = log.warning) -> tuple[Owner, ...]:
    """Those whom the OWNERS files of a file's folder and the ones above name, the nearest first, approvers before
    reviewers. `path` is a real path. Never raises."""
    found: list[Owner] = []
    aliases: Mapping[str, Sequence[str]] | None = None
    top = os.path.realpath(root)
    folder = os.path.dirname(path)
    while is_inside(root, folder):
        file = os.path.join(folder, "OWNERS")
        source = _read(root, file, trouble)
        if source is not None:
            if aliases is None:
                aliases = _aliases(root, trouble)
            told = _mapping(source)
            found += _named(told, source, os.path.realpath(file), aliases)
            options = told.get("options")
            if isinstance(options, dict) and options.get("no_parent_owners") is True:
                break
        if folder == top:
            break
        folder = os.path.dirname(folder)
    return tuple(dict.fromkeys(found))


def _named(told: Mapping[str, Any], source: str, path: str, aliases: Mapping[str, Sequence[str]]) -> Iterator[Owner]:
    filters = told.get("filters")
    filtered = filters.values() if isinstance(filters, dict) else ()
    parts = [told, *(part for part in filtered if isinstance(part, dict))]
    rows = [strip_line_end(line) for line in split_lines(source)]
    for kind in ("approvers", "reviewers"):
        for part in parts:
            for name in _names(part.get(kind)):
                place = _place(name, rows)
                for one in aliases.get(name.casefold(), (name,)):
                    yield Owner(f"@{one}", path, place)


def _place(name: str, rows: Sequence[str]) -> Span:
    """Where a list of YAML first has a name, the top of the file where that cannot be said."""
    for number, row in enumerate(rows):
        words = row.split("#", 1)[0]
        at = words.find(name)
        if at >= 0 and words.strip(" -\"'") == name:
            return Span(number, at, number, at + len(name))
    return TOP


def _names(value: object) -> list[str]:
    given = [one.removeprefix("@") for one in value if isinstance(one, str)] if isinstance(value, list) else []
    return [name for name in given if _NAME.fullmatch(name)]


def _aliases(root: Path, trouble: Trouble) -> dict[str, list[str]]:
    source = _read(root, str(root / "OWNERS_ALIASES"), trouble)
    told = _mapping(source).get("aliases") if source is not None else None
    groups = told.items() if isinstance(told, dict) else ()
    return {str(name).casefold(): _names(members) for name, members in groups}


def _mapping(source: str) -> dict[str, Any]:
    """The YAML mapping that a text is; an empty one where it is none, as Chromium's OWNERS files are."""
    import yaml

    if len(source) > _MOST_YAML or source.count("[") + source.count("{") > 200 or "&" in source:
        return {}
    try:
        told = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _read(root: Path, file: str, trouble: Trouble) -> str | None:
    """The text of a file of the repository; None where there is none, or it cannot be read."""
    if not os.path.isfile(file):
        return None
    if not is_inside(root, file):
        trouble(f"{file}: leads out of the repository and is not read")
        return None
    try:
        if os.path.getsize(file) > _MOST_BYTES:
            raise CannotRead(f"is not read: it has more than {_MOST_BYTES:,} bytes")
        return read_source(file)
    except (CannotRead, OSError) as error:
        trouble(f"{file}: {error}")
        return None
