"""Files on disk: which of a folder are Markdown, and their text as it is."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MARKDOWN = (".md", ".markdown")
PASSED_BY = frozenset({".git", ".venv", "node_modules"})
"""Folders that hold other people's files, whatever .gitignore says."""

_MOST_IGNORES = 1_000_000
"""Bytes of a .gitignore that are read."""
_COARSEST = 2_000_000_000
"""Nanoseconds of the coarsest tick of a file system's clock, that of FAT."""
_LINE_END = re.compile(rb"\r\n?|\n")


class CannotRead(Exception):
    """A file or folder that cannot be read; the message says why and what to do."""


class CannotWrite(Exception):
    """A file that is left as it was; the message says why and what to do."""


class FileStamp(NamedTuple):
    """What tells one state of a file from another: nanoseconds, bytes, and the file's number."""

    modified: int
    size: int
    inode: int
    changed: int

    def is_safe(self, now: int) -> bool:
        """Whether every change after `now`, when it was taken (nanoseconds since the epoch), shows in it: clocks of
        file systems are coarse, and a file may be written twice within one tick."""
        return max(self.modified, self.changed) < now - _COARSEST


Stamp = tuple[object, ...] | None
"""What tells one state of a file from another, a `FileStamp` or as an editor has it; None for no file."""


def stamp_of(path: str) -> FileStamp | None:
    """The state of a file as it is now, links followed; None where there is no such file. Never raises."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return FileStamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to check. `named`: by the command line itself, not found in a folder."""

    path: str
    named: bool


@dataclass(slots=True)
class Found:
    """The files of a folder, in the order of their paths, and the folders in it that cannot be read."""

    sources: list[Source] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def read_source(path: str) -> str:
    """The file's text, line ends and byte order mark as they are. Raises CannotRead."""
    return decode(bytes_of(path))


def bytes_of(path: str) -> bytes:
    """What the file holds. Raises CannotRead."""
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise CannotRead("there is no such file or folder; check the spelling") from None
    except PermissionError:
        raise CannotRead("no permission to read it; change its mode (chmod +r) or its owner") from None
    except IsADirectoryError:
        raise CannotRead("it is a folder; name a file") from None
    except OSError as error:
        raise CannotRead(f"cannot be read: {error.strerror or error}") from None


def regular_bytes(path: str | Path, most: int, flags: int = 0) -> bytes:
    """The first `most` bytes of a regular file, opened with `flags` besides, without waiting for a writer.

    Raises OSError, also where the path is no regular file (a pipe or device might never end); ValueError for a NUL.
    """
    flags |= os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as opened:
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            raise OSError(errno.EINVAL, "is no regular file")
        return opened.read(most)


def is_inside(folder: str | Path, path: str | Path) -> bool:
    """Whether a path stays in a folder when all links are followed."""
    real = os.path.realpath(folder)
    return os.path.commonpath([os.path.realpath(path), real]) == real


class RealPaths:
    """Real paths of many files, the links among their folders followed once for each folder."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The real path of the file at `path`. Never raises."""
        folder, name = os.path.split(path)
        try:
            if name in ("", ".", "..") or sys.platform == "win32" or os.path.islink(path):
                return os.path.realpath(path)
        except ValueError:  # a NUL in it
            return path
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], name)


def may_be_root(folder: Path) -> bool:
    """Whether all files below a folder may be looked at: never those of a whole disk or a home folder."""
    real, home = os.path.realpath(folder), os.path.realpath(Path.home())
    return os.path.dirname(real) != real and not f"{home}{os.sep}".startswith(f"{real}{os.sep}")


