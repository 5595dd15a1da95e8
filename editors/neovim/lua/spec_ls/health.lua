-- :checkhealth spec_ls

local M = {}

function M.check()
  local health = vim.health or require('health')
  local start, ok = health.start or health.report_start, health.ok or health.report_ok
  local warn, fail = health.warn or health.report_warn, health.error or health.report_error

  start('spec-ls')
  local version = vim.version()
  local said = ('Neovim %d.%d.%d'):format(version.major, version.minor, version.patch)
  if vim.fn.has('nvim-0.7') == 0 then
    fail(said .. ': 0.7 or newer is needed')
    return
  end
  ok(said .. (vim.lsp.enable and '' or ": without vim.lsp.enable(), so call require('spec_ls').setup()"))

  local program = require('spec_ls').options.cmd[1]
  if vim.fn.executable(program) == 0 then
    fail(program .. ' cannot be run', { 'pip install spec-ls, in an environment whose bin folder is on the PATH' })
    return
  end
  local told = vim.fn.system({ program, '--version' })
  if vim.v.shell_error ~= 0 then
    fail(('%s --version ends with %d: %s'):format(program, vim.v.shell_error, told))
    return
  end
  ok(('%s is %s'):format(vim.trim(told), vim.fn.exepath(program)))

  local list = vim.lsp.get_clients or vim.lsp.get_active_clients
  local count = 0
  for _, client in pairs(list()) do
    if client.name == 'spec_ls' then
      count = count + 1
      local root = client.config.root_dir or 'no folder'
      ok(('serves %s, counts in %s'):format(root, client.offset_encoding))
    end
  end
  if count == 0 then
    warn('no server runs', { 'open a Markdown file', "is there vim.lsp.enable('spec_ls') or require('spec_ls').setup()?" })
  end
end

return M
