"""The keys by which words are compared are, letter for letter, what their short definitions say."""

from __future__ import annotations

import html
import os
import re
import unicodedata
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.outline import Outline, inline
from spec_ls.outline.inline import in_words, numberless, plain, skeleton, skeletons, split_number, title_of
from spec_ls.outline.shapes import words_of
from spec_ls.text import Text

_MANY = int(os.environ.get("SPEC_LS_EXAMPLES", "200"))
_PARTS = ["Section ", "sect", "§", "4", ".", ") ", " ", "-", "– ", "Ab", "É", "ſ", "'", "’s", "+", "#", "&", "_", "*"]
_PARTS += ["🚀", "1\ufe0f\u20e3", ": ", "\xa0", "\x1f", "ß", "İ", "ⓐ", "中", "²", "&amp;", "&#65;", "\ud83d", "\ude80"]
_TEXTS = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(_PARTS), max_size=8).map("".join))


@settings(max_examples=5 * _MANY, deadline=None)
@given(_TEXTS)
def test_a_skeleton_is_letters_and_digits_alone(text: str) -> None:
    source = html.unescape(text) if re.search(r"&[#\w]{1,32};", text) else text
    assert skeleton(text) == re.sub(r"[\W_]+", "", unicodedata.normalize("NFC", source)).casefold()


@settings(max_examples=_MANY, deadline=None)
@given(st.lists(_TEXTS.map(lambda text: text.replace("\n", "")), max_size=4))
def test_many_skeletons_are_those_of_each(texts: list[str]) -> None:
    assert skeletons("\n".join(texts)) == ([skeleton(text) for text in texts] or [""])


@pytest.mark.parametrize("odd", ["—", "—🚀", "—–…“”‘’•·¡¿"])
def test_marks_of_other_alphabets_are_no_letters(odd: str) -> None:
    assert skeletons(f"É{odd}a\n{odd}\nΣ9{odd}ß") == ["éa", "", "σ9ss"]


def test_the_words_of_a_section_are_read_once() -> None:
    table = "| f | g |\n|---|---|\n| h\\|i | `j` |\n"
    (chunk,) = Outline(Text(f"# T\nA **b**\nc.\n- [ ] d\n  - É!\n\n{table}```\nk\n```\n")).chunks
    (section,) = chunk.sections
    words = words_of(section)
    assert words.texts == ["A **b** c.", "d", "É!", "h|i `j`"]
    assert words.keys == ["abc", "d", "é", "hij"] == words.said.split("\n")
    assert words.bare
    assert words_of(section) is words


@pytest.mark.parametrize("text", ["a&amp;b", "[a](b)", "a <b>", "a <!-- b -->"])
def test_words_may_be_more_than_they_look_like(text: str) -> None:
    (chunk,) = Outline(Text(f"# T\n- {text}\n")).chunks
    assert not words_of(chunk.sections[0]).bare


_LINKS = st.lists(
    st.sampled_from(
        ["EP-1", " ", "é", "a_b", "https://", "x.y/z", "#c", "?d=e", ":", "javascript:", "^", "!", "*", "(", "]"]
    ),
    max_size=3,
).map("".join)


@settings(max_examples=5 * _MANY, deadline=None)
@given(_LINKS, _LINKS)
def test_a_link_alone_says_what_markdown_it_finds(words: str, address: str) -> None:
    source = f"[{words}]({address})"
    with patch.object(inline, "_ONE_LINK", re.compile("(?!)")):
        expected = inline._plain.__wrapped__(source)
    assert plain(source) == expected


@settings(max_examples=5 * _MANY, deadline=None)
@given(_TEXTS)
def test_a_title_by_bytes_is_that_by_letters(text: str) -> None:
    with patch.object(inline, "_MORE_THAN_WORDS", re.compile("")):  # letter by letter
        expected = inline._title_of.__wrapped__(text)
    assert title_of(text) == expected


@settings(max_examples=_MANY, deadline=None)
@given(_TEXTS)
def test_words_stand_in_a_row(text: str) -> None:
    assert in_words(text) == " ".join(re.findall(r"\w+", text.casefold()))


@settings(max_examples=5 * _MANY, deadline=None)
@given(st.sampled_from(["a", "É", "Ab ", "st", "中"]), _TEXTS)
def test_a_letter_is_no_number(letter: str, text: str) -> None:
    assert split_number(letter + text) == ((), (letter + text).strip())


@settings(max_examples=_MANY, deadline=None)
@given(_TEXTS)
def test_a_story_is_compared_without_its_number(text: str) -> None:
    assert numberless(text) == re.sub("[0-9]+", "", skeleton(text))


@settings(max_examples=_MANY, deadline=None)
@given(_TEXTS.filter(lambda text: not re.search(r"[*_`~\[\]<>&\\!]", text)))
def test_plain_text_has_its_white_space_folded(text: str) -> None:
    assert plain(text) == " ".join(text.split())
