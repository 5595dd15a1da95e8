"""Public document sets with the templates they were written from: what the templates mean, and silence elsewhere.

The sets lie beside the project where it is developed; without them there is nothing to compare with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spec_ls.outline.inline import plain, title_of
from spec_ls.outline.metadata import field_key
from spec_ls.template.model import Template
from spec_ls.template.read import read_template
from spec_ls.workspace import Document

FOLDER = Path(__file__).parents[2] / "shared" / "corpora"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the document sets are not there")

KINDS = {"enum": "choice", "enumprefix": "choice", "enumlist": "choice", "url": "link", "datetime": "date"}


def schemas() -> list[tuple[str, str, dict[str, Any]]]:
    if not FOLDER.is_dir():
        return []
    expected = json.loads((FOLDER / "expected_schema.json").read_text(encoding="utf-8"))
    return [(name, path, schema) for name, schema in expected.items() for path in schema["templates"]]


def template(name: str, path: str) -> Template:
    return read_template((FOLDER / name / path).read_text(encoding="utf-8"), name)


@pytest.mark.parametrize(("name", "path", "schema"), schemas())
def test_every_heading_has_the_need_that_a_reader_gives_it(name: str, path: str, schema: dict[str, Any]) -> None:
    read = template(name, path)
    found = {
        title_of(plain(slot.heading)).key: (slot.level, "example" if slot.repeats else slot.need)
        for slot in read.all_sections()
    }
    stems = {slot.stem_key for slot in read.all_sections() if slot.repeats}
    for section in schema["templates"][path]["sections"]:
        key = title_of(plain(section["title"])).key
        if key == title_of(plain(read.title or "")).key:
            continue  # the document's own title
        if key not in found and any(key.startswith(stem) for stem in stems):
            continue  # one more example of a repeated section
        assert found.pop(key) == (section["level"], section["need"]), section["title"]
    assert not found


@pytest.mark.parametrize(("name", "path", "schema"), schemas())
def test_every_field_has_the_kind_and_values_that_a_reader_gives_it(
    name: str, path: str, schema: dict[str, Any]
) -> None:
    if schema["carrier"].startswith("sidecar"):
        pytest.skip("its metadata stand in another file")
    found = {slot.key: slot for slot in template(name, path).fields}
    for field in schema["fields"]:
        slot = found.pop(field_key(field["name"]))
        kind = KINDS.get(field["kind"], field["kind"])
        assert (slot.kind, list(slot.values), slot.need) == (kind, field["values"], field["need"]), field["name"]
    assert not found


def test_nothing_is_said_where_nothing_binds_a_document_to_a_template() -> None:
    documents = sorted(FOLDER.rglob("*.md"))
    assert documents
    for path in documents:
        with path.open(encoding="utf-8", newline="") as file:
            assert not Document(file.read()).decision.is_spec, path


# --- findings -------------------------------------------------------------------------------------------------------

OTHERWISE: dict[tuple[str, str, str], str] = {
    ("kep", "989-extend-datasource", "missing-section Prerequisite testing updates"): (
        "its parent Test Plan belongs in Design Details, which is missing: told once, there"
    ),
    ("kep", "989-extend-datasource", "missing-section Integration tests"): "as above",
    ("kep", "5030-attach-limit-autoscaler", "empty-section 172"): (
        "Design Details has its subsections, under the next heading of its level: these are misplaced"
    ),
    (
        "kep",
        "5394-psi-node-conditions",
        "empty-section 394",
    ): "its required subsections are told as missing",
    ("kep", "3503-host-network-support-for-windows-pods", "empty-section 595"): "as above",
    ("kep", "3503-host-network-support-for-windows-pods", "empty-section 707"): "as above",
    ("kep", "3503-host-network-support-for-windows-pods", "empty-section 818"): "as above",
    ("tf", "20180827-api-names.md", "empty-section 52"): "as above",
}
"""Where the other reading and this one differ, and why this one stays."""


def documents() -> list[tuple[str, str, dict[str, Any]]]:
    if not FOLDER.is_dir():
        return []
    expected = json.loads((FOLDER / "expected_findings.json").read_text(encoding="utf-8"))
    return [(name, path, said) for name, paths in expected.items() for path, said in paths.items()]


def judged(name: str, path: str, said: dict[str, Any]) -> Document:
    with (FOLDER / name / path).open(encoding="utf-8", newline="") as file:
        return Document(file.read(), template(name, said["template"]))


@pytest.mark.parametrize(("name", "path", "said"), documents())
def test_what_a_document_lacks_is_what_another_reader_found(name: str, path: str, said: dict[str, Any]) -> None:
    document = judged(name, path, said)
    read = document.spec.template
    titles = {slot.index: slot for slot in read.all_sections()}
    missing, misnamed, empty, dates, choices = set(), set(), set(), set(), set()
    for problem in document.problems("review"):
        line = problem.span.start_line + 1
        match problem.rule:
            case "missing-section":
                missing.add(titles[problem.finding.subject].key)
            case "misnamed-section":
                misnamed.add(title_of(plain(problem.finding.subject)).key)
            case "empty-section":
                empty.add(line)
            case "invalid-date":
                dates.add(line)
            case "invalid-choice":
                choices.add(line)
    known = {what for corpus, part, what in OTHERWISE if corpus == name and part in path}
    faults = said["findings"]

    def subjects(kind: str) -> dict[str, str]:
        return {
            title_of(plain(one["subject"])).key: one["subject"]
            for one in faults
            if one["kind"] == kind and not one.get("parent_missing") and not one.get("cond")
        }

    def lines(kind: str) -> set[int]:
        return {one["line"] for one in faults if one["kind"] == kind and f"{kind} {one['line']}" not in known}

    wanted = {key for key, subject in subjects("missing-section").items() if f"missing-section {subject}" not in known}
    assert missing | (misnamed & wanted) == wanted
    assert empty == lines("empty-section")
    if name != "kep":  # its metadata stand in another file
        assert dates == lines("malformed-date")
        assert choices == lines("invalid-enum")
        absent = {field_key(one["subject"]) for one in faults if one["kind"] == "missing-field"}
        told = {problem.finding.subject[0] for problem in document.problems() if problem.rule == "missing-field"}
        assert told == absent


def test_every_listed_difference_is_one() -> None:
    """What no longer differs is taken off the list."""
    for name, path, said in documents():
        known = {what for corpus, part, what in OTHERWISE if corpus == name and part in path}
        if known:
            problems = judged(name, path, said).problems("review")
            told = {f"{problem.rule} {problem.span.start_line + 1}" for problem in problems}
            assert not known & told


def test_a_finished_document_is_told_little_else() -> None:
    """Beyond what the other reader found, nothing but boxes, places and levels."""
    other = {
        "missing-check",
        "misplaced-section",
        "wrong-level",
        "misnamed-section",
        "leftover-guidance",
        "sample-text",
    }
    kinds = {"missing-section", "empty-section", "invalid-date", "invalid-choice", "missing-field"}
    for name, path, said in documents():
        found = {problem.rule for problem in judged(name, path, said).problems("review")}
        assert found <= other | kinds, path


@pytest.mark.parametrize("name", ["rust", "kep", "madr", "tf"])
def test_a_copy_of_the_template_is_told_what_is_not_filled_in(name: str) -> None:
    for path in {said["template"] for corpus, _, said in documents() if corpus == name}:
        source = (FOLDER / name / path).read_text(encoding="utf-8")
        found = {problem.rule for problem in Document(source, template(name, path)).problems("draft")}
        assert found
        assert found <= {"sample-text", "leftover-guidance", "empty-section", "malformed-metadata"}, (name, found)
