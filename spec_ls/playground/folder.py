"""The one folder that the page sees: which of its files are Markdown, their text, and how it is written back."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from spec_ls.files import MARKDOWN, CannotRead, decode, is_inside, markdown_files, regular_bytes, replace_file

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that the page may open or save."""
_MOST_FILES = 20_000
"""Files and folders of any kind that are looked through."""
_BOM = "\ufeff"
_LINE = re.compile(r"([^\r\n]*)(\r\n?|\n|\Z)")


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as the page gets it: without byte order mark and with LF alone. `seen` names the bytes that were read."""

    text: str
    seen: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder by its real path. Files have names: their path in it, with slashes."""

    root: str

    @classmethod
    def at(cls, path: str) -> Folder:
        return cls(os.path.realpath(path))

    def names(self) -> list[str]:
        """The Markdown files in it that git would not ignore and that really lie in it."""
        found = markdown_files(self.root, _MOST_FILES).sources
        names = (os.path.relpath(source.path, self.root).replace(os.sep, "/") for source in found)
        return [name for name in names if self._real(name) is not None]

    def name_of(self, path: str) -> str | None:
        """What a file is called here; None where it does not lie in the folder or is no Markdown."""
        real = os.path.realpath(path)
        name = os.path.relpath(real, self.root).replace(os.sep, "/") if is_inside(self.root, real) else ""
        return name if name.lower().endswith(MARKDOWN) else None

    def path(self, name: object) -> str:
        """The real path of a file, by a name that nobody has checked. Raises CannotRead for what is not of the folder:
        another path, a link that leads out of it, a file that is no Markdown."""
        path = self._real(name) if isinstance(name, str) else None
        if path is None:
            raise CannotRead("is no Markdown file of this folder")
        return path

    def _real(self, name: str) -> str | None:
        parts = name.split("/")
        if "\0" in name or "\\" in name or not all(parts) or {".", ".."} & set(parts) or os.path.isabs(name):
            return None
        path = os.path.realpath(os.path.join(self.root, *parts))
        both = all(one.lower().endswith(MARKDOWN) for one in (name, path))
        return path if both and is_inside(self.root, path) else None

    def read(self, name: object) -> Reading:
        """A file's text. Raises CannotRead."""
        path = self.path(name)
        data = _bytes_at(path)
        return Reading(_lines_of(decode(data).removeprefix(_BOM)), _digest(data))

    def save(self, name: object, text: object, seen: object) -> str | Reading:
        """Writes a file that still is as it was `seen`, whole or not at all, and says how it is seen now.

        Line ends, byte order mark and mode stay as they are. A file that has changed meanwhile is given back as it is
        now, and left alone; one that is gone is seen as "". Raises CannotRead, also where it cannot be written.
        """
        path = self.path(name)
        if not isinstance(text, str):
            raise CannotRead("has no text")
        data = _bytes_at(path) if os.path.lexists(path) else None
        now = "" if data is None else _digest(data)
        before = "" if data is None else decode(data)
        if now != seen:
            return Reading(_lines_of(before.removeprefix(_BOM)), now)
        written = as_before(text, before)
        try:
            wanted = written.encode("utf-8")
        except UnicodeEncodeError:
            raise CannotRead("holds half of a character, which UTF-8 cannot hold; delete it and type it anew") from None
        if len(wanted) > MOST_BYTES:
            raise CannotRead(f"is larger than {MOST_BYTES:,} bytes")
        if wanted != data:
            try:
                replace_file(path, written)
            except OSError as error:
                raise CannotRead(f"cannot be written: {error.strerror or error}") from None
        return _digest(wanted)

    def uri(self) -> str:
        return Path(self.root).as_uri()


def as_before(text: str, before: str) -> str:
    """`text`, whatever its line ends, with the byte order mark and the line ends that the file had `before`.

    Where those differ, a line that was there keeps its own; a new one takes the end that most lines have.
    """
    mark = _BOM if before.startswith(_BOM) else ""
    old, new = _split(before.removeprefix(_BOM)), _split(text)
    ends = [end for _, end in old if end]
    usual = max(dict.fromkeys(ends), key=ends.count) if ends else "\n"
    if len(set(ends)) < 2:
        return mark + "".join(line + (usual if end else "") for line, end in new)
    kept = [usual] * len(new)
    matcher = SequenceMatcher(None, [line for line, _ in old], [line for line, _ in new], autojunk=False)
    for first, second, size in matcher.get_matching_blocks():
        for number in range(size):
            kept[second + number] = old[first + number][1] or usual
    return mark + "".join(line + (end if was else "") for (line, was), end in zip(new, kept, strict=True))


def _split(text: str) -> list[tuple[str, str]]:
    """Lines and their ends; behind the last end stands a line without one, if only an empty one."""
    found = [(match[1], match[2]) for match in _LINE.finditer(text)]
    return found[:-1] if len(found) > 1 and found[-2][1] == "" else found


def _lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _bytes_at(path: str) -> bytes:
    try:
        data = regular_bytes(path, MOST_BYTES + 1)
    except FileNotFoundError:
        raise CannotRead("is not there any more") from None
    except (OSError, ValueError) as error:
        raise CannotRead(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > MOST_BYTES:
        raise CannotRead(f"is larger than {MOST_BYTES:,} bytes")
    return data


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
