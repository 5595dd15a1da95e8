"""Inline Markdown as plain words: what a reader sees, and the keys by which words are compared."""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference

_md = MarkdownIt("commonmark").enable("strikethrough")
# Only the words of a link are looked at here; to encode its address takes longer than all the rest.
_md.normalizeLink = lambda url: url  # type: ignore[method-assign]
_MARKUP = re.compile(r"[*_`~\[\]<>&\\!]")
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,100}\]")
_REFERENCED = re.compile(r"\[([^\[\]]{1,999})\]\[[^\[\]]{0,999}\]")
_ONE_LINK = re.compile(r"\[([^\[\]*_`~<>&\\!^\0]+)\]\((?:https?://)?[\w./?=#%+-]*\)")
"""A link and no more, with nothing in it that needs a look: the value of many a field."""
_KEYCAP = re.compile("^[0-9]\ufe0f?\u20e3")
_ORNAMENT = re.compile(r"^[^\w\s\[\](){}<>\"'#§【】「」『』（）《》〈〉«»“”‘’¿¡]+\s*")
_WORD = re.compile(r"\w+")
_NOT_WORD = re.compile(r"[^\w\n]+")
_FEW = 8
_MORE_THAN_WORDS = re.compile(r"['+#&]")
_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))
_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_ASCII = bytes(range(128))
_MARKS_IN_LINES = _MARKS.replace(b"\n", b"")
_SPACED = bytes(code if code not in _MARKS else 32 for code in _LOWER)
_NO_MARKUP = bytes(code for code in range(256) if not _MARKUP.match(chr(code)))
_MARKS_AND_DIGITS = _MARKS + b"0123456789"
_BETWEEN_WORDS = bytes(code if code == 95 else _SPACED[code] for code in range(256))
_WORD = re.compile(r"\w+")
_FEW = 8
_ENTITY = re.compile(r"&[#\w]{1,32};")
_NUMBER = re.compile(
    r"(?:(?:section|§)[ \t\xa0]*)?([0-9]{1,9}(?:\.[0-9]{1,9}){0,8})"
    r"(?:(?:[.):]|[ \t\xa0]*[-–—:])?(?=[\s\xa0]|$)|[．、）：])",
    re.I,
)
_ORDINAL = re.compile(
    r"[0-9０-９]{1,3}(?:[．.][0-9０-９]{1,3}){1,4}[．.]?\s+(?=\S)|[０-９]{1,3}\s+(?=\S)"
    r"|第?[0-9０-９一二三四五六七八九十百]{1,5}(?:[．.][0-9０-９]{1,3}){0,4}(?:[章節节部][\s、．：:]*|[、．：:）)]\s*|\u3000+)(?=\S)"
    r"|[①-⑳⓪❶-❿➀-➓]\s*(?=\S)|#[0-9]{1,3}[.:)]?\s+(?=\S)"
    r"|[（(][0-9０-９一二三四五六七八九十]{1,3}[）)]\s*(?=\S)|(?:[IVX]{1,5}|[A-Z])[.)]\s+(?=\S)"
)
"""Other numbers in front of a title: full-width and Chinese ones, Roman ones and letters."""
_UNSEEN = {**dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF)), ord("＆"): "&"}
"""Letters that nobody sees: a soft hyphen, a space of no width, a joiner, a byte order mark."""
_SHORTCODE = re.compile(r"(?<!\S):[a-z][a-z0-9_+-]{0,40}:(?!\S)")
"""An emoji by its name."""
_TITLE_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|(?<![+#])[+#]{1,8}(?!\S)|(?<=\w)[+#]{1,8}")


_LONGEST_KEPT = 500
"""Letters of a text whose words are remembered: thousands are, and a line may have megabytes."""
_LONGEST_READ = 10_000


class Title(NamedTuple):
    """A heading's words as they are compared: `key` without number, case and decoration; `number` as written."""

    key: str
    number: tuple[int, ...]


def plain(source: str) -> str:
    """The text a reader sees: no emphasis, code or link marks, entities and escapes resolved, HTML left out.

    A reference link counts as one without a look at its definition; footnote marks go.
    White space is folded. Never raises.
    """
    if len(source) <= _LONGEST_KEPT:
        return _plain(source)
    return _plain_of_long(source) if len(source) <= _LONGEST_READ else _plain.__wrapped__(source)


@lru_cache(maxsize=4096)
def _plain(source: str) -> str:
    if not source.encode("utf-8", "surrogatepass").translate(None, _NO_MARKUP):
        # The one white space that is printable is a blank.
        return source.strip() if source.isprintable() and "  " not in source else " ".join(source.split())
    link = _ONE_LINK.fullmatch(source)
    if link:
        return " ".join(link[1].split())
    parts: list[str] = []
    source = _REFERENCED.sub(r"\1", _FOOTNOTE.sub("", source[:_LONGEST_READ]))
    for token in _md.parseInline(source)[0].children or ():
        if token.type in ("text", "code_inline", "text_special") or token.type == "image":
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return " ".join("".join(parts).split())


def said(source: str) -> str:
    """As `plain`, with what a reader would follow or see beside the words: addresses of links and images, HTML."""
    if not _MARKUP.search(source) or len(source) > _LONGEST_READ:
        return " ".join(source.split())
    parts: list[str] = []
    opened: list[str] = []
    for token in _md.parseInline(source)[0].children or ():
        if token.type in ("text", "code_inline", "text_special"):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type == "image":
            parts.append(f"{token.content} <{token.attrs.get('src')}>")
        elif token.type == "html_inline" and not token.content.startswith("<!--"):
            parts.append(token.content)
        elif token.type == "link_open":
            opened.append(f" <{token.attrs.get('href')}>" if token.markup != "autolink" else "")
        elif token.type == "link_close" and opened:
            parts.append(opened.pop())
    return " ".join("".join(parts).split())


_plain_of_long = lru_cache(maxsize=16)(_plain.__wrapped__)
"""Several ask for the words of one long value at a time."""


def is_italic(source: str) -> bool:
    """Whether inline Markdown is wholly in italics, `*…*` or `_…_`. Never raises."""
    source = source.strip()
    if not source or source[0] not in "*_" or source[-1] not in "*_":
        return False
    tokens = [
        token
        for token in _md.parseInline(source[:_LONGEST_READ])[0].children or ()
        if token.type != "text" or token.content
    ]
    if len(tokens) < 3 or tokens[0].type != "em_open":
        return False
    depth = 0
    for number, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            return number == len(tokens) - 1
    return False


def skeleton(source: str) -> str:
    """Letters and digits alone, case folded: equal for two texts that differ in white space, marks and case."""
    return _skeleton(source) if len(source) <= _LONGEST_KEPT else _skeleton.__wrapped__(source)


@lru_cache(maxsize=512)
def _skeleton(source: str) -> str:
    if "&" in source and _ENTITY.search(source):
        source = html.unescape(source)
    return _letters(source, _MARKS)


def numberless(source: str) -> str:
    """The skeleton of a text without the digits in it."""
    if "&" in source and _ENTITY.search(source):
        source = html.unescape(source)
    return _letters(source, _MARKS_AND_DIGITS)


def skeletons(source: str) -> list[str]:
    """The skeletons of the lines of `source`, in less time than one by one."""
    if "&" in source and _ENTITY.search(source):
        return [skeleton(line) for line in source.split("\n")]
    return _letters(source, _MARKS_IN_LINES).split("\n")


def _letters(source: str, marks: bytes) -> str:
    """`source` without the ASCII letters `marks` and all others that are no letters or digits, case folded.

    Bytes lose letters in a tenth of the time that it takes a string, and most have few marks that are not ASCII.
    """
    if not source.isascii():
        source = unicodedata.normalize("NFC", source)
    kept = source.encode("utf-8", "surrogatepass").translate(_LOWER, marks)
    words = kept.decode("utf-8", "surrogatepass")
    if words.isascii():
        return words
    others = "".join(set(kept.translate(None, _ASCII).decode("utf-8", "surrogatepass")))
    odd = [letter for letter in others if not letter.isalnum()]
    if len(odd) > _FEW:
        return "\n".join([_NOT_WORD.sub("", line) for line in words.split("\n")]).casefold()
    for letter in odd:
        words = words.replace(letter, "")
    return words if others == others.casefold() else words.casefold()


def in_words(text: str) -> str:
    """The words of `text`, case folded, with one space between."""
    folded = text.casefold()
    if folded.isascii():
        return " ".join(folded.encode().translate(_BETWEEN_WORDS).decode().split())
    return " ".join(_WORD.findall(folded))


def heading_words(source: str) -> str:
    """The text of a heading as a reader sees it, without what makes it a target: `{#goals}`, `[#](#goals)`."""
    last = source[-1:]
    if last == "}":
        head, _, attributes = source.rpartition("{")
        if head.strip() and attributes.removeprefix(":").lstrip()[:1] in ("#", "."):
            source = head
    elif last == ")" and "](#" in source:
        head, _, link = source.rpartition("[")
        if head.strip() and not any(map(str.isalnum, link.partition("]")[0])):
            source = head
    return plain(source)


def split_number(title: str) -> tuple[tuple[int, ...], str]:
    """The number in front of a plain title (`4.`, `4)`, `4.1`, `4 -`; empty without one) and the rest."""
    if title[:1].isalpha() and (title[0] not in "sSſ" or title[1:2] not in ("e", "E")):  # as "section" begins
        return (), title.rstrip()
    title = _ORNAMENT.sub("", _KEYCAP.sub("", title).strip())
    number = _NUMBER.match(title)
    if not number:
        return (), title
    return tuple(map(int, number[1].split("."))), title[number.end() :].strip()


def title_of(text: str) -> Title:
    """The comparable form of a plain title: words, case folded, `&` as `and`, no number, emoji or punctuation."""
    return _title_of(text) if len(text) <= _LONGEST_KEPT else _title_of.__wrapped__(text)


@lru_cache(maxsize=8192)
def _title_of(text: str) -> Title:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_UNSEEN))
    if ":" in text:
        text = _SHORTCODE.sub(" ", text)
    number, words = split_number(text.strip())
    ordinal = _ORDINAL.match(words) if not number else None
    if ordinal:
        words = words[ordinal.end() :]
    if words.isascii() and not _MORE_THAN_WORDS.search(words):
        key = " ".join(words.encode().translate(_SPACED).decode().split())
    else:
        key = " ".join(_TITLE_WORD.findall(words.replace("&", " and ").casefold().replace("’", "'")))
    if not key and number:
        return Title(" ".join(map(str, number)), ())
    return Title(key, number)


def normal_label(label: str) -> str:
    """A link label in the form in which CommonMark compares them (section 6.3)."""
    return normalizeReference(label)


def forget() -> None:
    """Lets go of the words that were read last."""
    for kept in (_plain, _plain_of_long, _title_of, _skeleton):
        kept.cache_clear()
