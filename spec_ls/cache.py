"""Cards and results on disk, so that the second look at a workspace need not read its specs: one SQLite file in the
user's cache folder, for all workspaces and all processes at once.

What is kept is found by what it was made from: the bytes of the file, all that governs it (`governing`) and the code at
work. The bytes of a file need not be read where its stamp is that of a time when they were. What is kept is checked
when it is read, so that no damage to the file can give a wrong answer. Nothing here raises: where the cache cannot be
used, everything is read anew.

The environment variable SPEC_LS_CACHE names another folder; `off` says that nothing is kept.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from spec_ls.catalogue import SHAPE
from spec_ls.files import FileStamp

if TYPE_CHECKING:
    import sqlite3

    from spec_ls.resolver import Policy
    from spec_ls.template.model import Template

log = logging.getLogger(__name__)

VARIABLE = "SPEC_LS_CACHE"
NAME = "shelf.sqlite3"
IN_MEMORY = Path(":memory:")
"""In place of a folder: what is kept is kept as long as the process runs."""

_LAYOUT = 3
"""The number of the tables' layout: a file of another one is made anew."""
BUSY_SECONDS = 0.2
PATIENT_SECONDS = 10.0
"""How long one waits for other processes that write, in an editor and on the command line."""
_MOST_WAITING = 200
"""Rows that are written together, so that no other process waits for long."""
_LARGEST = 1_000_000
_MOST_BYTES = {"cards": 512_000_000, "results": 1_000_000_000}
_ROW_BYTES = 300
"""Bytes of one row, of all those of a table, and what a row takes besides."""
_MOST_FILES = 500_000
_SECONDS_A_DAY = 86_400
_TABLES = (
    *(f"DROP TABLE IF EXISTS {name}" for name in ("cards", "results", "files")),
    *(f"CREATE TABLE {name} (key BLOB PRIMARY KEY, made BLOB, proof BLOB, used INTEGER)" for name in _MOST_BYTES),
    "CREATE TABLE files (path BLOB PRIMARY KEY, stamp TEXT, content BLOB, proof BLOB, used INTEGER)",
    f"PRAGMA user_version = {_LAYOUT}",
)
_KEEP = "INSERT OR REPLACE INTO {} VALUES (?, ?, ?, ?)"
_KEEP_FILE = "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)"
_DROP = """DELETE FROM {0} WHERE rowid IN (SELECT id FROM (
    SELECT rowid AS id, sum(length(made) + ?) OVER (ORDER BY used DESC, rowid DESC) AS total FROM {0})
    WHERE total > ?)"""
_DROP_FILES = """DELETE FROM files WHERE rowid IN (
    SELECT rowid FROM files ORDER BY used DESC, rowid DESC LIMIT -1 OFFSET ?)"""

Table = Literal["cards", "results"]


class Asked(NamedTuple):
    """That git was asked for the version of a template which judges a document that says `version`, and what it said:
    `past` is the digest of another template than today's, in hexadecimal, else empty."""

    template: str
    version: str
    past: str


class Kept(NamedTuple):
    """What was made of a file: the JSON of its card as plain values without the path, empty for no spec; and what was
    asked."""

    card: str
    asked: tuple[Asked, ...]


def folder() -> Path | None:
    """Where cards are kept; None where the user wants none, or has no place for them."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if os.path.isabs(named) else None
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA", "")
    elif sys.platform == "darwin":
        home = os.path.expanduser("~/Library/Caches")
    else:
        home = os.environ.get("XDG_CACHE_HOME", "")
        home = home if os.path.isabs(home) else os.path.expanduser("~/.cache")
    return Path(home, "spec-ls") if os.path.isabs(home) else None


def digest(*parts: bytes) -> bytes:
    """What tells these parts from all others."""
    made = blake2b(digest_size=16)
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.digest()


_digests: dict[int, tuple[Template, str]] = {}
_MOST_DIGESTS = 100


def of_template(template: Template) -> str:
    """What tells one template from another, in hexadecimal: its name and text."""
    known = _digests.get(id(template))
    if known is None:
        if len(_digests) >= _MOST_DIGESTS:
            _digests.clear()
        known = template, digest(_bytes(template.name), _bytes(template.source)).hex()
        _digests[id(template)] = known
    return known[1]


def governing(policy: Policy) -> bytes:
    """What tells one policy from another, as far as a card may depend on it."""
    parts = (
        of_template(policy.bound) if policy.bound else "",
        bool(policy.barred),
        tuple((name, of_template(template)) for name, template in policy.named.items()),
        tuple(map(of_template, policy.recognised)),
        tuple(sorted(policy.severities.items())),
        tuple(sorted(policy.known.items())),
    )
    return _governing(parts)


@lru_cache(1000)
def _governing(parts: tuple[object, ...]) -> bytes:
    return digest(_bytes(repr(parts)), _code())


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_made_by: list[bytes] = []


def _code() -> bytes:
    """What tells this code from any other that makes cards: its files' names, sizes and times, and what it runs on."""
    if not _made_by:
        home, found = os.path.dirname(__file__), []
        for place, _, names in os.walk(home):
            for name in names:
                if name.endswith((".py", ".md")):
                    told = os.stat(os.path.join(place, name))
                    found.append(f"{os.path.relpath(place, home)}/{name} {told.st_size} {told.st_mtime_ns}")
        _made_by.append(digest(*map(_bytes, [*sorted(found), *_libraries(), sys.version, f"{SHAPE}"])))
    return _made_by[0]


