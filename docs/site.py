"""Builds the site: the playground with the server inside of the page, the guide and the rules, as plain files.

    python docs/site.py build/site        (make site)

Whatever serves files can serve it, from any folder; nothing is asked of any other host.
"""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from markdown_it import MarkdownIt
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "spec_ls" / "playground" / "static"
SOURCE = ROOT / "editors" / "playground"
PYODIDE = SOURCE / "node_modules" / "pyodide"
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
FIRST = "delivery-alerts.md"

UNUSED = frozenset({"click", "rich", "websockets", "pydantic"})
"""What only the command line and configurations need; the page has neither."""
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'nonce-page'; img-src 'self' data:; base-uri 'none'; form-action 'none'"
)
STYLE = """\
:root{color-scheme:light dark}body{max-width:56rem;margin:0 auto;padding:1rem;font:16px/1.55 system-ui,sans-serif}
nav{display:flex;gap:1.2em;border-bottom:1px solid #8886;padding-bottom:.5em}img{max-width:100%;height:auto}
pre,code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}pre{overflow:auto;padding:.8em;background:#8881}
table{border-collapse:collapse;display:block;overflow-x:auto}td,th{border-bottom:1px solid #8885;padding:.3em .7em;
text-align:left;vertical-align:top}
"""


def needed() -> Iterator[Distribution]:
    """The installed distributions that the server needs, without spec-ls itself."""
    waiting, seen = ["spec-ls"], {"spec-ls", *UNUSED}
    while waiting:
        found = distribution(waiting.pop())
        if found.name != "spec-ls":
            yield found
        for line in found.requires or ():
            wanted = Requirement(line)
            applies = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
            if applies and wanted.name.lower() not in seen:
                seen.add(wanted.name.lower())
                waiting.append(wanted.name)


def modules(into: Path) -> None:
    """Writes what of spec-ls and its dependencies is Python alone; those with compiled parts do without these."""
    files = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "spec_ls").rglob("*"))}
    for found in needed():
        for file in found.files or ():
            files[file.as_posix()] = Path(str(found.locate_file(file)))
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(files.items()):
            parts = name.split("/")
            is_wanted = path.suffix in (".py", ".md", ".json", ".typed") or parts[-1] == "METADATA"
            if is_wanted and path.is_file() and not {"..", "__pycache__", "static"} & set(parts):
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)


def playground(into: Path) -> None:
    """The page of `spec-ls playground`, with a worker in the place of its server."""
    into.mkdir(parents=True)
    for name in ("main.js", "main.css"):
        shutil.copyfile(PAGE / name, into / name)
    page = (PAGE / "index.html").read_text(encoding="utf-8").replace("{{nonce}}", "page")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page = page.replace('<meta charset="utf-8">', f'<meta charset="utf-8">\n{policy}')
    (into / "index.html").write_text(page, encoding="utf-8")
    shutil.copyfile(SOURCE / "src" / "worker.js", into / "worker.js")
    home = {"root": "file:///specs", "folder": "examples", "first": FIRST, "worker": "worker.js"}
    (into / "folder.json").write_text(json.dumps(home), encoding="utf-8")
    examples = sorted((ROOT / "examples").glob("*.md"))
    texts = {path.name: path.read_bytes().decode("utf-8") for path in examples}
    (into / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    (into / "pyodide").mkdir()
    for name in PYODIDE_FILES:
        shutil.copyfile(PYODIDE / name, into / "pyodide" / name)
    modules(into / "modules.zip")


def link(target: str, up: str) -> str:
    """Where a link of the README or of a rule's page leads on the site; what is not on it stays as it is written."""
    rule = re.fullmatch(r"(?:spec_ls/docs/rules/)?([a-z-]+)\.md(#.*)?", target)
    if rule:
        return f"{up}rules/{rule[1]}.html{rule[2] or ''}"
    picture = re.fullmatch(r"docs/([\w.-]+\.(?:png|svg))", target)
    return f"{up}{picture[1]}" if picture else target


def page(source: str, title: str, up: str) -> str:
    """A page of Markdown as HTML."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = reader.parse(source)
    for token in (inner for outer in tokens for inner in outer.children or ()):
        for name in ("href", "src"):
            if name in token.attrs:
                token.attrs[name] = link(str(token.attrs[name]), up)
    body = reader.renderer.render(tokens, reader.options, {})
    ways = (("index.html", "Guide"), ("rules/index.html", "Rules"), ("playground/index.html", "Playground"))
    nav = "".join(f'<a href="{up}{way}">{name}</a>' for way, name in ways)
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n'
        f'<title>{html.escape(title)}</title><link rel="icon" href="data:,">\n'
        f'<link rel="stylesheet" href="{up}site.css">\n'
        f"<nav>{nav}</nav>\n{body}"
    )


def guide(into: Path) -> None:
    """The README and the rules' reference."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (into / "index.html").write_text(page(readme, "spec-ls", ""), encoding="utf-8")
    (into / "site.css").write_text(STYLE, encoding="utf-8")
    for picture in sorted((ROOT / "docs").iterdir()):
        if picture.suffix in (".png", ".svg"):
            shutil.copyfile(picture, into / picture.name)
    (into / "rules").mkdir()
    rules = sorted((ROOT / "spec_ls" / "docs" / "rules").glob("*.md"))
    for file in rules:
        text = page(file.read_text(encoding="utf-8"), f"{file.stem} – spec-ls", "../")
        (into / "rules" / f"{file.stem}.html").write_text(text, encoding="utf-8")
    index = "\n".join(["# Rules", "", *(f"- [{file.stem}]({file.name})" for file in rules)])
    (into / "rules" / "index.html").write_text(page(index, "Rules – spec-ls", "../"), encoding="utf-8")


def main() -> None:
    into = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")
    if not PYODIDE.is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=SOURCE, check=True)
    shutil.rmtree(into, ignore_errors=True)
    playground(into / "playground")
    guide(into)
    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    print(f"{into}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
