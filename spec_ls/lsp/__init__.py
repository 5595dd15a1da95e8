"""The language server, the only floor that knows LSP types: `wire` speaks the protocol, `server` serves the core."""

import sys

if not {"asyncio", "ssl"} & sys.modules.keys():
    sys.modules["ssl"] = None  # type: ignore[assignment]  # asyncio does without TLS then, as a server on pipes can: 4 MB
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]

import spec_ls.lsp.protocol_types  # noqa: F401  before anything imports lsprotocol
