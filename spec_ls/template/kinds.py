"""What a template's sample value says of its field: a date, a choice, an identifier, people, a link, or just text.

Only the shape of the value and of the remarks beside it decide. What is unclear is text, about which no
finding is made.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import NamedTuple

from spec_ls.outline.inline import plain, skeleton
from spec_ls.outline.shapes import boxes_in
from spec_ls.template.model import FieldKind

_ESCAPE = re.compile(r"\\([\[\]<>{}_*#~`!-])")
BRACKET = re.compile(r"\[[^\[\]]+\](?![(\[])|\{[^{}]+\}|<[^<>/!]+>")
_WRAPPED = re.compile(r"\(([^()]*)\)|\{([^{}]*)\}|\[([^\[\]]*)\]|<([^<>]*)>|（([^（）]*)）")
_DATE = re.compile(
    r"(?<![^\W\d_])(?:yyyy|jjjj|aaaa|åååå|rrrr|гггг|20(?:yy|jj|aa|xx))-(?:mm|мм|xx)-(?:dd|tt|jj|gg|pp|дд|xx)(?![a-su-z])",
    re.I,
)
"""`YYYY-MM-DD` in any case and in the letters of other languages, also with `THH:MM:SSZ` behind it."""
_TIMED = re.compile(r"(?:dd|[0-9]{2})[T ](?:hh|[0-9]{2}):", re.I)
_ID = re.compile(r"([A-Za-z][A-Za-z0-9]*(?:-[A-Za-z][A-Za-z0-9]*)*?[-_])([XN#?]{1,9}|[0-9]{1,9})")
_HANDLE = re.compile(r"@[\w][\w./-]*")
_ONE_OF = re.compile(r"^(?:one|any|either) of:? +", re.I)
_BESIDE = re.compile(r"([^()]{1,30}?)(?<!\s)\s*\(([^()]+)\)")
_OF_DAYS = re.compile(r"(?:D{1,2}|M{1,4}|Y{2,4}|T{2}|J{2,4}|A{4})", re.I)
"""A part of a day in another order: `DD/MM/YYYY`."""
_LINKS = re.compile(
    r"\b(?:link|url|ticket|issue|lien|enlace|ligação|collegamento|verweis)\b|リンク|チケット|链接|工单|링크|ссылк", re.I
)
_NAMED = re.compile(r"[^\W\d_][\w .'-]{0,30} \((@[\w./-]{1,40})\)")
"""`Name (@handle)`."""
_BETWEEN = re.compile(r"[\[{<]?(?:[ ,;&/、，；]|\b(?:and|und|et|y|e|og|och|en|и)\b)*[\]}>]?")
_ARROW = re.compile(r"--?>|=>|[→⇒➔➜⟶•·]|<br\s?/?>")
_OPEN = re.compile(r"(?<=\w) [A-Z]+-?[0-9X]+$")
_SAID = re.compile(
    r"\b(?:values?|options?|choices?|statuses|states|one of|any of|either)\b[^:`\n]{0,40}?:?\s*(.*)", re.I | re.S
)
_CODE = re.compile(r"`([^`\n]{1,40})`")
_LEAD = re.compile(r"^(?!\s)[^:：/|,()`]{1,40}[:：]\s+(?=[^:：]*$)")
"""What introduces the choices: `choose one: `, `REQUIRED: `."""
_SENTENCE = re.compile(r"[.;](?:\s|$)|\n\s*\n")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_DEFAULT = re.compile(r"[^\W\d_]+|(?=[^0-9]*+[0-9])[\w.+-]+|[nN]/[aA]|[A-Z][a-z]+(?: [A-Z][a-z]+){1,2}")
_TAGS = re.compile(r"[^\W\d_A-Z][^\WA-Z_]*+(?:-[^\WA-Z_]++)*+(?:, [^\W\d_A-Z][^\WA-Z_]*+(?:-[^\WA-Z_]++)*+)+")
_LAST_TWO = re.compile(r"(?:(.+?) )?(?:or|oder|ou|of|или|eller|lub|o) (.+)", re.S)
_EXAMPLES = re.compile(r"\b(?:such as|for example|for instance|e\.g\.):?,?\s", re.I)
_LIST_END = re.compile(r"(?:,\s)?\b(?:or|and)\b\s")
_AND_SO_ON = re.compile(r",?\s?(?:\betc\b\.?|\band so on\b|…|\.{3})")
_STATUSES = frozenset(
    ("statu", "state", "stage", "ステータス", "状態", "状态", "상태", "estado", "statut", "stato", "статус")
)
_TARGETS = frozenset(("target", "due", "deadline", "eta", "launch", "ship", "release", "delivery", "completion"))
_LONGEST_VALUE = 30
_MOST_WORDS = 3
_LONGEST_SAMPLE = 2000


class Kind(NamedTuple):
    """What a sample shows. `values` are the choices; `open_values` those that go on in a document
    (`superseded by ADR-0007`); `prefix` and `digits` make up an identifier; `timed`: a date with a time of day."""

    kind: FieldKind
    values: tuple[str, ...] = ()
    open_values: tuple[str, ...] = ()
    prefix: str = ""
    digits: int = 0
    timed: bool = False


def kind_of(sample: str, key: str = "", remarks: tuple[str, ...] = ()) -> Kind:
    """What the sample value of the field `key` shows; where it shows nothing, what the remarks beside it say.

    Never raises.
    """
    shown = _shown(sample[:_LONGEST_SAMPLE], key)
    if shown.kind != "text":
        return shown
    for remark in remarks:
        if _DATE.search(remark) and (not sample or len(sample) < _LONGEST_VALUE):
            return Kind("date", timed=bool(_TIMED.search(remark)))
        values = said_choices(remark, key) or (
            choices(remark, key) if not sample or skeleton(sample) in skeleton(remark) else ()
        )
        if values:
            return _choice(values)
    return shown


def _shown(sample: str, key: str) -> Kind:
    sample = _ESCAPE.sub(r"\1", sample).strip()
    text = plain(sample)
    if is_status(key) and _DATE.search(text) and (values := choices(sample, key)):
        return _choice(values)  # `Draft | Final (as of YYYY-MM-DD)`
    if _DATE.search(text) or _DATE.search(sample) or is_iso_date(text):
        return Kind("date", timed=bool(_TIMED.search(sample)))
    identifier = _ID.fullmatch(text)
    if identifier and "YY" not in identifier[1]:
        mark = identifier[2]
        digits = len(mark) if mark[0] in "XN" else max(3, len(mark))
        return Kind("id", prefix=identifier[1], digits=digits)
    handles = _HANDLE.findall(text)
    if handles and _BETWEEN.fullmatch(_HANDLE.sub("", _NAMED.sub(r"\1", text))):
        return Kind("handle" if len(handles) == 1 else "handles")
    bracket = BRACKET.fullmatch(sample)
    named = bracket and _LINKS.search(sample) and len(sample) < 60
    if re.match(r"https?://|www\.", text):
        return Kind("link")
    wrapped = _WRAPPED.fullmatch(sample)
    inner = next(filter(None, wrapped.groups()), "") if wrapped else sample
    beside = _BESIDE.fullmatch(text)
    values = choices(beside[2], key) if beside else ()
    if not beside or skeleton(beside[1]) not in map(skeleton, values):  # else `Draft (Draft, Review, Done)`
        bare = _ONE_OF.sub("", _LEAD.sub("", inner))
        values = choices(bare, key if bare == inner else "statu")
    if values:
        return _choice(values)
    return Kind("link" if named else "text")


def _choice(values: tuple[str, ...]) -> Kind:
    names = [_OPEN.sub("", value) for value in values]
    going_on = tuple(name for name, value in zip(names, values, strict=True) if name != value)
    return Kind("choice", tuple(dict.fromkeys(names)), going_on)


def choices(sample: str, key: str = "") -> tuple[str, ...]:
    """The values of an enumeration such as `Draft / Review`, `a | b`, `a, b, or c`; empty where it is none.

    Bare commas make one of a list that trails off (`a, b, …`) or that stands in a field whose name says status;
    elsewhere they may part anything.
    """
    sample = sample.replace("\\|", "|")
    text = plain(sample) if "<" not in sample else " ".join(sample.split())
    boxed = boxes_in(text)
    if len(boxed) > 1:
        return _values([words for _, words in boxed])
    for opening, closing in ("()", "{}", "[]"):
        if text.startswith(opening) and closing not in text:
            text = text[1:]
    if "://" in sample or "@" in text or len(text) > _LONGEST_SAMPLE:
        return ()
    if is_status(key) and _ARROW.search(text):
        return _values(_ARROW.split(text))
    text = text.replace("／", " / ").replace("｜", "|").replace("、", ",")
    if " / " in text:  # white space is folded
        return _values(text.split(" / "))
    if "|" in text:
        return _values(text.split("|"))
    if "," in text:
        parts = [part.strip() for part in text.split(",")]
        last = _LAST_TWO.fullmatch(parts[-1])
        if last:
            values = _values([*parts[:-1], *filter(None, last.groups())])
            return values if len(values) > 2 else ()
        # Of a bare list of words in a status, each is one of its values.
        trails_off = not parts[-1].strip(".… ")
        if trails_off or (is_status(key) and _alike(parts)):
            return _values(parts)
        return ()
    if "/" in text and all(re.fullmatch(r"[^\W\d_][\w-]+", part) for part in text.split("/")):
        return _values(text.split("/"))
    return ()


def said_choices(remark: str, key: str = "") -> tuple[str, ...]:
    """The values that a remark beside a field names: `values: a, b`, `one of a, b, or c`; empty where it names none."""
    found = _SAID.search(remark[:_LONGEST_SAMPLE])
    if not found:
        return ()
    sentence = _SENTENCE.split(found[1], maxsplit=1)[0]
    code = _CODE.findall(sentence)
    if len(code) > 1:
        return _values(code)
    values = choices(sentence, key)
    if values or not remark[: found.start(1)].rstrip().endswith(":"):
        return values
    return _values(sentence.split(","))


def status_choices(said: str) -> tuple[tuple[str, ...], bool]:
    """The statuses that the words below a heading `Status` name, and whether others are as good: `Draft | Final`,
    `such as proposed, accepted, etc.` Empty where they name none."""
    said = " ".join(said[:_LONGEST_SAMPLE].split())
    examples = _EXAMPLES.search(said)
    wrapped = None if examples else _WRAPPED.search(said)
    if wrapped and (values := choices(next(filter(None, wrapped.groups()), ""), "statu")):
        return _choice(values).values, wrapped[0] != said or bool(_AND_SO_ON.search(said))
    values = said_choices(said)
    if examples and not values:
        listed = _SENTENCE.split(_AND_SO_ON.sub("", said[examples.end() :]), maxsplit=1)[0].rstrip(" ?.)")
        values = choices(listed) or _values(_LIST_END.sub(", ", listed).split(","))
    if values:
        return _choice(values).values, bool(examples) or bool(_AND_SO_ON.search(said))
    return kind_of(said, "statu").values, bool(_AND_SO_ON.search(said))


def is_status(key: str) -> bool:
    """Whether a field's key says that it holds the state of the lifecycle."""
    return key in _STATUSES


