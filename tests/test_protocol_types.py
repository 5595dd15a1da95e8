"""The classes of lsprotocol are the same whether they are finished at once or when first used."""

from __future__ import annotations

import re
import subprocess
import sys

_TELL = """
import attrs
from lsprotocol import converters, types

converter = converters.get_converter()
for name, kind in sorted(types.ALL_TYPES_MAP.items()):
    if isinstance(kind, type) and attrs.has(kind):
        print(name, [(f.name, f.type, f.default, f.validator, f.kw_only, f.init, f.alias) for f in attrs.fields(kind)])
here = types.Position(1, 2)
print(here, here == types.Position(1, 2), here == types.Position(1, 3), types.Position.__hash__)
hover = types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value="x"))
print(hover, converter.unstructure(hover))
print(converter.structure({"textDocument": {"uri": "a"}, "position": {"line": 1, "character": 2}}, types.HoverParams))
"""


def test_classes_finished_late_are_those_of_lsprotocol() -> None:
    def told(*before: str) -> str:
        code = "\n".join([*before, _TELL])
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return re.sub(" at 0x[0-9a-f]+", "", done.stdout)

    stock, late = told(), told("import spec_ls.lsp.protocol_types")
    assert len(stock.splitlines()) > 500
    assert late == stock


def test_a_start_finishes_few_of_them() -> None:
    code = (
        "from spec_ls.lsp.server import create_server\nfrom lsprotocol import types\ncreate_server()\n"
        "print(sum('__attrs_attrs__' in vars(k) and isinstance(vars(k)['__attrs_attrs__'], tuple)"
        " for k in types.ALL_TYPES_MAP.values() if isinstance(k, type)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 60
