-- spec-ls in Neovim, from 0.7 on: starts the server, and wires completion, code lenses and inlay hints.

local M = {}

---What holds where setup() says nothing.
M.options = {
  cmd = { 'spec-ls', '--stdio' },
  filetypes = { 'markdown' },
  root_markers = { '.spec-ls.toml', '.git' },
  settings = {}, -- of the server: features, handle, maxBytes
  completion = true, -- while you type, from 0.11 on; <C-x><C-o> in any version
  code_lens = true,
  inlay_hints = true, -- from 0.10 on
  on_attach = nil, -- called with the client and the buffer, behind ours
}

local SHOW_REFERENCES = 'spec-ls.showReferences'

---Runs a command of the server for the current buffer.
---@param name string behind `spec-ls.`
---@param arguments any[]?
function M.run(name, arguments)
  local client = M.client(vim.api.nvim_get_current_buf())
  if not client then
    vim.notify('spec-ls does not serve this buffer', vim.log.levels.WARN)
    return
  end
  local params = { command = 'spec-ls.' .. name, arguments = arguments or { vim.uri_from_bufnr(0) } }
  local function done(error)
    if error then
      vim.notify(error.message, vim.log.levels.WARN)
    end
  end
  if vim.fn.has('nvim-0.11') == 1 then
    client:request('workspace/executeCommand', params, done)
  else
    client.request('workspace/executeCommand', params, done)
  end
end

---Our client of a buffer; nil where there is none.
function M.client(buffer)
  local list = vim.lsp.get_clients or vim.lsp.get_active_clients
  for _, client in pairs(list()) do
    if client.name == 'spec_ls' and vim.lsp.buf_is_attached(buffer, client.id) then
      return client
    end
  end
end

-- What :SpecLs takes: the command, and what it is told.
local COMMANDS = {
  advance = { 'advance' },
  board = { 'showBoard', {} },
  insert = { 'insertMissingSections' },
  new = { 'newSpec', {} },
  references = { 'references' },
  template = { 'openTemplate' },
  again = { 'restartIndex', {} },
}

local function on_command(given)
  local name, rest = given.args:match('^(%S+)%s*(.-)$')
  local command = COMMANDS[name]
  if not command then
    vim.notify('SpecLs takes one of: ' .. table.concat(vim.fn.sort(vim.tbl_keys(COMMANDS)), ', '), vim.log.levels.WARN)
    return
  end
  local arguments = command[2]
  if name == 'new' and rest ~= '' then
    arguments = { rest }
  end
  M.run(command[1], arguments)
end

---Wires what Neovim does not by itself. Called for each buffer that the server takes.
function M.attach(client, buffer)
  local options = M.options
  local is_old = vim.lsp.completion == nil
  vim.api.nvim_buf_set_option(buffer, 'omnifunc', is_old and "v:lua.require'spec_ls'.omnifunc" or 'v:lua.vim.lsp.omnifunc')
  if options.completion and not is_old then
    vim.lsp.completion.enable(true, client.id, buffer, { autotrigger = true })
  end
  if options.inlay_hints and vim.lsp.inlay_hint then
    vim.lsp.inlay_hint.enable(true, { bufnr = buffer })
  end
  if options.code_lens then
    M.show_lenses(buffer)
  end
  if options.on_attach then
    options.on_attach(client, buffer)
  end
end

---Completion where Neovim's own passes over the range of a proposal that has a filterText (0.7): `@j` would find nothing.
function M.omnifunc(findstart)
  local client = M.client(vim.api.nvim_get_current_buf())
  if findstart == 0 or not client then
    return findstart == 1 and -3 or {}
  end
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local line = vim.api.nvim_get_current_line()
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  client.request('textDocument/completion', params, function(_, result)
    local now = vim.api.nvim_win_get_cursor(0)
    if not result or now[1] ~= row or now[2] ~= column or vim.fn.mode() ~= 'i' then
      return
    end
    local first, found = column, {}
    for _, item in ipairs(result.items or result) do
      local at = item.textEdit.range.start.character
      local unit = client.offset_encoding
      local from = unit == 'utf-8' and at or vim.str_byteindex(line, at, unit == 'utf-16')
      local typed = line:sub(from + 1, column):lower()
      if vim.startswith((item.filterText or item.label):lower(), typed) then
        first = math.min(first, from)
        table.insert(found, { word = item.textEdit.newText, abbr = item.label, menu = item.detail, icase = 1, dup = 1 })
      end
    end
    vim.fn.complete(first + 1, found)
  end, vim.api.nvim_get_current_buf())
  return -2 -- the list comes when the server has answered
