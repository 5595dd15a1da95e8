"""A team's own patterns: what they match, and which are refused, in words that say why."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spec_ls.patterns import UnsafePattern, safe_pattern

TEXT = "See PAY-12, PAYMENTS-4, xPAY-5 CORE-6x, CORE-7-x, (A-8), #9 and 𝔸-1 OPS 23, é/AB-10."
TAKEN = {
    "PAY-[0-9]+": ["PAY-12"],
    r"(PAY|PAYMENTS|CORE)-\d+": ["PAY-12", "PAYMENTS-4"],
    r"[A-Z][A-Z0-9]+-\d{1,6}": ["PAY-12", "PAYMENTS-4", "AB-10"],
    r"\w+-\d+": ["PAY-12", "PAYMENTS-4", "xPAY-5", "A-8", "𝔸-1", "AB-10"],
    r"#\d+|OPS[- ]?\d{2}": ["#9", "OPS 23"],
    r"(?:[a-zé]+/)?[A-Z]+-\d+": ["PAY-12", "PAYMENTS-4", "A-8", "é/AB-10"],
    r"\(A\-8\)": ["(A-8)"],
}
REFUSED = {
    "": "nothing",
    "x*": "nothing",
    "a|b?": "nothing",
    "(a+)+b": "can take long",
    "(ab|cd){2}": "can take long",
    "[A-Z]+[A-Z0-9]*1": "[A-Z0-9]* may begin with A",
    "a?[a-c]x": "[a-c] may begin with a",
    "(x|xy+)z": "two alternatives in brackets may begin with x",
    ".+": ". at letter 1",
    "^a$": "^ at letter 1",
    r"\bA": r"\b is not",
    r"(a)\1": r"\1 is not",
    "(?i)a": "(?:…) alone",
    "(?=a)": "(?:…) alone",
    "(a": "closes the ( at letter 1",
    "a)": "opens the ) at letter 2",
    "[a": "closes the [ at letter 1",
    "[]": "closes the [ at letter 1",
    "[a--b]": "-- is not",
    "[z-a]": "bad character range",
    "a{2,1}": "no less than once",
    "a{0}": "no less than once",
    "a{99}": "60 times at most",
    "a++": "another sign",
    "a\\": "\\ is not",
    "((((((((a))))))))": "deep",
    "a" * 201: "200 letters",
}


@pytest.mark.parametrize("source", TAKEN)
def test_a_pattern_counts_for_whole_words(source: str) -> None:
    assert safe_pattern(source).findall(TEXT) == TAKEN[source]


@pytest.mark.parametrize("source", REFUSED)
def test_what_could_take_long_is_refused_with_the_reason(source: str) -> None:
    with pytest.raises(UnsafePattern, match=re.escape(REFUSED[source])):
        safe_pattern(source)


@settings(max_examples=300, deadline=None)
@given(st.text(r"ab-#0[](){}|\?*+^d,2:", max_size=12), st.text("ab-#0 ", max_size=20))
def test_what_is_taken_means_what_it_would_mean_to_others(source: str, text: str) -> None:
    try:
        safe = safe_pattern(source)
    except UnsafePattern:
        return
    plain = re.compile(source)
    assert all(plain.fullmatch(found[0]) for found in safe.finditer(text))
    assert all(bool(safe.fullmatch(word)) == bool(plain.fullmatch(word)) for word in text.split())
