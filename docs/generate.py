"""Writes what the README shows of rules, server and command line, from the rules, the server and the command line.

`python docs/generate.py` writes the tables of README.md, docs/demo.svg, the JSON Schema of the configuration and, for
VS Code, the settings of the server and the snippets; with `--check` it writes nothing and exits with 1, naming what is
out of date.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from spec_ls import __version__
from spec_ls.compose import section_block, story_block
from spec_ls.config import UserSettings, schema
from spec_ls.draft import Given, draft
from spec_ls.lsp.server import create_server
from spec_ls.outline import Outline
from spec_ls.rules import CATALOGUE
from spec_ls.rules.base import STAGES, Weights
from spec_ls.rules.pages import summary
from spec_ls.spec import Spec
from spec_ls.template import builtin
from spec_ls.template.model import SectionSlot
from spec_ls.text import Text

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = "examples/delivery-alerts.md"
SHOWN = 7
"""How many findings the picture has room for."""


def main() -> int:
    """Writes the files, or says which of them are not current. The exit code."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, rows in (("severities", severities()), ("rules", rules()), ("methods", methods())):
        table = "".join(f"{row}\n" for row in rows)
        readme = re.sub(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", rf"\1{table}\2", readme, flags=re.S)
    pages = {ROOT / "README.md": readme, ROOT / "docs" / "demo.svg": picture()}
    pages[ROOT / "docs" / "guide" / "configuration.md"] = configuration()
    pages[ROOT / "spec_ls" / "docs" / "configuration.schema.json"] = as_json(schema())
    code = ROOT / "editors" / "vscode"
    pages[code / "package.json"] = extension((code / "package.json").read_text(encoding="utf-8"))
    pages[code / "snippets" / "product-spec.json"] = as_json(snippets())
    stale = [path for path, page in pages.items() if not path.exists() or path.read_text(encoding="utf-8") != page]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run python docs/generate.py", file=sys.stderr)
        return bool(stale)
    for path in stale:
        path.write_text(pages[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def configuration() -> str:
    """The reference of the configuration: a table for each of its tables, a row a key."""
    made = schema()
    parts = [
        "# Configuration\n",
        "`.spec-ls.toml` at the top of what it governs, or `[tool.spec-ls]` in pyproject.toml; `spec-ls config show` "
        "prints what is in force, `spec-ls config schema` the JSON Schema that this page is made from.\n",
    ]
    tables = {
        "": made,
        "[templates.NAME]": made["$defs"]["TemplateEntry"],
        "[[overrides]]": made["$defs"]["Override"],
        "[people]": made["$defs"]["People"],
        "[tickets]": made["$defs"]["Tickets"],
    }
    for name, table in tables.items():
        parts.append(f"## `{name}`\n" if name else "## Tables\n")
        parts.append("| Key | What it says | Unless given |\n| :--- | :--- | :--- |")
        for key, one in table["properties"].items():
            default = one.get("default")
            given = f"`{json.dumps(default)}`" if default not in (None, "", [], {}) else ""
            told = " ".join(one.get("description", "").split()).replace("|", "\\|")
            parts.append(f"| `{key}` | {told} | {given} |")
        parts.append("")
    return "\n".join(parts)


def rules() -> list[str]:
    """One row a rule, in the order of the catalogue: its name, its page and the first sentence of that."""
    rows = [f"| [`{rule.name}`](spec_ls/docs/rules/{rule.name}.md) | {summary(rule)} |" for rule in CATALOGUE]
    return ["| Rule | Reported when |", "| :--- | :--- |", *rows]


def methods() -> list[str]:
    """One row for each method and command that the server registers: what it gives, and how it is switched off."""
    registry = create_server().protocol.fm
    commands = {f"workspace/executeCommand` `{name}": run for name, run in registry.commands.items()}
    rows = []
    for method, handler in sorted({**registry.features, **commands}.items()):
        of_spec = [given for given in getattr(handler, "args", ()) if hasattr(given, "run")]
        told = (of_spec[0].run if of_spec else getattr(handler, "func", handler)).__doc__
        if not told:
            raise SystemExit(f"{method}: its handler has no docstring to say what it gives")
        sentence = " ".join(told.split("\n\n")[0].split()).rstrip(".")
        rows.append(f"| `{method}` | {sentence} | {of_spec[0].feature if of_spec else ''} |")
    return ["| Method | What it gives on a spec | Switch |", "| :--- | :--- | :--- |", *rows]


def severities() -> list[str]:
    """One row for all rules that weigh alike; a column for each group of statuses of the built-in template."""
    alike: dict[Weights, list[str]] = {}
    for rule in CATALOGUE:
        alike.setdefault(rule.weights, []).append(f"`{rule.name}`")
    columns = [", ".join(state.name for state in builtin().states if state.stage == stage) for stage in STAGES]
    rows = [f"| Rules | {' | '.join(columns)} |", f"| :--- |{' :--- |' * len(columns)}"]
    for weights, names in alike.items():
        rows.append(f"| {', '.join(names)} | {' | '.join(weight or '–' for weight in weights)} |")
    return rows


def as_json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def extension(source: str) -> str:
    """The extension's package.json with the server's version, and its settings behind those of the extension."""
    package: dict[str, Any] = json.loads(source)
    package["version"] = __version__
    made = UserSettings.model_json_schema(by_alias=True)
    properties = {f"spec-ls.{name}": setting(one) for name, one in made["properties"].items()}
    own, *_ = package["contributes"]["configuration"]
    package["contributes"]["configuration"] = [own, {"title": "spec-ls: the server", "properties": properties}]
    return as_json(package)


def setting(described: dict[str, Any]) -> dict[str, Any]:
    """A setting as VS Code wants it: no title of its own; one that names folders is not a workspace's to give."""
    said = {key: value for key, value in described.items() if key not in ("title", "propertyNames")}
    said["scope"] = "machine" if described["type"] == "array" else "resource"
    if described["type"] == "object":
        names = described["propertyNames"]["enum"]
        said["properties"] = {name: {"type": "boolean", "default": True} for name in names}
        said |= {"additionalProperties": False, "default": {}}
    return said


def snippets() -> dict[str, object]:
    """The built-in template whole, and each of its sections and stories, with a stop at each sample."""
    template = builtin()
    spec = Spec(Outline(Text("")), template)
    whole = re.sub(r"([\\\\$}])", r"\\\1", draft(template, Given()))
    found = {"Product spec": snippet("spec", whole, "A whole product spec")}

    def add(slots: tuple[SectionSlot, ...]) -> Iterator[tuple[str, str]]:
        for slot in slots:
            text = story_block(spec, slot, 1, True) if slot.repeats else section_block(spec, slot, slot.number, True)
            yield slot.stem if slot.repeats else slot.title, text
            yield from add(slot.sections)

    for title, text in add(template.sections):
        name = "-".join(re.findall(r"[a-z0-9]+", title.lower()))
        found[title] = snippet(f"spec-{name}", text.strip("\n") + "\n", f"{title}, as the product spec has it")
    return found


def snippet(prefix: str, text: str, description: str) -> object:
    return {"prefix": prefix, "body": text.rstrip("\n").split("\n"), "description": description}


def picture() -> str:
    """What `spec-ls check` prints for an example, as an SVG for light and dark pages."""
    command = [sys.executable, "-m", "spec_ls", "check", EXAMPLE]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=False)
    file, *printed, _, summary = done.stdout.splitlines()
    lines = [f"$ spec-ls check {EXAMPLE}", file, *printed[: 3 * SHOWN]]
    if len(printed) > 3 * SHOWN:
        lines.append(f"… {len(printed) // 3 - SHOWN} more …")
    return svg([*lines, summary])


STYLE = """
    .page { fill: #f6f8fa; stroke: #d0d7de } text { fill: #1f2328 }
    .error { fill: #cf222e } .warning { fill: #9a6700 } .hint, .information { fill: #0969da } .quiet { fill: #59636e }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117; stroke: #3d444d } text { fill: #f0f6fc }
      .error { fill: #ff7b72 } .warning { fill: #d29922 } .hint, .information { fill: #58a6ff } .quiet { fill: #9198a1 }
    }
"""
HEAD = re.compile(r"(?P<place>\S+:\d+:\d+): (?P<weight>[a-z]+)(?P<rule>\[[a-z-]+\]) (?P<message>.*)")


def svg(lines: list[str]) -> str:
    """The lines as a picture of a terminal."""
    height, width = 18 * len(lines) + 28, 8 * max(map(len, lines)) + 32
    rows, colour = [], ""
    for number, line in enumerate(lines):
        head = HEAD.fullmatch(line)
        if head:
            colour = head["weight"]
            words = (
                f'<tspan class="quiet">{escape(head["place"])}:</tspan> <tspan class="{colour}">{colour}</tspan>'
                f'<tspan class="quiet">{escape(head["rule"])}</tspan> {escape(head["message"])}'
            )
        elif set(line) <= set(" ^"):
            words = f'<tspan class="{colour}">{line}</tspan>'
        elif line.startswith("…"):
            words = f'<tspan class="quiet">{line}</tspan>'
        else:
            words = escape(line)
        rows.append(f'  <text x="16" y="{18 * number + 28}" xml:space="preserve">{words}</text>')
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13">',
            f"  <title>{escape(lines[0].removeprefix('$ '))}</title>",
            f"  <style>{STYLE}  </style>",
            f'  <rect class="page" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
            *rows,
            "</svg>\n",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
