"""By which words a template lets a part go: marks in brackets, and sentences about the part itself.

The bare word "optional" is none, and neither is "if applicable" in running text: both speak of other things as often.
"""

from __future__ import annotations

import re

_OPENING = r"(?:(?<!\s)\s+)?(?:(?<![*_])[*_]+)?[(\[{（［【]\s*+[*_]*+\s*+"
"""A bracket with the blanks in front of it and emphasis on both sides; each run is tried from its start alone."""
_CLOSING = r"\s*[)\]}）］】][*_]*"
_INSIDE = r"[^()\[\]{}（）［］【】]"
_OPTIONAL = (
    r"(?:optional|optionnel|facultati|facoltativ|opcional|opzional|optionee|opcjonaln|valgfri|valfri|frivillig|необязат"
    r"|опционал|任意|オプション|可选|選填|选填|可選|선택)"
)
_MANDATORY = (
    r"(?:mandatory|required|pflicht|erforderlich|obligat|requis|obrigat|requerid|verplicht|обязат|必須|必填|必需|필수)"
)
_OPTIONAL_MARK = re.compile(
    rf"{_OPENING}(?:{_OPTIONAL}{_INSIDE}{{0,40}}+"
    rf"|(?:if|falls|wenn|sofern|si|indien|jeśli|если) {_INSIDE}{{1,80}}+"
    rf"|se (?:necess|ap+lic|houver|pertin|rilev|serv){_INSIDE}{{0,80}}+"
    rf"|[^()\[\]{{}}（），,]{{1,60}}+[,，] ?{_OPTIONAL}{_INSIDE}{{0,20}}+"
    rf"|(?:(?:include|fill in|add) )?(?:only )?(?:if|when) {_INSIDE}{{1,80}}+"
    rf"|(?:delete|remove|omit|skip|drop|leave out) (?:\w+ ){{0,2}}(?:if|when|unless) {_INSIDE}{{1,80}}+"
    r"|(?:as|where) (?:needed|required|applicable|appropriate)|bei bedarf|必要に応じて|省略可|如有|如需|필요 ?시)"
    rf"{_CLOSING}",
    re.I,
)
"""`(optional)`, `[optional]`, `*(Optional)*`, `(*optional)`, `(if needed)`, `(falls nötig)`, `（任意）`."""
_MANDATORY_MARK = re.compile(rf"{_OPENING}{_MANDATORY}{_INSIDE}{{0,20}}+{_CLOSING}", re.I)
_PART = r"(?:section|element|part|heading|header|chapter|paragraph|row|field|line|block|entry)"
_LET_GO = r"(?:omit|remove|delete|skip|drop|leave out)"
_LET_GONE = r"(?:optional|omitted|removed|left out|left empty|left blank|skipped|deleted|dropped)"
_ONLY_FOR = r"only (?:required|needed) (?:for|if|when)\b"
_SENTENCES = re.compile(
    rf"\b(?:this {_PART}|(?:the|these|this) (?:section|element|part|chapter|heading)s?)"
    rf" (?:is|are|can be|may be|could be) (?:(?!not\b|never\b)\w+ )?{_LET_GONE}\b"
    rf"|\b{_LET_GO} (?:this|the (?:entire|whole)) (?:entire |whole )?{_PART}\b"
    rf"|\b{_LET_GO} (?:the {_PART}|it|this) (?:if|when|unless)\b"
    rf"|\b{_LET_GO} (?:this )?if (?:not|unused|empty|irrelevant|unneeded|there (?:is|are) (?:no|none))\b"
    rf"|\b(?:feel free to {_LET_GO}|you (?:can|may) {_LET_GO} (?:this|it))\b"
    rf"|\bthis (?:can|may) be {_LET_GONE}\b"
    rf"|\bif (?:this |it )?(?:{_PART} )?(?:is )?(?:not applicable|n/a|irrelevant)\b[^.]{{0,60}}\b{_LET_GO}\b"
    rf"|\b(?:this {_PART}|it) is only (?:required|needed|necessary|relevant) (?:for|if|when|in)\b"
    rf"|\b{_ONLY_FOR}(?:(?!\b{_ONLY_FOR})[^.])*[.,;] *(?:otherwise|else)\b"
    rf"|\ban optional {_PART}\b",
    re.I,
)
_OF_FIELDS = re.compile(
    r"\b(?:as|if|when|where) (?:needed|applicable|appropriate)\b"
    r"|\bonly (?:required|needed|necessary) (?:for|if|when)\b|^\W*only (?:if|when)\b"
    rf"|\boptional\b|\belse {_LET_GO}\b",
    re.I,
)
_OF_VALUE = re.compile(
    r"^[\W_]*(?:optional|if (?:applicable|needed|required|relevant|any|available)|only (?:required|needed))\b"
    r"|[(\[]\s*(?:optional|if (?:applicable|needed|required|relevant|any|available))\s*[)\]]",
    re.I,
)
_SHORT = 150
"""How long (code points) a comment above a heading may be for its bare "optional" to speak of that heading."""


def split_marks(title: str) -> tuple[str, bool]:
    """A plain title or name without its marks of need, and whether one of them made it optional."""
    optional = _OPTIONAL_MARK.search(title)
    return _MANDATORY_MARK.sub("", _OPTIONAL_MARK.sub("", title)).strip(), optional is not None


def without_mark(text: str) -> str:
    """An item's Markdown without its first mark of need; emphasis that ends behind the mark stays."""
    found = _OPTIONAL_MARK.search(text)
    if not found:
        return text
    mark = found[0].strip()
    left = "" if mark[0] in "*_" else mark[len(mark.rstrip("*_")) :]
    return text[: found.start()] + left + text[found.end() :]


def is_waived(text: str, *, among_fields: bool = False) -> bool:
    """Whether a part's own guidance lets it go. A remark beside a field may do so in fewer words."""
    text = " ".join(text.split())
    return bool(_SENTENCES.search(text)) or (among_fields and len(text) < 2 * _SHORT and bool(_OF_FIELDS.search(text)))


def opens_optional(text: str) -> bool:
    """Whether a section's guidance begins with the word: `Optional. …`, `(optional) …`."""
    return bool(re.match(r"\W*optional\s*(?:[.:;,)\]–—-]|(?:if|when|unless|but|for)\b|$)", text, re.I))


def waives_value(value: str) -> bool:
    """Whether a field's sample value lets the field go: it says so first, or in a sentence."""
    return bool(_OF_VALUE.search(value)) or bool(_SENTENCES.search(value))


def opens_with_condition(value: str) -> bool:
    """Whether a field's Markdown begins with when it is wanted, in italics: `*if implemented* #12`."""
    return bool(re.match(r"([*_])(?:only )?(?:if|when|once) [^*_\n]{1,60}\1", value, re.I))


def waives_next(comment: str) -> bool:
    """Whether a comment right above a heading calls it optional."""
    return len(comment) <= _SHORT and bool(re.search(r"\boptional\b", comment, re.I))
