" A broken spec is mended through ALE. The environment names SPEC, GIVEN, PLUGIN and REPORT.
set nocompatible hidden nomore noswapfile encoding=utf-8 fileformats=unix viminfo= completeopt=
set runtimepath^=/usr/share/vim-ale
let &runtimepath .= ',' . $PLUGIN
let g:ale_linters_explicit = 1
let g:ale_linters = {'markdown': ['spec_ls']}
let g:ale_completion_enabled = 0
let g:ale_lint_delay = 0
let g:ale_hover_to_preview = 1
filetype plugin on
autocmd FileType markdown setlocal omnifunc=spec_ls#Complete
runtime! plugin/ale.vim

let s:given = json_decode(join(readfile($GIVEN), ''))

func! s:Until(what, Ask)
  let l:start = reltime()
  while !a:Ask()
    if reltimefloat(reltime(l:start)) > 20 | throw a:what . ': not within 20 s' | endif
    sleep 10m
  endwhile
endfunc

func! s:Findings()
  return map(copy(ale#engine#GetLoclist(s:buffer)), 'v:val.code . " " . v:val.lnum . ":" . v:val.col . "-" . v:val.end_col')
endfunc

" No event tells ALE of a change while a script runs.
func! s:Changed()
  call ale#Queue(0)
endfunc

func! s:GoBehind(text)
  call cursor(1, 1)
  if !search('\V' . escape(a:text, '\'), 'ce') | throw a:text . ' is nowhere' | endif
endfunc

" Stands in for the person at the prompt: takes the number of the action asked for.
func! s:Answer(message, value) abort
  return matchstr(a:message, '\d\+\ze) [^' . "\n" . ']*' . s:wanted)
endfunc

func! s:Main()
  execute 'edit ' . fnameescape($SPEC)
  let s:buffer = bufnr('')
  call ale#Queue(0, 'lint_file')

  " what is wrong is shown where it is, in bytes
  let l:line = index(getline(1, '$'), s:given.status) + 1
  let l:at = stridx(s:given.status, 'Dra')
  let l:goals = index(getline(1, '$'), '### Goals') + 1
  let l:section = 'missing-section ' . l:goals . ':5-9'
  let l:choice = printf('invalid-choice %d:%d-%d', l:line, l:at + 1, l:at + 3)
  call s:Until('two findings', {-> s:Findings() == [l:choice, l:section]})

  call s:GoBehind('| Dra')
  execute "normal! a\<C-x>\<C-o>\<Esc>"
  if getline('.') !~# '| Draft |$' | throw 'the status: ' . getline('.') | endif
  call s:Changed()
  call s:Until('one finding', {-> s:Findings() == [l:section]})

  call s:GoBehind(s:given.asked)
  execute 'normal! a' . s:given.typed . "\<C-x>\<C-o>\<Esc>"
  if getline('.') !=# s:given.asked . substitute(s:given.typed, '@j', s:given.handle, '') | throw 'the handle: ' . getline('.') | endif
  call s:Changed()

  call s:GoBehind('### Goals')
  ALEHover
  call s:Until('hover', {-> bufwinnr('ALEPreviewWindow') > 0 && join(getbufline('ALEPreviewWindow', 1, '$')) =~# 'Goals'})
  let s:wanted = 'Non-Goals'
  ALECodeAction
  call s:Until('the section', {-> index(getbufline(s:buffer, 1, '$'), '### Non-Goals') >= 0})
  call s:Changed()
  call s:Until('no finding of a section', {-> join(s:Findings()) !~# 'missing-section'})
  write
endfunc

try
  runtime autoload/ale/util.vim
  func! ale#util#Input(message, value, ...) abort
    return s:Answer(a:message, a:value)
  endfunc
  call s:Main()
  call writefile(['all passed'], $REPORT)
catch
  call writefile([v:exception, v:throwpoint] + getline(1, '$'), $REPORT)
endtry
qall!
