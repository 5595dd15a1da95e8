"""What earlier runs found, by all that it depends on: the text, what governs it, the options, this program's version.

It lies in the user's own cache folder, never in a repository: a repository cannot bring its own results along. What is
in it is data, never run; one that cannot be read is left aside.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from spec_ls.cache import digest, folder, governing, of_template
from spec_ls.cli.excerpt import Excerpt
from spec_ls.cli.judging import Beside, Checked, Mend, Options, Region, Shown
from spec_ls.known import Known
from spec_ls.resolver import Policy
from spec_ls.template import builtin, builtin_names
from spec_ls.template.model import Template

IN_MEMORY = ":memory:"
_NAME = "results.sqlite"
_MOST_BYTES = 1_000_000_000
_SECONDS = 10.0


def results_file() -> str:
    """The file that results are kept in; empty where none are."""
    place = folder()
    return str(place / _NAME) if place is not None else ""


class Kept(NamedTuple):
    """A result, and of what it depends on all that the text does not show: the template that judged the file and what
    the world around it said, both empty where it is no spec. `timed`: the hour counts as well as the day. `others` is
    the record of what other specs were asked."""

    checked: Checked
    template: str = ""
    timed: bool = False
    world: str = ""
    others: str = ""


class Results:
    """The results of earlier runs in one file, which several processes may use at once. No method raises.

    `path` is that of the file; IN_MEMORY keeps them as long as the process runs.
    """

    def __init__(self, path: str) -> None:
        self._connection: sqlite3.Connection | None = None
        for _ in range(2):
            try:
                if path != IN_MEMORY:
                    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                self._connection = _connected(path)
                return
            except (OSError, sqlite3.OperationalError):
                return
            except sqlite3.DatabaseError:  # it is no database, or a broken one
                for end in ("", "-journal"):
                    with contextlib.suppress(OSError):
                        os.unlink(path + end)

    def get(self, key: bytes, name: str) -> Kept | None:
        """What was found with that key, as a result of the file `name`; None where nothing is known."""
        if self._connection is None:
            return None
        try:
            found = self._connection.execute("SELECT value FROM results WHERE key = ?", (key,)).fetchone()
            return _read(found[0], name) if found else None
        except (sqlite3.Error, ValueError, TypeError, KeyError, IndexError, RecursionError):
            return None

    def put(self, key: bytes, kept: Kept) -> None:
        """Keeps a result; for others it is there after `commit`."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?)", (key, _written(kept)))

    def commit(self) -> None:
        """Makes what was kept last, and lets go of all of it where it takes more than a gigabyte."""
        if self._connection is None or not self._connection.in_transaction:
            return
        with contextlib.suppress(sqlite3.Error):
            self._connection.commit()
            (pages,), (size,) = (
                self._connection.execute(f"PRAGMA {word}").fetchone() for word in ("page_count", "page_size")
            )
            if pages * size > _MOST_BYTES:
                self._connection.execute("DELETE FROM results")
                self._connection.commit()
                self._connection.execute("VACUUM")

    def close(self) -> None:
        """Lets go of the file; nothing is known from here on."""
        self.commit()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connected(path: str) -> sqlite3.Connection:
    """Opens the store, made where it is not there. Raises sqlite3.Error."""
    connection = sqlite3.connect(path, timeout=_SECONDS)
    connection.execute("PRAGMA journal_mode = TRUNCATE")  # a process that is killed leaves nothing half written
    connection.execute("PRAGMA synchronous = OFF")  # what a machine loses with its power is no loss
    connection.execute("CREATE TABLE IF NOT EXISTS results (key BLOB PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
    return connection


# --- what a result depends on


def key_of(data: bytes, named: bool, policy: Policy, options: Options) -> bytes | None:
    """The key of a result; None where it depends on what git knows of a template's earlier versions."""
    config = policy.config
    if b"template" in data.lower() and b"version" in data.lower():
        return None
    if config is not None and any(entry.versions == "git" for entry in config.templates.values()):
        return None
    asked = (
        named,
        (template_key(options.template), options.max_bytes, options.status, options.template_file),
        (sorted(options.select), sorted(options.ignore), options.fix),
        (policy.barred, policy.why),
    )
    return digest(data, governing(policy), _bytes(repr(asked)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def world_key(known: Known, timed: bool) -> str:
    """What tells one state of the world around a file from another."""
    return digest(_bytes(f"{known.now if timed else known.today} {replace(known, now=None)}")).hex()


def template_by(key: str, policy: Policy) -> Template | None:
    """The template of that key which may judge a file."""
    there_are = (policy.bound, *policy.named.values(), *policy.recognised, *map(builtin, builtin_names()))
    return next((template for template in there_are if template and template_key(template) == key), None)


def template_key(template: Template | None) -> str:
    """What tells one template from another."""
    return of_template(template) if template is not None else ""


# --- results as JSON


def _written(kept: Kept) -> str:
    checked = kept.checked
    left = None if checked.left is None else [[*kind, count] for kind, count in checked.left.items()]
    return json.dumps([*kept[1:], checked.kind, checked.why, checked.status, left, checked.found])


def _read(value: str, name: str) -> Kept:
    template, timed, world, others, kind, why, status, left, found = json.loads(value)
    checked = Checked(name, kind, why, status, tuple(map(_finding, found)), (), _left(left))
    return Kept(checked, template, timed, world, others)


def _finding(data: Any) -> Shown:
    rule, severity, message, place, shown, fingerprint, fixes, related = data
    mends = (
        Mend(title, certain, tuple((Region(*where), text) for where, text in edits)) for title, certain, edits in fixes
    )
    others = tuple(Beside(path, Region(*where), words) for path, where, words in related)
    return Shown(rule, severity, message, Region(*place), Excerpt(*shown), fingerprint, tuple(mends), others)


def _left(data: Any) -> Mapping[tuple[str, str], int] | None:
    return None if data is None else {(rule, words): count for rule, words, count in data}
