"""The documents of the repository as pages: the README, the guide, the references, with the ways between them.

python docs/pages.py build/pages
"""

from __future__ import annotations

import html
import posixpath
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[1]
CONTENTS = "docs/guide/README.md"
WAYS = (
    ("index.html", "Overview"),
    ("guide/index.html", "Guide"),
    ("rules/index.html", "Rules"),
    ("playground/index.html", "Playground"),
    ("changelog.html", "Changelog"),
)
STYLE = """\
:root{color-scheme:light dark}body{max-width:56rem;margin:0 auto;padding:1rem;font:16px/1.55 system-ui,sans-serif}
nav{display:flex;flex-wrap:wrap;gap:.2em 1.2em;border-bottom:1px solid #8886;padding:.5em 0}
img{max-width:100%;height:auto}
[aria-current]{font-weight:bold;text-decoration:none;color:inherit}
pre,code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}pre{overflow:auto;padding:.8em;background:#8881}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border-bottom:1px solid #8885;padding:.3em .7em;
text-align:left;vertical-align:top}
"""


def places() -> dict[str, str]:
    """Where each document of the repository stands on the site, by its path."""
    found = {"README.md": "index.html", "CHANGELOG.md": "changelog.html"}
    for folder, where in (("docs", ""), ("docs/guide", "guide/"), ("spec_ls/docs/rules", "rules/")):
        for file in sorted((ROOT / folder).glob("*.md")):
            name = "index" if file.stem == "README" else file.stem
            found[f"{folder}/{file.name}"] = f"{where}{name}.html"
    for file in sorted((ROOT / "editors").glob("*/README.md")):
        found[f"editors/{file.parent.name}/README.md"] = f"editors/{file.parent.name}.html"
    return found


def write_pages(into: Path) -> None:
    """Writes all pages, and the files that they lead to or show."""
    where = places()
    files: set[str] = set()
    for source, place in where.items():
        target = into / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_page(source, where, files), encoding="utf-8")
    for file in sorted(files):
        (into / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, into / file)
    (into / "site.css").write_text(STYLE, encoding="utf-8")


def _page(source: str, where: dict[str, str], files: set[str]) -> str:
    """A document as a page. Adds to `files` what it leads to and is no page."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = reader.parse((ROOT / source).read_text(encoding="utf-8"))
    place = where[source]
    for token in _all(tokens):
        for name in ("href", "src"):
            if name in token.attrs:
                token.attrs[name] = _target(source, str(token.attrs[name]), where, files)
    titles = list(_name_headings(tokens))
    title = titles[0] if titles else source
    body = reader.renderer.render(tokens, reader.options, {})
    up = posixpath.relpath(".", posixpath.dirname(place) or ".")
    name = title if title == "spec-ls" else f"{title} – spec-ls"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n'
        f'<title>{html.escape(name)}</title><link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="{up}/site.css">\n'
        f"{_ways('Site', WAYS, place)}{_ways('Guide', _guide(where), place) if place.startswith('guide/') else ''}"
        f"<main>\n{body}</main>\n"
    )


def _all(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _target(source: str, link: str, where: dict[str, str], files: set[str]) -> str:
    """Where a link of a document leads from its page."""
    path, mark, anchor = link.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link
    named = posixpath.normpath(posixpath.join(posixpath.dirname(source), unquote(path)))
    if named not in where:
        if not (ROOT / named).is_file():
            raise SystemExit(f"{source}: {link} leads to no file")
        files.add(named)
    found = posixpath.relpath(where.get(named, named), posixpath.dirname(where[source]) or ".")
    return f"{found}{mark}{anchor}"


def _name_headings(tokens: list[Token]) -> Iterator[str]:
    """Gives each heading the anchor that hosts of repositories give it; the words of all of them."""
    taken: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type != "heading_open":
            continue
        words = "".join(one.content for one in inline.children or () if one.type in ("text", "code_inline"))
        name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        again = taken[name] = taken.get(name, -1) + 1
        token.attrs["id"] = f"{name}-{again}" if again else name
        yield words


def _guide(where: dict[str, str]) -> list[tuple[str, str]]:
    """The pages of the guide in the order of its contents, with their names there."""
    contents = (ROOT / CONTENTS).read_text(encoding="utf-8")
    links = re.findall(r"^- \[(.+)\]\((.+)\)$", contents, re.M)
    return [
        (where[posixpath.normpath(posixpath.join(posixpath.dirname(CONTENTS), path))], name) for name, path in links
    ]


def _ways(label: str, ways: tuple[tuple[str, str], ...] | list[tuple[str, str]], place: str) -> str:
    def way(to: str, name: str) -> str:
        here = ' aria-current="page"' if to == place else ""
        return f'<a href="{posixpath.relpath(to, posixpath.dirname(place) or ".")}"{here}>{html.escape(name)}</a>'

    return f'<nav aria-label="{label}">{"".join(way(*one) for one in ways)}</nav>\n'


if __name__ == "__main__":
    write_pages(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "pages"))
