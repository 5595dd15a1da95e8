"""The site's pages: every document is one, and every link and anchor leads somewhere."""

from __future__ import annotations

import importlib.util
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]


class Page(HTMLParser):
    """What a page links to and shows, and the anchors it has."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors: list[str] = []
        self.here: list[str] = []
        self.tags: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.targets += [target for name in ("href", "src") if (target := given.get(name))]
        self.anchors += [anchor for name in ("id", "name") if (anchor := given.get(name))]
        if "aria-current" in given:
            self.here.append(str(given["href"]))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    """The pages by their files."""
    spec = importlib.util.spec_from_file_location("pages", ROOT / "docs" / "pages.py")
    assert spec is not None and spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    into = tmp_path_factory.mktemp("site")
    pages.write_pages(into)
    return {file: Page(file.read_text("utf-8")) for file in sorted(into.rglob("*.html"))}


def test_every_link_and_anchor_leads_somewhere(site: dict[Path, Page]) -> None:
    for file, page in site.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or "playground/index.html" in parts.path:
                continue
            found = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            assert found.is_file(), f"{file.name}: {target}"
            if parts.fragment:
                assert unquote(parts.fragment) in site[found].anchors, f"{file.name}: {target}"


def test_no_page_leads_to_the_source_of_another(site: dict[Path, Page]) -> None:
    sources = {
        target for page in site.values() for target in page.targets if target.endswith(".md") and ":" not in target
    }
    assert {Path(source).parent.name for source in sources} <= {"builtin"}, "templates alone are shown as they are"


def test_every_document_is_a_page_that_can_be_reached(site: dict[Path, Page]) -> None:
    (home,) = (file for file in site if file.name == "index.html" and file.parent.name not in ("guide", "rules"))
    documents = [*(ROOT / "docs" / "guide").glob("*.md"), *(ROOT / "spec_ls" / "docs" / "rules").glob("*.md")]
    assert len(site) > len(documents)
    reached, waiting = {home}, [home]
    while waiting:
        file = waiting.pop()
        for target in site[file].targets:
            found = (file.parent / urlsplit(target).path).resolve()
            if found in site and found not in reached:
                reached.add(found)
                waiting.append(found)
    assert reached == set(site)


def test_a_page_says_where_in_the_guide_it_is(site: dict[Path, Page]) -> None:
    for file, page in site.items():
        assert page.tags.count("h1") == 1 or file.parent.name in ("rules", "editors"), file
        assert page.tags.count("main") == 1
        if file.parent.name == "guide":
            assert file.name in page.here
            assert "../rules/index.html" in page.targets and "start.html" in page.targets


def test_equal_headings_have_anchors_of_their_own(site: dict[Path, Page]) -> None:
    for file, page in site.items():
        assert len(page.anchors) == len(set(page.anchors)), file
