"""What the project promises about itself: versions, current pages, a fast start, imports that go strictly down."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from stdio import SERVER, Stdio

import spec_ls
from spec_ls.rules import CATALOGUE
from spec_ls.workspace import Document

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "spec_ls"

FLOORS = (
    ("text", "markup", "toml"),
    ("outline",),
    ("template",),
    ("values", "patterns", "allowances", "facts", "bind", "rebind", "others", "known", "spec", "numbering"),
    ("compose", "draft"),
    ("drift",),
    ("catalogue", "graph", "moves", "past"),
    ("rules",),
    ("pipeline",),
    ("lifecycle", "describe", "board"),
    ("features",),
    ("files", "git"),
    ("owners",),
    ("branches",),
    ("index", "history"),
    ("baseline", "config"),
    ("configuring",),
    ("resolver",),
    ("workspace",),
    ("cache", "briefs"),
    ("survey", "begin"),
    ("across",),
    ("outside", "api"),
    ("lsp", "playground", "cli"),
)
"""From the ground up; a floor imports from itself and from below."""

WALLS = {
    "markdown_it": ("outline",),
    "pygls": ("lsp",),
    "lsprotocol": ("lsp",),
    "cattrs": ("lsp",),
    "click": ("cli",),
    "rich": ("cli",),
    "websockets": ("playground",),
    "tomllib": ("config", "outline"),
    "wcmatch": ("resolver",),
    "wcwidth": ("features", "cli"),
    "multiprocessing": ("cli",),
    "subprocess": ("git",),
    "sqlite3": ("cache", "cli"),
}
"""The only floors that may import a library, or run another program."""

CORE = tuple(part for parts in FLOORS[: FLOORS.index(("features",)) + 1] for part in parts)
OUTSIDE_WORLD = frozenset({"time", "subprocess", "os", "pathlib", "io", "shutil", "socket", "glob", "tempfile"})
"""Clock, processes and files: facts from there are handed to the core."""

ALLOWED = {("spec_ls.template", "pathlib")}
"""The built-in templates are files of the package; an editor can open them."""


class Import(NamedTuple):
    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer} imports {self.imported} (line {self.line})"

    @property
    def floors(self) -> tuple[str, str]:
        return floor(self.importer), floor(self.imported)


def floor(module: str) -> str:
    """The part of spec_ls that a module belongs to; the package itself and `__main__` are none."""
    return module.split(".")[1] if module.startswith("spec_ls.") else ""


def imports_of(file: Path) -> Iterator[Import]:
    """Every import anywhere in a file, those inside functions and `from package import module` included."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(module, name.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import (line {node.lineno})"
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                is_module = (ROOT / inner.replace(".", "/")).with_suffix(".py").exists()
                is_module |= (ROOT / inner.replace(".", "/") / "__init__.py").exists()
                yield Import(module, inner if is_module else str(node.module), node.lineno)


IMPORTS = [one for file in sorted(PACKAGE.rglob("*.py")) for one in imports_of(file)]


def test_every_part_stands_on_a_floor() -> None:
    parts = {entry.stem for entry in PACKAGE.iterdir() if entry.suffix == ".py" or (entry / "__init__.py").exists()}
    assert parts - {"__init__", "__main__"} <= {part for floor in FLOORS for part in floor}


def test_imports_go_strictly_down() -> None:
    height = {part: number for number, parts in enumerate(FLOORS) for part in parts}
    upward = [
        one
        for one in IMPORTS
        if all(one.floors) and one.importer != "spec_ls.__main__" and height[one.floors[1]] > height[one.floors[0]]
    ]
    assert not upward, "\n".join(map(str, upward))


def test_the_server_and_the_command_line_share_one_line() -> None:
    crossing = [one for one in IMPORTS if set(one.floors) == {"lsp", "cli"}]
    allowed = [Import("spec_ls.cli", "spec_ls.lsp.server", one.line) for one in crossing]
    assert crossing == allowed, "\n".join(map(str, crossing))


