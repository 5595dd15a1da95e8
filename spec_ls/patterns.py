"""A team's own patterns, made safe to run: a part of regular expressions whose time grows with the text alone.

Such a pattern is letters, `\\d`, `\\w`, classes in brackets, `?`, `*`, `+`, `{m,n}` and alternatives in brackets.
What may be repeated must not also begin what follows, so that there is one way to match; then nothing is ever tried
again, and the pattern is compiled so (`++`, `(?>…)`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 200
_MOST = 60
"""How often a part may be repeated at most; `+` and `*` mean so often."""
_DEEPEST = 5
_COUNTS = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_CLASS = re.compile(r"\[\^?(?:\\[\w\W]|[^\[\]\\])+\]")
_SETS = re.compile(r"--|&&|~~|\|\|")
"""What may come to mean something in a class one day."""
_SPECIAL = frozenset(".^$*+?{}[]\\|()")
_ESCAPES = "dDwWsS"
_ALPHABET = "".join(map(chr, range(32, 127))) + "\u00e9\u00c9\u6f22\u0665\u2013\U0001f680 \t"
"""Letters by which it is told whether two parts can begin alike: ASCII, and some for all others."""


class UnsafePattern(ValueError):
    """Why a pattern is not taken, in words for the one who wrote it."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a pattern: what it compiles to, the letters that it may begin with, whether it may be left out.

    `repeated` are the letters that may follow in it still where it could also end.
    """

    source: str
    first: frozenset[str]
    optional: bool
    repeated: frozenset[str]
    literal: str | None = None


@lru_cache(maxsize=64)
def safe_pattern(source: str) -> re.Pattern[str]:
    """The pattern for whole words: no letter, digit or hyphen before it, no letter or digit behind it.

    Raises UnsafePattern for one that is no pattern, may match nothing, or could take long.
    """
    if len(source) > _LONGEST:
        raise UnsafePattern(f"a pattern has {_LONGEST} letters at most")
    reader = _Reader(source)
    alternatives = reader.alternatives(0)
    if reader.at < len(source):
        raise UnsafePattern(f"nothing opens the ) at letter {reader.at + 1}")
    if any(part.optional for part in alternatives):
        raise UnsafePattern("a pattern must not match where there is nothing")
    safe = rf"(?<![\w-])(?:{'|'.join(part.source for part in alternatives)})(?!\w)(?!-\w)"
    try:
        return re.compile(safe)
    except (re.error, RecursionError, OverflowError) as error:
        raise UnsafePattern(f"not a regular expression: {error}") from None


class _Reader:
    """Reads a pattern from its first letter on; `at` is the next."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.at = 0

    def alternatives(self, depth: int) -> list[_Part]:
        """What stands between `|`, up to a closing bracket or the end."""
        if depth > _DEEPEST:
            raise UnsafePattern(f"brackets go {_DEEPEST} deep at most")
        found = [self._sequence(depth)]
        while self._source.startswith("|", self.at):
            self.at += 1
            found.append(self._sequence(depth))
        return found

    def _sequence(self, depth: int) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self._source) and self._source[self.at] not in "|)":
            begin = self.at
            part = self._repeated(self._atom(depth), begin)
            _check_follows(parts, part.first, self._source[begin : self.at])
            parts.append(part)
        return _joined(parts)

    def _atom(self, depth: int) -> _Part:
        char = self._source[self.at]
        if char == "(":
            return self._group(depth)
        if char == "[":
            found = _CLASS.match(self._source, self.at)
            if found is None:
                raise UnsafePattern(f"nothing closes the [ at letter {self.at + 1}")
            if signs := _SETS.search(found[0]):
                raise UnsafePattern(f"{signs[0]} is not among what brackets may have in them")
            self.at = found.end()
            return _letters(found[0])
        if char == "\\":
            escape = self._source[self.at : self.at + 2]
            if len(escape) < 2 or (escape[1].isalnum() and escape[1] not in _ESCAPES):
                raise UnsafePattern(f"{escape} is not among what a pattern may have")
            self.at += 2
            return _letters(escape)
        if char in _SPECIAL:
            raise UnsafePattern(f"{char} at letter {self.at + 1} is not among what a pattern may have there")
        self.at += 1
        return _letters(re.escape(char))

    def _group(self, depth: int) -> _Part:
        opened = self.at
        self.at += 3 if self._source.startswith("(?:", self.at) else 1
        if self._source.startswith("?", self.at):
            raise UnsafePattern("of brackets with a ? behind them there is (?:…) alone")
        alternatives = self.alternatives(depth + 1)
        if not self._source.startswith(")", self.at):
            raise UnsafePattern(f"nothing closes the ( at letter {opened + 1}")
        self.at += 1
        if all(part.literal is not None for part in alternatives):
            alternatives = sorted(set(alternatives), key=lambda part: -len(part.literal or ""))
        else:
            _check_apart(alternatives)
        return _Part(
            f"(?>{'|'.join(part.source for part in alternatives)})",
            frozenset().union(*(part.first for part in alternatives)),
            any(part.optional for part in alternatives),
            frozenset().union(*(part.repeated for part in alternatives)),
        )

    def _repeated(self, part: _Part, begin: int) -> _Part:
        """The part with the sign for repetition behind it, if there is one."""
        found = _COUNTS.match(self._source, self.at)
        sign = self._source[self.at : self.at + 1]
        if found is not None:
            least = int(found[1])
            most = int(found[3]) if found[3] else _MOST if found[2] else least
            self.at = found.end()
        elif sign and sign in "?*+":
            least, most = int(sign == "+"), 1 if sign == "?" else _MOST
            self.at += 1
        else:
            return part
        words = self._source[begin : self.at]
        if self._source[self.at : self.at + 1] in ("?", "+", "*", "{"):
            raise UnsafePattern(f"{words} must not have another sign for repetition behind it")
        if not least <= most <= _MOST or most == 0:
            raise UnsafePattern(f"{words} repeats no less than once and {_MOST} times at most")
        if most > 1 and part.source.startswith("(?>"):
            raise UnsafePattern(f"{words} repeats what stands in brackets, which can take long")
        if least == most:
            return _Part(f"{part.source}{{{least}}}", part.first, part.optional, part.repeated)
        repeated = part.repeated | part.first
        return _Part(f"{part.source}{{{least},{most}}}+", part.first, part.optional or least == 0, repeated)


