"""Metadata values: handles, dates, identifiers and links as authors write them."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from spec_ls.outline.inline import normal_label, plain
from spec_ls.outline.metadata import Entry
from spec_ls.outline.shapes import boxes_in, unwrap, without_comments
from spec_ls.text import Span

_HANDLE = re.compile(r"@[^\W_][\w.-]*(?:/[^\W_][\w.-]*)*(?<![.])")
_MENTION = re.compile(r"(?<![\w@])@\w[\w./-]*")
_WORD = re.compile(r"(?<![^\W_])(?<!-)[^\W\d_][\w-]*")
_TICKS = re.compile("`+")
_ADDRESS = re.compile(r"\]\([^()\s]*|^ {0,3}\[[^\[\]]{1,999}\]:[ \t]*\S+|[a-z][a-z0-9+.-]{1,30}://[^\s<>)\]]+", re.I)
_TARGET = re.compile(
    r"\]\([ \t]*(?:<([^<>\n]*)>|([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*))|^ {0,3}\[[^\[\]]{1,999}\]:[ \t]*<?([^\s<>]+)"
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|\\\\", re.I)
_LINKED = re.compile(
    r"\[((?:\\.|[^\[\]\\])*+)(?:(\])(?:\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)|\[[^\[\]]*\])?)?"
)
"""A link; without group 2 a bracket that stays open, which is passed over as a whole."""
_SEPARATOR = re.compile(
    r"[,;،、，]|</?(?:br|ul|ol|li)\b[^<>]*>|(?<!\s)\s+(?:and|&|und|et|y|e|og|och|en|и|と|和|및)\s+|\s/\s|/(?=@)|\s\+\s"
    r"|(?:(?<!\s)\s+)?\\?\|\s*",
    re.I,
)
_DASHES = frozenset(["-", "–", "—", "*", "•", "|"])
_ENTITY = re.compile(r"&#?\w{1,32};")
_REMARK = re.compile(r"\([^()]*\)")
_ASIDE = re.compile(r"\((?!@[^\s()]+\))[^()]*\)")
"""A remark in brackets that is no handle itself."""
_MAIL = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_SAYINGS = frozenset(["tbd", "tba", "todo", "pending", "none", "nobody", "unknown", "later", "open", "vacant", "na"])
"""What authors write where nobody is named yet."""
_LONGEST = 2000
"""How much of a value (code points) is looked at: nobody names more people, or links more tickets, in one field."""
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = re.compile(r"(?<=[0-9])[T ][0-9]{2}:[0-9]{2}(?::[0-9.]+)?(?: ?Z|[+-][0-9]{2}:?[0-9]{2})?$")
_MORE = re.compile(r"\s*[(,;:\[–—]|\s+-\s|\.\s")
_DETAIL = re.compile(r"[0-9@#\[(]")
_PICTURES = frozenset(["So", "Mn", "Cn"])
"""The categories of emoji and their selectors."""
_URL = re.compile(
    r"<?[a-z][a-z0-9+.-]{1,30}://[^\s<>]+>?|www\.[^\s<>]+\.[^\s<>]+|<?[\w.+-]{1,100}@[\w-]{1,100}\.[\w.-]+>?", re.I
)
_TICKET = re.compile(
    r"(?<![\w-])(?:[A-Z][A-Z0-9_]{0,30}-[0-9]{1,10}|(?:[\w.-]{1,100}(?:/[\w.-]{1,100})?)?#[0-9]{1,10})(?![\w-])"
)
_INLINE_LINK = re.compile(r"\[(?:\\.|[^\[\]\\])*\]\(\s*<?[^\s()<>]")
_REFERENCE = re.compile(r"\[((?:\\.|[^\[\]\\])+)\](?:\[((?:\\.|[^\[\]\\])*)\])?(?!\()")
_STRUCK = re.compile(r"~~[^~\n]+~~")
_ALTERNATIVES = re.compile(r"\\?\||/|→")
_AROUND = re.compile(r"^(?::[a-z0-9_+-]{1,40}: *|==)|(?<=[^\W_])(?: *:[a-z0-9_+-]{1,40}:|==)$")
_PAIRS = {'"': '"', "“": "”", "„": "“", "«": "»", "'": "'", "‘": "’", "[": "]", "「": "」"}
_PAIRED = re.compile(r"[\"“”„«»'‘’\[\]「」]")
_UNSEEN = dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))
"""Letters that nobody sees: a soft hyphen, a space of no width, a joiner, a byte order mark."""
_MONTHS = {
    name.casefold(): at for names in (calendar.month_name, calendar.month_abbr) for at, name in enumerate(names) if name
}
_MONTHS["sept"] = 9
_ELSEWHERE = """
januar februar märz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre
января февраля марта апреля мая июня июля августа сентября октября ноября декабря
"""
_MONTHS.update((name, at % 12 + 1) for at, name in enumerate(_ELSEWHERE.split()))
_BETWEEN = "st nd rd th of the t de del du di den der le el am er 年 月 日 년 월 일"
_IN_DATES = frozenset(_BETWEEN.split())
"""What stands between the numbers of a date and says nothing."""


class Named(NamedTuple):
    """A part of an entry with its place."""

    span: Span
    text: str
    handle: str | None


def named_in(entry: Entry) -> list[Named]:
    """The entries of a metadata field that names people, on one line or, in YAML, on several."""
    return [
        Named(
            Span(span.start_line, span.start + part.start, span.start_line, span.start + part.end),
            part.text,
            part.handle,
        )
        for value, span in entry.parts
        for part in handles(value)
    ]


class Part(NamedTuple):
    """One entry of a list of handles at its offsets in the value; `handle` is None where it is none."""

    start: int
    end: int
    text: str
    handle: str | None


def handles(value: str) -> tuple[Part, ...]:
    """The entries of a list of handles: separated by comma, semicolon, `<br>`, `and`, ` / ` or white space.

    A linked handle (`[@mira](…)`), one in code marks and an escaped one count; a remark in parentheses
    behind it is the author's.
    """
    return _handles(value[:_LONGEST])


@lru_cache(maxsize=32)
def _handles(value: str) -> tuple[Part, ...]:
    """The same; several rules ask for the people in one value."""
    return tuple(_parts(value))


def _parts(value: str) -> Iterator[Part]:
    value = without_comments(value)
    value = value.replace("&amp;", "&    ")
    masked = _ENTITY.sub(lambda found: "\0" * len(found[0]), value)
    masked = _LINKED.sub(lambda found: "\0" * len(found[0]) if found[2] else found[0], masked)
    masked = _ASIDE.sub(lambda found: " " * len(found[0]), masked)
    if "@" in (alone := _MAIL.sub(lambda found: " " * len(found[0]), masked)):
        masked = alone  # addresses beside handles
    at = 0
    for separator in [*_SEPARATOR.finditer(masked), None]:
        stop = separator.start() if separator else len(value)
        yield from _entry(value, masked, at, stop)
        at = separator.end() if separator else stop


def _entry(value: str, masked: str, start: int, end: int) -> Iterator[Part]:
    words = [
        (start + word.start(), start + word.end())
        for word in re.finditer(r"\S+", masked[start:end])
        if word[0].isascii() or word[0] in _DASHES or any(char.isalnum() or char in "@＠" for char in word[0])
    ]
    if not words:
        return
    loose: list[tuple[int, int]] = []
    named = False
    for word in words:
        part = _part(value, *word)
        if part.handle is None:
            loose.append(word)
            continue
        if loose and not _introduces(value, loose, word[0]):
            yield _part(value, loose[0][0], loose[-1][1])
        named, loose = True, []
        yield part
    first = value[slice(*loose[0])] if loose else ""
    if loose and not (first in _DASHES and (named or not first.isascii())):
        yield _part(value, loose[0][0], loose[-1][1])


def _introduces(value: str, words: Sequence[tuple[int, int]], handle: int) -> bool:
    """Whether words in front of a handle go with it: a bullet, `Tech lead: @mira`, `Mira Kern (@mira)`."""
    return value[handle] == "(" or value[: words[-1][1]].endswith((":", "：")) or value[slice(*words[-1])] in _DASHES


def _part(value: str, start: int, end: int) -> Part:
    text = value[start:end]
    first, last = unwrap(text)
    while last - first > 1 and text[first] in "\"'" and text[last - 1] in "\"'":  # as YAML quotes a handle
        first, last = first + 1, last - 1
    if text[first:last].startswith("(@") and text[last - 1] == ")":
        first, last = first + 1, last - 1
    if text[first : first + 1] in "@\\":
        last = first + len(text[first:last].rstrip("."))
    inner = text[first:last]
    linked = _LINKED.fullmatch(inner)
    words = composed(plain(linked[1] if linked and linked[2] else inner).strip(",;"))
    return Part(start + first, start + last, words, words if _HANDLE.fullmatch(words) else None)


def composed(words: str) -> str:
    """Words with each letter and its accents as one, as most keyboards write them; some file systems part them."""
    return words if words.isascii() else unicodedata.normalize("NFC", words)


def same_handle(handle: str) -> str:
    """The form in which handles are compared: case and the way in which letters are put together say nothing."""
    return composed(handle).casefold()


def handle_of(value: str) -> str | None:
    """The one handle that a value is; None where it is none or several."""
    found = [part.handle for part in handles(value)]
    return found[0] if len(found) == 1 else None


def is_plainly_handle(text: str) -> bool:
    """Whether a word without `@` can only be meant as a handle: it has the sign in another form, or is one lower-case
    word that says nothing of its own."""
    return "@" in text or "＠" in text or (text == text.lower() and text not in _SAYINGS)


def near_handles(text: str) -> list[str]:
    """The handle that a text without one was meant to be (`mira`, `＠mira`, `@ mira`); empty where it is unclear."""
    folded = unicodedata.normalize("NFKC", text).strip().strip("`*_").replace("@ ", "@").rstrip(".,;:")
    if _HANDLE.fullmatch(folded):
        return [folded]
    if re.fullmatch(r"[^\W_][\w-]*(?:/[^\W_][\w.-]*)?", folded) and folded.casefold() not in (
        "tbd",
        "n/a",
        "na",
        "none",
    ):
        return ["@" + folded]
    return []


class Mention(NamedTuple):
    """A handle or identifier anywhere in a line, at offsets in code points."""

    start: int
    end: int
    words: str


def mentions(line: str, prefix: str = "") -> Iterator[Mention]:
    """The handles in a line of text, then the identifiers that begin with `prefix`, whatever its case."""
    for found in _MENTION.finditer(line):
        handle = found[0].rstrip("./-")
        yield Mention(found.start(), found.start() + len(handle), handle)
    if prefix:
        yield from identifiers_in(line, (prefix,))


def identifiers_in(line: str, prefixes: Iterable[str]) -> Iterator[Mention]:
    """The words of a line that are one of `prefixes`, whatever its case, and a number."""
    folded = line.casefold()
    wanted = tuple(prefix.casefold() for prefix in prefixes if prefix and prefix.casefold() in folded)
    if not wanted:
        return
    for found in numbered_words(line):
        name = found.words.casefold()
        if any(name.startswith(prefix) and _is_number(name[len(prefix) :]) for prefix in wanted):
            yield found


def numbered_words(line: str) -> Iterator[Mention]:
    """The words of a line that end with a digit, as every identifier does."""
    for found in _WORD.finditer(line):
        word = found[0].rstrip("_")  # emphasis
        if word[-1:].isdigit():
            yield Mention(found.start(), found.start() + len(word), word)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def handles_in(line: str) -> Iterator[Mention]:
    """The handles in a line of text, those in code marks and addresses left out."""
    if "@" in line:
        yield from mentions(bare(line))


def bare(line: str) -> str:
    """`line` with what stands in code marks and the addresses of links blanked."""
    return without_addresses(_without_code(line))


def without_addresses(line: str) -> str:
    """`line` with the addresses of links blanked."""
    return _ADDRESS.sub(lambda found: " " * len(found[0]), line)


def _without_code(line: str) -> str:
    """`line` with what stands in code marks blanked."""
    parts, at = [], 0
    for start, end in code_spans(line):
        parts += [line[at:start], " " * (end - start)]
        at = end
    return "".join([*parts, line[at:]]) if parts else line


def code_spans(line: str) -> list[tuple[int, int]]:
    """The offsets of what stands in code marks on a line, without the marks (CommonMark 0.31, "Code spans")."""
    runs = [found.span() for found in _TICKS.finditer(line)] if "`" in line else []
    last = {end - start: at for at, (start, end) in enumerate(runs)}
    found, at = [], 0
    while at < len(runs):
        start, end = runs[at]
        at += 1
        if last[end - start] >= at and not line[:start].endswith("\\"):
            while runs[at][1] - runs[at][0] != end - start:
                at += 1
            found.append((end, runs[at][0]))
            at += 1
    return found


def link_targets(line: str) -> Iterator[Mention]:
    """The targets of the links on a line, of link reference definitions, too, that lead to no other host or scheme."""
    if "](" not in line and "]:" not in line:
        return
    for found in _TARGET.finditer(_without_code(line)):
        group = found.lastindex or 0
        if found[group] and not has_scheme(found[group]):
            yield Mention(*found.span(group), found[group])


def has_scheme(target: str) -> bool:
    """Whether the target of a link leads to another host or scheme."""
    return _SCHEME.match(target) is not None


def tickets_in(value: str) -> Iterator[Mention]:
    """The tickets that the value of a link field names: their keys; the addresses where there are none."""
    value = without_comments(value[:_LONGEST])
    found = list(_TICKET.finditer(value)) or list(_URL.finditer(value))
    for one in found:
        yield Mention(*one.span(), one[0])


def word_at(line: str, offset: int) -> Mention | None:
    """The word at an offset, hyphens and digits included, as an identifier is one; a hyphen at its end counts where the
    offset is behind it. None where no word is."""
    start = end = offset
    while start and (line[start - 1].isalnum() or line[start - 1] in "-_"):
        start -= 1
    while end < len(line) and (line[end].isalnum() or line[end] in "-_"):
        end += 1
    words = line[start : max(offset, start + len(line[start:end].rstrip("-_")))]
    start += len(words) - len(words.lstrip("-_"))
    words = words.lstrip("-_")
    return Mention(start, start + len(words), words) if start <= offset <= start + len(words) and words else None


def last_number(prefix: str, identifiers: Iterable[str]) -> int:
    """The highest number behind `prefix`, whatever its case, in identifiers; 0 where there is none."""
    folded = prefix.casefold()
    tails = [name[len(folded) :] for name in identifiers if name.casefold().startswith(folded)]
    return max((int(tail) for tail in tails if tail.isascii() and tail.isdigit() and len(tail) < 19), default=0)


def identifier(prefix: str, number: int, digits: int) -> str:
    """`SPEC-007`: the number with at least so many digits behind the prefix."""
    return f"{prefix}{number:0{digits}d}"


def iso_date(text: str) -> date | None:
    """The calendar date of `YYYY-MM-DD` in ASCII digits (ISO 8601); None for anything else, such as February 30."""
    found = _ISO.fullmatch(text)
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def distance(days: int) -> str:
    """A number of days from today in words, as one would say it."""
    if days in (-1, 0, 1):
        return ("yesterday", "today", "tomorrow")[days + 1]
    far = abs(days)
    if far % 7 == 0 and far < 140:
        said = count(far // 7, "week")
    elif far < 60:
        said = count(far, "day")
    elif far < 730:
        said = f"about {count(round(far / 30.44), 'month')}"
    else:
        said = f"about {count(round(far / 365.25), 'year')}"
    return f"in {said}" if days > 0 else f"{said} ago"


def count(number: int, noun: str) -> str:
    """`1 week`, `2 weeks`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def listed(words: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def near_dates(text: str) -> list[date]:
    """The dates that a text in another form may mean, both readings of `3/4/2026`; empty where there is none."""
    folded = unicodedata.normalize("NFKC", text[:100]).strip().casefold()
    words = re.findall(r"[0-9]+|[^\W\d_]+", folded)
    words = [word for word in words if word not in _IN_DATES]
    numbers = [int(word) for word in words if word.isdigit() and len(word) <= 8]
    months = [_MONTHS[word] for word in words if word in _MONTHS]
    if len(words) == 1 and len(numbers) == 1 and len(words[0]) == 8:
        whole = words[0]
        return _dates((int(whole[:4]), int(whole[4:6]), int(whole[6:])))
    if len(months) == 1 and len(numbers) == 2 and len(words) <= 4:
        year = max(numbers)
        day = min(numbers)
        return _dates((year, months[0], day)) if year > 31 else []
    if len(numbers) == 3 and len(words) == 3:
        first, second, third = numbers
        if first > 31:
            return _dates((first, second, third))
        if third > 31:
            separator = re.search(r"[0-9]\s*([^\w\s])", folded)
            if separator and separator[1] == ".":
                return _dates((third, second, first))
            return _dates((third, first, second), (third, second, first))
    return []


def _dates(*candidates: tuple[int, int, int]) -> list[date]:
    found = []
    for year, month, day in candidates:
        try:
            value = date(year, month, day)
        except ValueError:
            continue
        if value not in found:
            found.append(value)
    return found


def is_link(value: str, definitions: frozenset[str]) -> bool:
    """Whether a value leads somewhere: an inline or reference link, an autolink, a bare URL or a ticket key.

    `definitions` are the labels of the document's link reference definitions, normalised as in CommonMark.
    """
    value = without_comments(value[:_LONGEST])
    if _INLINE_LINK.search(value) or _URL.search(value) or _TICKET.search(value):
        return True
    for found in _REFERENCE.finditer(value):
        label = found[2] or found[1]
        if normal_label(label) in definitions:
            return True
    return False


def told_apart(source: str) -> str:
    """Of the Markdown of several values the one that is meant: in bold among others (`Draft / **Done**`), behind the
    only box that is ticked, or left where all others are struck out. Empty where none is told apart."""
    boxes = boxes_in(source)
    if len(boxes) > 1:
        ticked = [words for is_ticked, words in boxes if is_ticked]
        return ticked[0] if len(ticked) == 1 else ""
    if "~~" in source:
        left = _STRUCK.sub("", source).strip(" /|,→")
        return left if left != source else ""
    if "**" not in source and "__" not in source:
        return ""
    parts = [part.strip() for part in _ALTERNATIVES.split(source[:_LONGEST])]
    bold = [part for part in parts if len(part) > 4 and part[:2] in ("**", "__") and part.endswith(part[:2])]
    return bold[0] if len(parts) > 2 and len(bold) == 1 else ""


def bare_value(words: str) -> str:
    """Plain words without what authors put around a value: quotes, brackets, a full stop, `:emoji:`, letters that
    nobody sees."""
    words = composed(words.translate(_UNSEEN).strip())
    if ":" in words or "=" in words:
        words = _AROUND.sub("", words)
    if words[:1] in _PAIRS and words[-1] == _PAIRS[words[0]] and not _PAIRED.search(words[1:-1]):
        words = words[1:-1].strip()
    return words[:-1] if words.endswith(".") and not words.endswith("..") else words


def without_emoji(words: str) -> str:
    """Plain words without the emoji and marks at their ends; emoji that stand alone stay."""
    if words[:1].isalnum() and words[-1].isascii():
        return words.rstrip()
    first, last = 0, len(words)
    while first < last and not (words[first].isalnum() or words[first] in "@[(<\"'#-_+."):
        first += 1
    while last > first and (unicodedata.category(words[last - 1]) in _PICTURES or words[last - 1].isspace()):
        last -= 1
    return words[first:last] or ("" if not any(unicodedata.category(one) == "So" for one in words) else words.strip())


def _by_words(pair: tuple[str, str]) -> int:
    return len(pair[0])


def choice_in(value: str, choices: Sequence[str], going_on: Sequence[str] = ()) -> str | None:
    """The choice that a plain value is; None where it is none. The emoji of either do not count.

    What stands behind a choice may say more of it, in brackets, behind a mark, or with a number, a link or a handle:
    `Implemented (Swift 5.1)`, `Accepted, with changes`, `Deferred until 2027`. Behind one of `going_on` anything may.
    """
    if value in choices:
        return value
    value = without_emoji(value)
    for words, choice in sorted(((without_emoji(choice), choice) for choice in choices), key=_by_words, reverse=True):
        if words and value.startswith(words):
            rest = value[len(words) :]
            if not rest:
                return choice
            if choice in going_on and rest[0] == " ":
                return choice
            if _MORE.match(rest) or (rest[0] == " " and _DETAIL.search(rest)):
                return choice
    return None


def is_choices(value: str, choices: Sequence[str]) -> bool:
    """Whether a plain value names several of the choices: `Core, Networking`, `2.x & 3.x`."""
    parts = [part.strip() for part in re.split(r"[,;|/&+]\s*|(?<!\s)\s+and\s+", value)]
    known = set(map(without_emoji, choices))
    return len(parts) > 1 and all(without_emoji(part) in known for part in parts)


def is_dates(text: str, with_time: bool) -> bool:
    """Whether a text is a day of the calendar, or several parted by commas, each with a remark in brackets if need be.

    `with_time` allows a time of day behind each (RFC 3339).
    """
    return None not in days_of(text, with_time)


def days_of(text: str, with_time: bool) -> list[date | None]:
    """The days that such a text names; None for each part that is none."""
    days = [day.strip() for day in re.split("[,;]", _REMARK.sub("", text))]
    return [iso_date(_TIME.sub("", day) if with_time else day) for day in days]