def test_rules_do_not_import_rules() -> None:
    """What several rules need stands in a module of its own, without a rule in it."""
    home = "spec_ls.rules"
    rules = {f"{home}.{one.name.replace('-', '_')}" for one in CATALOGUE}
    shared = {one.imported for one in IMPORTS if one.importer in rules and one.imported.startswith(home)}
    crossing = [one for one in IMPORTS if one.importer in rules | shared and one.imported in {*rules, home}]
    assert not crossing, "\n".join(map(str, crossing))


def test_features_do_not_import_features() -> None:
    """Values they share stand in the package itself, which lists them. A feature may be a package of its own."""
    home = "spec_ls.features."
    inside = [one for one in IMPORTS if one.importer.startswith(home) and one.imported.startswith(home)]
    crossing = [one for one in inside if one.importer.split(".")[2] != one.imported.split(".")[2]]
    assert not crossing, "\n".join(map(str, crossing))


@pytest.mark.parametrize("library", WALLS)
def test_a_library_stays_behind_its_wall(library: str) -> None:
    outside = [one for one in IMPORTS if one.imported.split(".")[0] == library and one.floors[0] not in WALLS[library]]
    assert not outside, "\n".join(map(str, outside))


def test_the_core_knows_no_clock_git_or_disk() -> None:
    outside = [
        one
        for one in IMPORTS
        if one.floors[0] in CORE
        and one.imported.split(".")[0] in OUTSIDE_WORLD
        and (one.importer, one.imported) not in ALLOWED
    ]
    assert not outside, "\n".join(map(str, outside))
    opened = [
        f"{file.relative_to(ROOT)}:{node.lineno} opens a file"
        for part in CORE
        for file in sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "open"
    ]
    assert not opened, "\n".join(opened)


def test_the_core_asks_no_calendar() -> None:
    asked = [
        f"{file.relative_to(ROOT)}:{node.lineno} asks for {node.attr}()"
        for part in CORE
        for file in sorted((PACKAGE / part).rglob("*.py")) or [PACKAGE / f"{part}.py"]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("today", "now", "utcnow")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("date", "datetime")
    ]
    assert not asked, "\n".join(asked)


def test_the_entry_imports_nothing_heavy() -> None:
    """An editor waits for this import; the parts are loaded when it is known which are needed."""
    heavy = {"click", "rich", "pygls", "lsprotocol", "pydantic", "markdown_it", "yaml", "pathspec", "rapidfuzz"}
    code = "import sys, spec_ls.cli; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not heavy & set(loaded)


def test_the_server_needs_nothing_of_the_command_line() -> None:
    code = "import sys, spec_ls.lsp.server; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"click", "rich", "pathspec", "websockets"} & set(loaded)


@pytest.mark.parametrize("configured", [False, True])
def test_only_a_configuration_needs_pydantic(tmp_path: Path, configured: bool) -> None:
    """A tenth of the server's memory and of its start."""
    (tmp_path / "pyproject.toml").write_text("[tool.spec-ls]\n" if configured else "[tool.ruff]\n", "utf-8")
    text = (ROOT / "examples" / "delivery-alerts.md").read_text(encoding="utf-8")
    item = {"uri": (tmp_path / "spec.md").as_uri(), "languageId": "markdown", "version": 1, "text": text}
    with Stdio([SERVER[0], "-X", "importtime", *SERVER[1:]]) as server:
        server.initialize(rootUri=tmp_path.as_uri())
        server.notify("textDocument/didOpen", {"textDocument": item})
        shown = server.wait_for(lambda message: message.get("method") == "textDocument/publishDiagnostics")
        server.request("shutdown")
        server.notify("exit")
        server.wait()
    loaded = set(re.findall(r"^import time:.*\| *(\S+)$", server.stderr, re.M))
    assert len(shown["params"]["diagnostics"]) >= 10
    assert "spec_ls.workspace" in loaded
    assert ("pydantic" in loaded) == configured


def test_the_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    assert next(version for version in versions if version != "Unreleased") == spec_ls.__version__


