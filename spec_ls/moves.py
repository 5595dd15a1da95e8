"""Files that move: where each goes, and the relative links of specs that lead there or stand in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple
from urllib.parse import unquote

from spec_ls.catalogue import Card, Mention
from spec_ls.text import Span

_TAIL = re.compile("[#?]")
_ENCODED = " ()<>%#?\"'\\"


class Replacement(NamedTuple):
    """New text in the file at `path`, where `words` must stand; without any, it is a heading that is compared alike."""

    path: str
    span: Span
    words: str
    new_text: str


class Moves:
    """Files and folders by the paths that they move from and to."""

    def __init__(self, moves: Mapping[str, str]) -> None:
        self._moves = {posix(old): posix(new) for old, new in moves.items()}

    def after(self, path: str) -> str:
        """Where a file is after the moves; the path itself where none is its own."""
        path = folder = posix(path)
        while folder not in self._moves:
            above = posixpath.dirname(folder)
            if above == folder:
                return path
            folder = above
        return self._moves[folder] + path[len(folder) :]


def relinked(cards: Iterable[Card], moves: Moves, root: str) -> Iterator[Replacement]:
    """The edits that keep relative links right when files move: of links to them, and of links in them.

    Documents are named by their paths before. `root` is the folder from which a link with `/` in front counts.
    """
    for card in cards:
        before = posix(card.path)
        here, there = posixpath.dirname(before), posixpath.dirname(moves.after(before))
        for mention in card.mentions:
            name = _TAIL.split(mention.text, maxsplit=1)[0] if mention.kind == "link" else ""
            if not name:
                continue
            at_root = name.startswith("/")
            target = posixpath.normpath(posixpath.join(posix(root) if at_root else here, unquote(name).lstrip("/")))
            after = moves.after(target)
            if after != target or (here != there and not at_root):
                new = _written(posixpath.relpath(after, posix(root) if at_root else there), name)
                if unquote(new) != unquote(name):
                    yield _change(card, mention, name, new)


def bereft(cards: Sequence[Card], gone: Iterable[str]) -> list[tuple[Card, str]]:
    """The specs that stay and name one of those whose files or folders are `gone`, or link there; what they name."""
    moves = Moves(dict.fromkeys(gone, ""))
    leaving = {card.path for card in cards if moves.after(card.path) != posix(card.path)}
    lost = {card.id.casefold(): card.id for card in cards if card.path in leaving and card.id}
    found = []
    for card in cards:
        folder = posixpath.dirname(posix(card.path))
        links = [mention.text for mention in card.mentions if mention.kind == "link"]
        names = chain(
            (lost[one.text.casefold()] for one in card.mentions if one.kind == "id" and one.text.casefold() in lost),
            (text for text in links if _leads_into(moves, posixpath.join(folder, unquote(_TAIL.split(text, 1)[0])))),
        )
        name = next(names, None) if card.path not in leaving else None
        if name is not None:
            found.append((card, name))
    return found


def _leads_into(moves: Moves, path: str) -> bool:
    target = posixpath.normpath(path)
    return moves.after(target) != target


def _change(card: Card, mention: Mention, name: str, new: str) -> Replacement:
    """The edit that makes `new` of the path in a link; folders that both begin with stay as they are written."""
    kept = posixpath.commonprefix([name, new]).rpartition("/")[0]
    kept += "/" if kept else ""
    line, start, *_ = mention.span
    span = Span(line, start + len(kept), line, start + len(name))
    return Replacement(card.path, span, name[len(kept) :], new[len(kept) :])


def _written(path: str, before: str) -> str:
    """A relative path as the link's author writes them: with `/` or `./` in front, a `/` at the end."""
    path = path if " " in before else "".join(f"%{ord(char):02X}" if char in _ENCODED else char for char in path)
    if before.startswith("/"):
        path = f"/{path}"
    elif before.startswith("./") and not path.startswith("../"):
        path = f"./{path}"
    return f"{path}/" if before.endswith("/") and not path.endswith("/") else path


def posix(path: str) -> str:
    """A path with `/` between its parts."""
    return path.replace("\\", "/")
