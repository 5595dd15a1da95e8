"""The language server, the only floor that knows LSP types: `wire` speaks the protocol, `server` serves the core."""

import spec_ls.lsp.protocol_types  # noqa: F401  before anything imports lsprotocol
