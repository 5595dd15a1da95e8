-- spec-ls for Neovim 0.11 and newer: put this folder on the runtime path, then vim.lsp.enable('spec_ls').
---@type vim.lsp.Config
return {
  cmd = { 'spec-ls', '--stdio' },
  filetypes = { 'markdown' },
  root_markers = { '.spec-ls.toml', '.git' },
}
