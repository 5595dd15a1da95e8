-- spec-ls for Neovim 0.11 and newer: put this folder on the runtime path, then vim.lsp.enable('spec_ls').
---@type vim.lsp.Config
return require('spec_ls').config()