def decode(data: bytes) -> str:
    """`data` as UTF-8 with nothing changed, not even CRLF. Raises CannotRead, naming the first byte at fault."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise CannotRead("is UTF-16, not UTF-8; save it as UTF-8") from None
        line = len(_LINE_END.findall(data, 0, error.start)) + 1
        where = f"line {line}, byte offset {error.start}"
        raise CannotRead(f"is not UTF-8: byte 0x{data[error.start]:02x} at {where}; save it as UTF-8") from None


def create_file(path: str, text: str) -> None:
    """Writes a file that is not there yet, and the folders that it needs. Raises OSError: FileExistsError for one that
    is there, even as a link that leads nowhere; then and otherwise nothing is left behind."""
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, f"{folder} is a file, not a folder") from None
    with open(path, "x", encoding="utf-8", newline="") as file:
        try:
            file.write(text)
            file.flush()
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(path)
            raise


def rewrite_file(path: str, before: str, after: str) -> None:
    """Puts `after` in place of `before`, whole or not at all. Raises CannotWrite; the file is then as it was.

    Links, mode, encoding, byte order mark and line ends stay. A file that has not the text `before` any more is left.
    """
    if not os.access(path, os.W_OK):
        raise CannotWrite("it cannot be written: it is read-only; change its mode (chmod u+w) or its owner")
    try:
        replace_file(path, after, before)
    except OSError as error:
        raise CannotWrite(f"it cannot be written: {error.strerror or error}") from None


def replace_file(path: str, text: str, before: str | None = None) -> None:
    """Writes a file whole or not at all: beside it first, then in its place, with its mode.

    Raises OSError; CannotWrite where `before` is given and the file has another text by now.
    """
    import tempfile  # the server never gets here

    real, data = os.path.realpath(path), text.encode("utf-8")
    handle, beside = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=os.path.dirname(real))
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if Path(beside).read_bytes() != data:
            raise OSError(errno.EIO, "what was written cannot be read back")
        there = os.stat(real) if os.path.exists(real) else None
        os.chmod(beside, stat.S_IMODE(there.st_mode) if there else 0o666 & ~_umask())
        if there and hasattr(os, "chown"):
            with contextlib.suppress(OSError):  # only root may give files away
                os.chown(beside, there.st_uid, there.st_gid)
        if before is not None and Path(real).read_bytes() != before.encode("utf-8"):
            raise CannotWrite("it has changed meanwhile and is left as it is; run the command again")
        os.replace(beside, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    _sync_folder(os.path.dirname(real))


def _sync_folder(folder: str) -> None:
    """Lets the new name last; where a folder cannot be opened, as on Windows, the system sees to it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    """The process's file mode creation mask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def markdown_files(folder: str, most: int | None = None) -> Found:
    """The Markdown files under `folder` that git would not ignore.

    Links to folders are not followed, so a loop of links ends nothing; a link to a file counts if the file
    itself is not found as well. With `most`, the search ends after so many files and folders of any kind.
    """
    found = Found()
    links: list[Source] = []
    outer = _outer_ignores(Path(folder))
    if _ignored(outer, Path(folder).resolve(), is_folder=True):
        outer = []  # the author names an ignored folder: then that is what is meant
    _walk(Path(folder), Path(folder).resolve(), outer, found, links, most)
    real = {os.path.realpath(source.path) for source in found.sources} if links else set()
    for link in links:
        target = os.path.realpath(link.path)
        if target not in real:
            real.add(target)
            found.sources.append(link)
    found.sources.sort(key=lambda source: Path(source.path).parts)
    return found


@dataclass(frozen=True, slots=True)
class _Ignores:
    """The patterns of one .gitignore, which count from `base`, its folder."""

    base: Path
    patterns: GitIgnoreSpec


def _walk(
    shown: Path, folder: Path, ignores: list[_Ignores], found: Found, links: list[Source], most: int | None
) -> None:
    """Collects below `folder`, an absolute path that the author sees as `shown`. Folders may be of any depth."""
    waiting, seen = [(shown, folder, ignores)], 0
    while waiting:
        if most is not None and seen > most:
            found.troubles.append(f"{shown}: not all folders are looked at: there are more than {most:,} files")
            return
        shown, folder, ignores = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
            ignores = [*ignores, *_ignores_in(folder)]
        except OSError as error:
            found.troubles.append(f"{shown}: the folder cannot be read: {error.strerror or error}")
            continue
        seen += len(entries)
        for entry in entries:
            path = folder / entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in PASSED_BY and not _ignored(ignores, path, is_folder=True):
                    waiting.append((shown / entry.name, path, ignores))
            elif entry.name.lower().endswith(MARKDOWN) and not _ignored(ignores, path, is_folder=False):
                source = Source(str(shown / entry.name), named=False)
                if entry.is_file(follow_symlinks=False):
                    found.sources.append(source)
                elif entry.is_symlink() and os.path.isfile(path):
                    links.append(source)


def _outer_ignores(folder: Path) -> list[_Ignores]:
    """What the repository around `folder` ignores, outermost first; nothing outside a repository."""
    chain: list[Path] = []
    for parent in (folder.resolve(), *folder.resolve().parents):
        chain.append(parent)
        if (parent / ".git").exists():
            break
    else:
        return []
    root = chain[-1]
    outer = list(_ignores_of(root / ".git" / "info" / "exclude", root))
    for parent in reversed(chain[1:]):
        outer += _ignores_in(parent)
    return outer


def _ignores_in(folder: Path) -> Iterator[_Ignores]:
    return _ignores_of(folder / ".gitignore", folder)


def _ignores_of(file: Path, base: Path) -> Iterator[_Ignores]:
    lines = _lines_of(file)
    if lines is None:
        return
    from pathspec import GitIgnoreSpec  # takes a while, and the server starts without it

    yield _Ignores(base, GitIgnoreSpec.from_lines([line for line in lines if _is_pattern(line)]))


def _lines_of(file: Path) -> list[str] | None:
    """The lines of a .gitignore; None where it is missing or no file of its own: like git, links are not followed.

    What is no file, such as a pipe or a link to /dev/zero, would never end.
    """
    try:
        data = regular_bytes(file, _MOST_IGNORES, getattr(os, "O_NOFOLLOW", 0))
    except (OSError, ValueError):
        return None
    return data.decode("utf-8", "surrogateescape").split("\n")


def _is_pattern(line: str) -> bool:
    """Whether it can be read as a pattern; git passes over those that cannot, such as a lone `!`."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except ValueError:
        return False
    return True


def _ignored(ignores: Iterable[_Ignores], path: Path, *, is_folder: bool) -> bool:
    """Whether the innermost .gitignore that says anything about `path` leaves it out."""
    for ignore in reversed(list(ignores)):
        if path == ignore.base:
            continue
        relative = path.relative_to(ignore.base).as_posix() + ("/" if is_folder else "")
        verdict = ignore.patterns.check_file(relative).include
        if verdict is not None:
            return verdict
    return False