def _libraries() -> list[str]:
    """The releases of the libraries that read a text."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return [version(name) for name in ("markdown-it-py", "rapidfuzz")]
    except PackageNotFoundError:  # they came otherwise, and with this package
        return []


class Cache:
    """What is kept in a folder. For one thread; several processes may use one folder, and wait so many seconds for each
    other.

    `trouble` says why nothing more is kept, empty while all is well. A file that is damaged, or of another layout, is
    made anew.
    """

    def __init__(self, place: Path | None, seconds: float = BUSY_SECONDS) -> None:
        self.trouble = ""
        self._seconds = seconds
        self._path = place / NAME if place is not None and place != IN_MEMORY else place
        self._rows: dict[tuple[Table, bytes], tuple[bytes, bytes]] = {}
        self._files: dict[bytes, tuple[str, bytes, bytes]] = {}
        self._used: list[tuple[Table, bytes]] = []
        self._today = int(time.time()) // _SECONDS_A_DAY
        self._connection: sqlite3.Connection | None = None
        self._may_write = True
        self._made_anew = False
        self._has_grown = False
        self._has_said = False
        if self._path is not None:
            self._try(self._open)

    def content(self, path: str, stamp: FileStamp) -> bytes | None:
        """The digest of the bytes of a file that has this stamp; None where nobody knows."""
        question = "SELECT content, proof, used FROM files WHERE path = ? AND stamp = ?"
        found = self._row(question, _path(path), _told(stamp))
        if found is None or found[1] != digest(_path(path), _bytes(_told(stamp)), found[0]):
            return None
        if found[2] != self._today:
            self.saw(path, stamp, found[0])
        content: bytes = found[0]
        return content

    def saw(self, path: str, stamp: FileStamp, content: bytes) -> None:
        """Keeps the digest of the bytes of a file, which will be known by its stamp."""
        key, told = _path(path), _told(stamp)
        self._files[key] = told, content, digest(key, _bytes(told), content)
        self._write_soon()

    def find(self, key: bytes) -> Kept | None:
        """The card made from the bytes of a file and all that governs it, by the digest of these; None for nothing."""
        found = self.get("cards", key)
        if found is None:
            return None
        asked, _, card = found.partition(b"\n")
        return Kept(card.decode("ascii"), tuple(Asked(*one) for one in json.loads(asked)) if asked != b"[]" else ())

    def keep(self, key: bytes, kept: Kept) -> None:
        """Keeps a card that was made."""
        self.put("cards", key, f"{json.dumps(kept.asked)}\n{kept.card}".encode("ascii"))

    def get(self, table: Table, key: bytes) -> bytes | None:
        """What was kept by that key; None for nothing."""
        found = self._row(f"SELECT made, proof, used FROM {table} WHERE key = ?", key)
        if found is None or found[1] != digest(key, found[0]):
            return None
        if found[2] != self._today:
            self._used.append((table, key))
            self._write_soon()
        made: bytes = found[0]
        return made

    def put(self, table: Table, key: bytes, made: bytes) -> None:
        """Keeps what was made."""
        if len(made) <= _LARGEST:
            self._rows[table, key] = made, digest(key, made)
            self._write_soon()

    def write(self) -> None:
        """Writes what is to be kept. Another process that writes at that time goes first, and what then still waits is
        written the next time."""
        if (self._rows or self._files or self._used) and not self._try(self._write):
            for waiting in (self._rows, self._files, self._used):
                if len(waiting) > 10 * _MOST_WAITING or not self._may_write:
                    waiting.clear()

    def say_trouble(self) -> None:
        """Logs once why nothing more is kept, where that is so."""
        if self.trouble and not self._has_said:
            self._has_said = True
            log.warning("%s", self.trouble)

    def tidy(self) -> None:
        """Throws out what was not used for longest, where it is too much and something was written."""
        if self._has_grown:
            self.drop()

    def drop(self) -> None:
        """Throws out what was not used for longest, where it is too much."""
        self._has_grown = False
        self._try(self._drop)

    @property
    def bytes(self) -> int:
        """How large the file is; 0 where there is none."""
        size = self._row("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        return size[0] if size else 0

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            import sqlite3

            with contextlib.suppress(sqlite3.Error):
                connection.close()

    # --- the file

    def _open(self) -> None:
        import sqlite3

        assert self._path is not None
        if self._path != IN_MEMORY:
            self._path.parent.mkdir(0o700, parents=True, exist_ok=True)
        made = sqlite3.connect(self._path, timeout=self._seconds, isolation_level=None)
        self._connection = made
        if made.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            made.execute("PRAGMA journal_mode = WAL")  # waits for nobody: fails where others have the file open
        made.execute("PRAGMA synchronous = NORMAL")
        if made.execute("PRAGMA user_version").fetchone() != (_LAYOUT,):
            with _transaction(made):
                if made.execute("PRAGMA user_version").fetchone() != (_LAYOUT,):
                    for statement in _TABLES:
                        made.execute(statement)

    def _row(self, question: str, *values: object) -> tuple[Any, ...] | None:
        found: list[tuple[Any, ...] | None] = [None]

        def ask() -> None:
            assert self._connection is not None
            found[0] = self._connection.execute(question, values).fetchone()

        return found[0] if self._try(ask) else None

    def _write_soon(self) -> None:
        if len(self._rows) + len(self._files) + len(self._used) >= _MOST_WAITING:
            self.write()

    def _write(self) -> None:
        if self._may_write and self._connection is not None:
            with _transaction(self._connection):
                for name in _MOST_BYTES:
                    rows = [(key, *row, self._today) for (table, key), row in self._rows.items() if table == name]
                    self._connection.executemany(_KEEP.format(name), rows)
                    used = [(self._today, key) for table, key in self._used if table == name]
                    self._connection.executemany(f"UPDATE {name} SET used = ? WHERE key = ?", used)
                files = [(path, *row, self._today) for path, row in self._files.items()]
                self._connection.executemany(_KEEP_FILE, files)
            self._has_grown |= bool(self._rows or files)
        self._rows, self._files, self._used = {}, {}, []

    def _drop(self) -> None:
        if self._connection is not None and self._may_write:
            with _transaction(self._connection):
                for name, most in _MOST_BYTES.items():
                    self._connection.execute(_DROP.format(name), (_ROW_BYTES, most))
                self._connection.execute(_DROP_FILES, (_MOST_FILES,))

    def _try(self, work: Callable[[], None]) -> bool:
        """Does something with the file; what fails is passed over, and after damage the file is made anew, once."""
        import sqlite3

        if self._path is None or (self._connection is None and work not in (self._open, self._make_anew)):
            return False
        try:
            work()
            return True
        except sqlite3.Error as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                if work in (self._open, self._make_anew):
                    self.close()
                return False
            damaged = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_SCHEMA)
            if code in damaged and not self._made_anew:
                self._try(self._make_anew)
                return False
            self._give_up(str(error), work in (self._write, self._drop))
        except OSError as error:
            self._give_up(error.strerror or str(error), False)
        return False

    def _make_anew(self) -> None:
        assert self._path is not None
        self._made_anew = True
        self.close()
        for ending in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._path}{ending}")
        self._open()

    def _give_up(self, reason: str, may_read: bool) -> None:
        if not self.trouble:
            self.trouble = f"{self._path}: nothing can be kept here: {reason}"
        self._may_write = False
        if not may_read:
            self.close()


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        import sqlite3

        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _path(path: str) -> bytes:
    return os.fsencode(path)


def _told(stamp: FileStamp) -> str:
    return " ".join(map(str, stamp))
