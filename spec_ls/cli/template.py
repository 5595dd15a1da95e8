"""`spec-ls template`: what a template is understood to say, and what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Literal, get_args

import click

from spec_ls.cli import arguments
from spec_ls.cli.report import Output, counted, say, weighing
from spec_ls.cli.run import file_for_template
from spec_ls.files import CannotRead, read_source
from spec_ls.rules import CATALOGUE
from spec_ls.template import builtin, builtin_names
from spec_ls.template.check import Fault, faults
from spec_ls.template.model import FieldSlot, Template
from spec_ls.text import Point, Text

Format = Literal["text", "json"]


@click.group(short_help="Look at a template: what it says, what is wrong with it.")
def template() -> None:
    """Looks at a template: what it is understood to say, and what is wrong with it."""


@template.command(short_help="Check a template file.")
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=arguments.MarkdownPath())
@arguments.options(arguments.form(get_args(Format)), arguments.fail_on)
def check(files: tuple[str, ...], form: Format, fail_on: str) -> None:
    """Checks template files: annotations, headings, values, front matter.

    \b
      spec-ls template check docs/templates/spec.md

    \b
    Exit code:
      0  nothing as heavy as --fail-on was found
      1  something was
      2  a file cannot be read
    """
    output, failed = Output(), False
    records: list[dict[str, Any]] = []
    heavy = weighing(fail_on)
    found_heavy, count = False, 0
    for name in files:
        try:
            source = read_source(name)
        except CannotRead as error:
            say(f"{name}: {error}")
            failed = True
            continue
        text = Text(source)
        for fault in faults(source, [rule.name for rule in CATALOGUE]):
            count += 1
            found_heavy = found_heavy or fault.severity in heavy
            if form == "json":
                records.append(_record(name, text, fault))
            else:
                place = f"{name}:{fault.span.start_line + 1}:{fault.span.start + 1}"
                output.write(f"{place}: {fault.severity}[{fault.rule}] {fault.message}\n")
    if form == "json":
        output.write(json.dumps(records, ensure_ascii=False, indent=2) + "\n", "utf-8")
    elif not failed:
        output.write(f"{counted(count, 'finding') if count else 'no findings'} in {counted(len(files), 'template')}\n")
    sys.exit(2 if failed else int(found_heavy))


def _record(name: str, text: Text, fault: Fault) -> dict[str, Any]:
    def position(line: int, offset: int) -> dict[str, int]:
        return {"line": line, "character": text.character(Point(line, offset), "utf-16")}

    return {
        "path": name,
        "rule": fault.rule,
        "severity": fault.severity,
        "message": fault.message,
        "range": {"start": position(*fault.span.first), "end": position(*fault.span.last)},
        "fixable": bool(fault.fixes),
    }


@template.command(short_help="Print what a template is understood to say.")
@click.argument("name", metavar="[NAME|FILE]", default="", required=False, type=arguments.BuiltinName())
@arguments.form(get_args(Format))
def show(name: str, form: Format) -> None:
    """Prints what a template is understood to say: its sections, fields and states.

    NAME is a template that comes with spec-ls, by default the product spec; FILE is a Markdown file.

    \b
      spec-ls template show docs/templates/spec.md
    """
    read = _read(name)
    output = Output()
    if form == "json":
        output.write(json.dumps(as_json(read), ensure_ascii=False, indent=2) + "\n", "utf-8")
    else:
        output.write("\n".join(as_lines(read)) + "\n")


def _read(name: str) -> Template:
    """The template of that name or file. Raises BadParameter."""
    if not name or name in builtin_names():
        return builtin(name) if name else builtin()
    return file_for_template(name, builtin_names(), "NAME")


def as_json(read: Template) -> dict[str, Any]:
    """The template as plain data. Lines count from 1; `sections` has every heading in the order of the text."""
    return {
        "name": read.name,
        "title": read.title,
        "version": read.version,
        "carrier": read.carrier,
        "sections": [
            {
                "level": heading.level,
                "title": heading.title,
                "need": heading.need,
                "number": heading.number,
                "parent": heading.parent,
                "line": heading.line + 1,
            }
            for heading in read.headings
        ],
        "fields": [_field(slot) for slot in read.fields],
        "states": [
            {"name": state.name, "stage": state.stage, "meaning": state.meaning, "moves": list(state.moves)}
            for state in read.states
        ],
        "severities": [{"rule": rule, "level": level} for rule, level in read.severities],
    }


def _field(slot: FieldSlot) -> dict[str, Any]:
    known: dict[str, Any] = {"name": slot.name, "kind": slot.kind, "values": list(slot.values), "need": slot.need}
    if slot.kind == "id":
        known |= {"prefix": slot.prefix, "digits": slot.digits}
    return {**known, "sample": slot.sample, "line": slot.origin.line + 1}


def as_lines(read: Template) -> Iterator[str]:
    """The template as a person reads it, line by line."""
    version = f", version {read.version}" if read.version else ""
    yield f"Template {read.name}{version}"
    yield f"Title: {read.title}" if read.title else "Title: none"
    carriers = {
        "table": "in a table",
        "yaml": "in front matter",
        "list": "in a list",
        "lines": "in lines with labels",
        "fence": "in a code block",
        "toml": "in front matter",
        "html": "in a table",
        "columns": "in a table",
        "terms": "in a definition list",
        "none": "none",
    }
    yield f"Metadata: {carriers[read.carrier]}"
    for slot in read.fields:
        values = f": {', '.join(slot.values)}" if slot.values else ""
        prefix = f" {slot.prefix}{'0' * slot.digits}" if slot.kind == "id" else ""
        yield f"  {slot.name} ({slot.need}) {slot.kind}{prefix}{values}"
    yield "Sections:"
    for heading in read.headings:
        number = f"{heading.number}. " if heading.number is not None else ""
        yield f"{'  ' * heading.level}{number}{heading.title} ({heading.need})"
    if read.states:
        yield f"States, in the section {read.stated.name}:" if read.stated else "States:"
        for state in read.states:
            moves = f" -> {', '.join(state.moves)}" if state.moves else ""
            yield f"  {state.name} ({state.stage}){moves}"
