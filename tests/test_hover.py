"""Hover: distances in words, and what the next status demands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spec_ls.features import Surroundings
from spec_ls.features.hover import hover
from spec_ls.markup import as_plain, code, escape, fenced, quote
from spec_ls.text import Point
from spec_ls.workspace import Document

DRAFT = (Path(__file__).parent / "cases" / "bases" / "draft.md").read_text(encoding="utf-8")
LIST_KINDS = ("bullet_list_open", "list_item_open", "paragraph_open", "inline")


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 9, 30), "today"),
        (date(2026, 9, 29), "tomorrow"),
        (date(2026, 10, 1), "yesterday"),
        (date(2026, 9, 28), "in 2 days"),
        (date(2026, 9, 23), "in 1 week"),
        (date(2026, 10, 14), "2 weeks ago"),
        (date(2026, 8, 15), "in 46 days"),
        (date(2026, 3, 2), "in about 7 months"),
        (date(2020, 9, 1), "in about 6 years"),
        (date(1, 1, 1), "in about 2026 years"),
    ],
)
def test_how_far_a_date_is(today: date, words: str) -> None:
    spec = Document(DRAFT).spec
    line = next(number for number, text in enumerate(spec.text.lines) if "Target Date" in text)
    found = hover(spec, Point(line, 22), Surroundings(today))
    assert found is not None
    assert found.markdown.split("\n")[0] == f"**Wednesday**, 30 September 2026 · {words}"


def status_hover(source: str) -> str:
    document = Document(source)
    line = next(number for number, text in enumerate(document.text.lines) if "**Status**" in text)
    found = hover(document.spec, Point(line, 16), Surroundings(date(2026, 3, 2)), document.problems)
    assert found is not None
    return found.markdown


def test_nothing_stands_in_the_way_of_the_next_status() -> None:
    assert "Nothing stands in the way of **Review**." in status_hover(DRAFT)


def test_what_the_next_status_demands_is_counted_and_named() -> None:
    said = status_hover(DRAFT.replace("### API Changes\n", "").replace("| @ines |", "| @user |"))
    assert "**Review** asks for 2 more things:\n\n- " in said
    assert "The section API Changes is missing in Technical Design." in said


def test_of_many_demands_the_first_are_named() -> None:
    said = status_hover("\n".join(DRAFT.split("\n")[:12]))
    assert said.count("\n- ") == 6
    assert "- The section Goals & Non-Goals is missing.\n- The section User Stories" in said
    assert "- … and 3 more" in said


@settings(max_examples=500, deadline=None)
@given(st.text("ab1 \\`*_{}[]()<>#|~!&@:./;$+=-\n\té", max_size=30), st.sampled_from(["> {}", "- {}"]))
def test_words_of_the_document_are_never_markup(text: str, frame: str) -> None:
    """What is quoted reads as it was written, whatever marks are in it."""
    words = " ".join(text.split())
    if not words:
        return
    tokens = MarkdownIt("commonmark").enable(["strikethrough", "table"]).parse(frame.format(escape(text)))
    kinds = [token.type for token in tokens if token.nesting >= 0]
    assert kinds in (["blockquote_open", "paragraph_open", "inline"], list(LIST_KINDS))
    children = next(token.children or [] for token in tokens if token.type == "inline")
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == words


@settings(max_examples=300, deadline=None)
@given(st.text("ab1 \\`*_[]()<>#|~!&@:./-é𝔸", max_size=30), st.sampled_from([escape, code, quote]))
def test_plain_text_says_the_same_without_marks(text: str, shown: Callable[[str], str]) -> None:
    words = " ".join(text.split())
    assert as_plain(f"**Why** {shown(text)}" if shown is not quote else shown(text)).removeprefix("Why ") == words
    assert as_plain(f"A\n\n{fenced([text, '```'])}\n\nB") == f"A\n\n{text}\n```\n\nB"


@pytest.mark.parametrize(
    "text", ["see https://x.example", "www.x.example", "HTTP://x", "mira@x.example", "&amp; &#38;"]
)
def test_bare_links_are_broken_up(text: str) -> None:
    assert "\\" in escape(text)
