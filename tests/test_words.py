"""The keys by which words are compared are, letter for letter, what their short definitions say."""

from __future__ import annotations

import html
import os
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.outline.inline import skeleton, split_number, title_of

_MANY = int(os.environ.get("SPEC_LS_EXAMPLES", "200"))
_PARTS = ["Section ", "sect", "§", "4", ".", ") ", " ", "-", "– ", "Ab", "É", "ſ", "'", "’s", "+", "#", "&", "_", "*"]
_PARTS += ["🚀", "1\ufe0f\u20e3", ": ", "\xa0", "\x1f", "ß", "İ", "ⓐ", "中", "²", "&amp;", "&#65;", "\ud83d", "\ude80"]
_TEXTS = st.one_of(st.text(max_size=12), st.lists(st.sampled_from(_PARTS), max_size=8).map("".join))


@settings(max_examples=5 * _MANY, deadline=None)
@given(_TEXTS)
def test_a_skeleton_is_letters_and_digits_alone(text: str) -> None:
    source = html.unescape(text) if re.search(r"&[#\w]{1,32};", text) else text
    assert skeleton(text) == re.sub(r"[\W_]+", "", source).casefold()


@settings(max_examples=5 * _MANY, deadline=None)
@given(_TEXTS)
def test_a_title_has_words_and_the_signs_of_languages(text: str) -> None:
    number, words = split_number(text.strip())
    words = words.replace("&", " and ").casefold().replace("’", "'")
    signs = r"[^\W_]+(?:['’][^\W_]+)*|(?<![+#])[+#]{1,8}(?!\S)|(?<=\w)[+#]{1,8}"
    assert title_of(text).key == (" ".join(re.findall(signs, words)) or " ".join(map(str, number)))


@settings(max_examples=5 * _MANY, deadline=None)
@given(st.sampled_from(["a", "É", "Ab ", "st", "中"]), _TEXTS)
def test_a_letter_is_no_number(letter: str, text: str) -> None:
    assert split_number(letter + text) == ((), (letter + text).strip())