def test_the_readme_shows_the_rules_and_the_command_line_as_they_are(request: pytest.FixtureRequest) -> None:
    """One row a rule, in the order of the catalogue; the picture shows what `spec-ls check` prints."""
    options = [] if request.config.getoption("--update") else ["--check"]
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[`([a-z-]+)`\]\((\S+)\) \|", readme, re.M)
    assert [name for name, _ in rows] == [rule.name for rule in CATALOGUE]
    assert all((ROOT / page).is_file() for _, page in rows)


def test_the_readme_lists_every_method_that_the_server_announces() -> None:
    """A row for each provider in the capabilities that a client with every capability gets."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8").split("<!-- methods -->")[1].split("<!-- /methods -->")[0]
    rows = {method.replace("/", "").casefold() for method in re.findall(r"^\| `([^`]+)` .*\| \S", readme, re.M)}
    client = json.loads((ROOT / "tests" / "clients" / "vscode-1.139.1.json").read_text(encoding="utf-8"))
    with Stdio() as server:
        told = server.initialize(client["capabilities"])["capabilities"]
    announced = {name.removesuffix("Provider").casefold() for name in told if name.endswith("Provider") and told[name]}
    assert "hover" in announced
    assert not {name for name in announced if not any(name in row for row in rows)}


def test_every_rule_has_a_file_of_its_own_name() -> None:
    files = {
        file.stem for file in (PACKAGE / "rules").glob("*.py") if re.search(r"^RULE\b", file.read_text("utf-8"), re.M)
    }
    assert files == {rule.name.replace("-", "_") for rule in CATALOGUE}


def test_the_package_needs_no_network_of_its_own() -> None:
    """`make test` installs from the package index that pip knows; no file names another."""
    named = [
        file.name
        for file in (ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run")
        if re.search(r"index-url|https?://", file.read_text(encoding="utf-8"))
    ]
    assert not named
    locks = [ROOT / "editors" / "vscode" / "package-lock.json", ROOT / "tests" / "editors" / "package-lock.json"]
    assert not [lock for lock in locks if '"resolved"' in lock.read_text(encoding="utf-8")]


def test_the_examples_are_what_their_readme_says() -> None:
    found = {}
    for file in sorted((ROOT / "examples").glob("*.md")):
        document = Document(file.read_bytes().decode("utf-8"))
        state = document.spec.state if document.decision.is_spec else None
        found[file.name] = (state.name if state else "", [problem.severity for problem in document.problems()])
    assert found["README.md"] == ("", [])
    assert found["invoice-export.md"] == ("Approved", [])
    assert found["guest-checkout.md"][0] == "Draft"
    assert set(found["guest-checkout.md"][1]) == {"hint", "warning"}
    assert found["delivery-alerts.md"][0] == "Review"
    assert found["delivery-alerts.md"][1].count("error") >= 10


def test_the_demo_tells_findings_fixes_and_what_is_left() -> None:
    demo = [sys.executable, str(ROOT / "examples" / "demo.py")]
    done = subprocess.run(demo, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    parts = done.stdout.split("━━ ")
    assert [part.split("\n")[0] for part in parts[1:]] == [
        "examples/README.md",
        "examples/delivery-alerts.md",
        "examples/guest-checkout.md",
        "examples/invoice-export.md",
        "Next",
    ]
    assert "not a spec" in parts[1]
    assert "→ " in parts[2] and "+## 6. Support Plan" in parts[2] and "findings left" in parts[2]
    assert "nothing to report" in parts[4]
    assert parts[5].rstrip().endswith("spec-ls playground examples")


def test_every_module_stands_in_the_architecture() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    rules = {rule.name.replace("-", "_") for rule in CATALOGUE}
    for file in (ROOT / "spec_ls").rglob("*.py"):
        name = file.name
        if name in ("__init__.py", "__main__.py") or (file.parent.name == "rules" and file.stem in rules):
            name = f"{file.parent.name}/"
        if name == "spec_ls/":
            continue
        assert name in text, f"{file.relative_to(ROOT)} does not stand in ARCHITECTURE.md"
