"""The language server, the only floor that knows LSP types: `wire` speaks the protocol, `server` serves the core."""
