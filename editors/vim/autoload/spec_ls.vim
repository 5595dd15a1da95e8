" Completion by the places that the server names. ALE's own replaces letters alone: @j would become @@jürgen.

let s:items = []
let s:request = 0

" For 'omnifunc'.
function! spec_ls#Complete(findstart, base) abort
    if !a:findstart
        let l:typed = tolower(a:base)
        let l:found = filter(copy(s:items), {_, v -> stridx(tolower(get(v, 'filterText', v.label)), l:typed) == 0})

        return map(l:found, {_, v -> {
        \   'word': v.textEdit.newText,
        \   'abbr': v.label,
        \   'menu': get(v, 'detail', ''),
        \   'icase': 1,
        \   'dup': 1,
        \}})
    endif

    let [s:items, s:request] = [v:null, 0]
    let l:linters = filter(ale#linter#Get('markdown'), {_, v -> v.name is# 'spec_ls'})

    if empty(l:linters) || !ale#lsp_linter#StartLSP(bufnr(''), l:linters[0], function('s:Ask'))
        return -3
    endif

    while s:items is v:null && !complete_check()
        sleep 2m
    endwhile

    if empty(s:items)
        let s:items = []

        return -3
    endif

    return min(map(copy(s:items), 'v:val.textEdit.range.start.character'))
endfunction

function! s:Ask(linter, details) abort
    let l:id = a:details.connection_id
    call ale#lsp#RegisterCallback(l:id, function('s:Take'))
    call ale#lsp#NotifyForChanges(l:id, a:details.buffer)
    let s:request = ale#lsp#Send(l:id, ale#lsp#message#Completion(a:details.buffer, line('.'), col('.'), ''))
endfunction

function! s:Take(id, response) abort
    if s:request && get(a:response, 'id') == s:request
        let l:result = get(a:response, 'result', [])
        let s:items = type(l:result) is v:t_dict ? l:result.items : type(l:result) is v:t_list ? l:result : []
        let s:request = 0
    endif
endfunction