def is_begun(key: str) -> bool:
    """Whether a date field's key says no more than that the document was begun then; `target date` says more."""
    return key in ("date", "created")


def is_target(key: str) -> bool:
    """Whether a date field's key says that something is to be reached by then."""
    return not _TARGETS.isdisjoint(key.split())


def is_default(sample: str, name: str, kind: Kind) -> bool:
    """Whether a sample value is as good as an answer: one of the choices, one plain word such as `Draft`, one with a
    number such as `CC0-1.0`, a name of two or three words such as `Standards Track`, or a list of words in small
    letters, as tags are.

    A word in capitals (`FIXME`) and the field's own name (`Title: title`) stand for something else.
    """
    words = plain(sample)
    if kind.kind == "choice":
        return skeleton(words) in {skeleton(value) for value in kind.values}
    if kind.kind != "text":
        return False
    if skeleton(words) == skeleton(name) or not (_DEFAULT.fullmatch(words) or _TAGS.fullmatch(words)):
        return False
    return not (words.isalpha() and words.isupper() and len(words) > 2)


def is_iso_date(text: str) -> bool:
    """Whether a text is a day of the calendar as YYYY-MM-DD."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10 and text.count("-") == 2


def _alike(parts: list[str]) -> bool:
    """Whether all parts are short and begin alike, in capitals or not: words of one list."""
    words = [part.strip() for part in parts]
    if not all(words) or any(re.search(r"[0-9]", _OPEN.sub("", word)) for word in words):
        return False
    return len({word[0].isupper() for word in words}) == 1


def _values(parts: list[str]) -> tuple[str, ...]:
    """The parts as values of an enumeration; none of them where one is too long, a year or a number."""
    parts = [part.strip() for part in parts]
    if parts and not any(part.endswith(")") for part in parts[:-1]):
        parts[-1] = re.sub(r"\([^()]*\)$", "", parts[-1]).rstrip()
    values = [plain(part).strip(" .…\"'“”`") for part in parts if part.strip(".…\"' ")]
    if all(map(_OF_DAYS.fullmatch, values)):
        return ()
    if len(values) < 2 or any(not part for part in parts[:-1]):
        return ()
    for value in values:
        if not value or len(value) > _LONGEST_VALUE or len(value.split()) > _MOST_WORDS:
            return ()
        if re.search(r"[\"?“”]", value):
            return ()
        if re.fullmatch(r"[0-9]{4}|[^\w]+", value) or (not _WORD.search(value) and not re.search(r"[0-9]", value)):
            return ()
    return tuple(dict.fromkeys(unicodedata.normalize("NFC", value) for value in values))
