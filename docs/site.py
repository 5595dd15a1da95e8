"""Builds the site: the playground with the server inside of the page, the guide and the references, as plain files.

    python docs/site.py build/site        (make site)

Whatever serves files can serve it, from any folder; nothing is asked of any other host.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from pages import write_pages

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


def main() -> None:
    into = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")
    if not PYODIDE.is_dir():
        subprocess.run(["npm", "ci", "--silent"], cwd=SOURCE, check=True)
    shutil.rmtree(into, ignore_errors=True)
    playground(into / "playground")
    write_pages(into)
    size = sum(path.stat().st_size for path in into.rglob("*") if path.is_file())
    print(f"{into}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