end

---Keeps the code lenses of a buffer as the text is.
function M.show_lenses(buffer)
  if vim.lsp.codelens.enable then
    vim.lsp.codelens.enable(true, { bufnr = buffer })
    return
  end
  local function refresh()
    if vim.api.nvim_get_current_buf() == buffer and M.client(buffer) then
      vim.lsp.codelens.refresh(vim.fn.has('nvim-0.10') == 1 and { bufnr = buffer } or nil)
    end
  end
  local group = vim.api.nvim_create_augroup('spec_ls_' .. buffer, { clear = true })
  for _, event in ipairs({ 'BufEnter', 'InsertLeave', 'DiagnosticChanged' }) do
    vim.api.nvim_create_autocmd(event, { group = group, buffer = buffer, callback = refresh })
  end
  vim.schedule(refresh)
end

---Shows places as the list of locations does; a code lens of the server asks for it.
vim.lsp.commands[SHOW_REFERENCES] = function(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local places = vim.lsp.util.locations_to_items(command.arguments[3], client and client.offset_encoding or 'utf-16')
  vim.fn.setqflist({}, ' ', { title = command.title, items = places })
  vim.cmd('copen')
end

---What a client tells of itself.
local function capabilities()
  local made = vim.lsp.protocol.make_client_capabilities()
  made.experimental = vim.tbl_extend('force', made.experimental or {}, { commands = { commands = { SHOW_REFERENCES } } })
  return made
end

---The configuration of the client, for vim.lsp.config() and for vim.lsp.start().
function M.config()
  vim.api.nvim_create_user_command('SpecLs', on_command, {
    nargs = '+',
    desc = 'A command of spec-ls',
    complete = function(lead)
      return vim.tbl_filter(function(name)
        return vim.startswith(name, lead)
      end, vim.fn.sort(vim.tbl_keys(COMMANDS)))
    end,
  })
  local options = M.options
  return {
    name = 'spec_ls',
    cmd = options.cmd,
    filetypes = options.filetypes,
    root_markers = options.root_markers,
    settings = { ['spec-ls'] = options.settings },
    init_options = options.settings,
    capabilities = capabilities(),
    on_attach = M.attach,
  }
end

local function is_there(path)
  return vim.loop.fs_stat(path) ~= nil
end

---The folder that has one of the markers, from `path` upwards; that of the file itself where none has.
function M.root_of(path)
  local folder = vim.fn.fnamemodify(path, ':p:h')
  local at = folder
  while true do
    for _, marker in ipairs(M.options.root_markers) do
      if is_there(at .. '/' .. marker) then
        return at
      end
    end
    local above = vim.fn.fnamemodify(at, ':h')
    if above == at then
      return folder
    end
    at = above
  end
end

local running = {} -- ids of clients by root, for Neovim 0.7

---Starts the server for a buffer, or lets the one of its folder take it, where Neovim has no vim.lsp.enable().
local function start(buffer)
  if vim.bo[buffer].buftype ~= '' or vim.api.nvim_buf_get_name(buffer) == '' then
    return
  end
  local config = M.config()
  config.root_dir = M.root_of(vim.api.nvim_buf_get_name(buffer))
  if vim.lsp.start then
    vim.lsp.start(config, { bufnr = buffer })
    return
  end
  local id = running[config.root_dir]
  if not id or not vim.lsp.get_client_by_id(id) then
    id = vim.lsp.start_client(config)
    running[config.root_dir] = id
  end
  if id then
    vim.lsp.buf_attach_client(buffer, id)
  end
end

---Starts spec-ls in all Markdown buffers, those that are open included.
---@param options table? see M.options
function M.setup(options)
  M.options = vim.tbl_deep_extend('force', M.options, options or {})
  if vim.lsp.enable then
    vim.lsp.config('spec_ls', M.config())
    vim.lsp.enable('spec_ls')
    return
  end
  local group = vim.api.nvim_create_augroup('spec_ls', { clear = true })
  vim.api.nvim_create_autocmd('FileType', {
    group = group,
    pattern = M.options.filetypes,
    callback = function(event)
      start(event.buf)
    end,
  })
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(buffer) and vim.tbl_contains(M.options.filetypes, vim.bo[buffer].filetype) then
      start(buffer)
    end
  end
end

return M