def _letters(source: str) -> _Part:
    """One letter of a class, an escape or itself."""
    try:
        one = re.compile(source)
    except re.error as error:
        raise UnsafePattern(f"{source}: {error}") from None
    literal = source[-1] if (source[0] != "[" and source[-1] not in _ESCAPES) or len(source) == 1 else None
    first = frozenset(char for char in _ALPHABET + (literal or "") if one.fullmatch(char))
    return _Part(source, first, False, frozenset(), literal)


def _joined(parts: Sequence[_Part]) -> _Part:
    """Parts one behind another as one."""
    first: set[str] = set()
    repeated: set[str] = set()
    optional = True
    for part in parts:
        if optional:
            first |= part.first
        optional = optional and part.optional
    for part in reversed(parts):
        repeated |= part.repeated
        if not part.optional:
            break
    literals = [part.literal for part in parts]
    literal = "".join(filter(None, literals)) if None not in literals else None
    return _Part("".join(part.source for part in parts), frozenset(first), optional, frozenset(repeated), literal)


def _check_follows(parts: Sequence[_Part], first: frozenset[str], words: str) -> None:
    """Raises UnsafePattern where what comes next may begin like what a part before it may go on with."""
    for part in reversed(parts):
        if part.repeated & first:
            both = min(part.repeated & first)
            raise UnsafePattern(f"{words} may begin with {both}, and so may what is repeated in front of it go on")
        if not part.optional:
            return


def _check_apart(alternatives: Sequence[_Part]) -> None:
    seen: set[str] = set()
    for part in alternatives:
        if seen & part.first:
            raise UnsafePattern(f"two alternatives in brackets may begin with {min(seen & part.first)}")
        seen |= part.first
