"""Public document sets with the templates they were written from: what the templates mean, and silence elsewhere.

The sets lie beside the project where it is developed; without them there is nothing to compare with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spec_ls.outline.inline import plain, title_of
from spec_ls.template.model import Template
from spec_ls.outline.metadata import field_key
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
