"""The playground in Chromium: a broken spec is mended, saved and fought over; its bundle is what its source makes."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from broken import ASKED, HANDLE, MENDED, SPEC, STATUS, TYPED
from conftest import BIN, HERE, ROOT, SHOTS, Install, Run

SOURCE = ROOT / "editors" / "playground"
SHIPPED = ROOT / "spec_ls" / "playground" / "static"
MOST_BYTES = 200_000
NAME = "päckchen 📦.md"

Drive = Callable[..., str]


@pytest.fixture(scope="session")
def modules() -> Path:
    """What the page is made of, and what drives it, from npm."""
    found = SOURCE / "node_modules"
    lock = SOURCE / "package-lock.json"
    mark = found / ".installed"
    if not mark.exists() or mark.read_bytes() != lock.read_bytes():
        subprocess.run(["npm", "ci", "--silent"], cwd=SOURCE, check=True)
        mark.write_bytes(lock.read_bytes())
    return found


@pytest.fixture
def drive(install: Install, run: Run, modules: Path) -> Drive:
    """Runs a script of `tests/editors/playground` with what it is told; what it has said."""
    install("browser")
    SHOTS.mkdir(parents=True, exist_ok=True)

    def driven(script: str, **given: Any) -> str:
        texts = {"name": NAME, "spec": SPEC, "mended": MENDED, "status": STATUS, "asked": ASKED, "typed": TYPED}
        places = {"modules": str(modules), "chromium": shutil.which("chromium"), "shots": str(SHOTS)}
        told = {**texts, "handle": HANDLE, **places, **given}
        return run(["node", HERE / "playground" / script], {"GIVEN": json.dumps(told)})

    return driven


def test_the_bundle_is_what_its_source_makes(modules: Path, tmp_path: Path) -> None:
    subprocess.run(["npm", "run", "--silent", "check"], cwd=SOURCE, check=True)
    subprocess.run(["node", "build.mjs", str(tmp_path)], cwd=SOURCE, check=True)
    built = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    shipped = {file.name: file.read_bytes() for file in SHIPPED.iterdir()}
    assert built == shipped, "build it anew: cd editors/playground && npm run build"
    assert sum(len(gzip.compress(data)) for data in shipped.values()) <= MOST_BYTES


@pytest.fixture
def hosted(modules: Path, tmp_path: Path) -> Iterator[str]:
    """The address of the static page on a plain file host, with specs of the test's own for its examples."""
    site = tmp_path / "site"
    subprocess.run([sys.executable, str(ROOT / "docs" / "site.py"), str(site)], check=True)
    other = SPEC.replace("SPEC-031", "SPEC-032").replace("| Dra |", "| Draft |")
    (site / "playground" / "texts.json").write_text(json.dumps({NAME: SPEC, "other.md": other}), "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{host.server_port}/playground/index.html"
        host.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Says nothing."""


def test_the_static_page_has_the_server_inside(drive: Drive, hosted: str) -> None:
    assert "all 6 passed" in drive("inside.mjs", address=hosted)


def test_a_spec_is_mended_in_the_browser(drive: Drive, tmp_path: Path, update: Callable[[Path, Path], None]) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    (folder / NAME).write_bytes(("\ufeff" + SPEC.replace("\n", "\r\n")).encode())
    (folder / "other.md").write_text(SPEC.replace("SPEC-031", "SPEC-032").replace("| Dra |", "| Draft |"), "utf-8")
    shutil.copy(ROOT / "examples" / "delivery-alerts.md", folder)
    (folder / "README.md").write_text("# About\n\nNothing.\n", "utf-8")
    command = [BIN / "spec-ls", "playground", folder, "--no-browser"]
    environment = {**os.environ, "HOME": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        try:
            server.stdout.readline()
            address = server.stdout.readline().strip()
            said = drive("mend.mjs", address=address, folder=str(folder), server=server.pid)
            assert "all 16 passed" in said
            assert server.wait(10) == 0
        finally:
            server.kill()
    update(SHOTS / "playground.png", ROOT / "docs" / "playground.png")
