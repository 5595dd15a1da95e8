" Author: spec-ls contributors
" Description: product specs in Markdown, after the team's template

call ale#Set('markdown_spec_ls_executable', 'spec-ls')

function! ale_linters#markdown#spec_ls#ProjectRoot(buffer) abort
    let l:config = ale#path#FindNearestFile(a:buffer, '.spec-ls.toml')
    if !empty(l:config)
        return fnamemodify(l:config, ':h')
    endif
    let l:git = ale#path#FindNearestDirectory(a:buffer, '.git')
    return !empty(l:git) ? fnamemodify(l:git, ':h:h') : fnamemodify(bufname(a:buffer), ':p:h')
endfunction

" ALE counts bytes, and cannot say so among its capabilities.
call ale#linter#Define('markdown', {
\   'name': 'spec_ls',
\   'aliases': ['spec-ls'],
\   'lsp': 'stdio',
\   'executable': {b -> ale#Var(b, 'markdown_spec_ls_executable')},
\   'command': '%e --stdio',
\   'language': 'markdown',
\   'initialization_options': {'positionEncoding': 'utf-8'},
\   'project_root': function('ale_linters#markdown#spec_ls#ProjectRoot'),
\})
