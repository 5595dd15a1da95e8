// The page: one folder's files, the one in the editor, and what the server tells of it beside the text.
import { closeCompletion, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { lintGutter, lintKeymap } from '@codemirror/lint'
import {
  LSPClient,
  LSPPlugin,
  findReferencesKeymap,
  formatKeymap,
  hoverTooltips,
  jumpToDefinitionKeymap,
  renameKeymap,
  serverCompletion,
} from '@codemirror/lsp-client'
import { search, searchKeymap } from '@codemirror/search'
import { Compartment, EditorState, type Text, type TransactionSpec } from '@codemirror/state'
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import DOMPurify from 'dompurify'
import { byWorker, bySocket } from './connection'
import { actionsKeymap, applyEdit, findings } from './findings'
import { markdown } from './markdown'
import { OneEditor, offsetAt, type Range } from './workspace'

/** What folder.json tells: the folder's URI, its name, the file to show first, and the worker that stands in for a server. */
interface Home {
  root: string
  folder: string
  first: string
  worker?: string
}

/** A file that was opened: its text and undo history in the page, and as the server last read or wrote it. */
interface Opened {
  state: EditorState
  saved: Text
  seen: string
}

interface Reading {
  text?: string
  seen?: string
  saved?: string
  trouble?: string
}

interface Status {
  isSpec: boolean
  isTemplate?: boolean
  why: string
  template?: string
  status?: string
  progress?: string
  filled?: number
  total?: number
  next?: { status: string; verb: string; obstacles: number }[]
}

interface Symbol {
  name: string
  detail?: string
  range: Range
  selectionRange: Range
  children?: Symbol[]
}

const PATIENCE_MS = 90_000
const REST_MS = 150
const RETRY_MS = 2000

const at = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T
const home: Home = await (await fetch('folder.json')).json()
const opened = new Map<string, Opened>()
let names: string[] = []
let shown = ''
let shows = 0

const uriOf = (name: string) => `${home.root}/${name.split('/').map(encodeURIComponent).join('/')}`
function nameOf(uri: string): string | undefined {
  try {
    const name = decodeURIComponent(uri.slice(home.root.length + 1))
    return uri.startsWith(`${home.root}/`) && names.includes(name) ? name : undefined
  } catch {
    return undefined
  }
}

// --- the editor

const shade = matchMedia('(prefers-color-scheme: dark)')
const theme = new Compartment()
const themeNow = () => EditorView.theme({}, { dark: shade.matches })

const client = new LSPClient({
  rootUri: home.root,
  timeout: PATIENCE_MS,
  sanitizeHTML: clean,
  workspace: made => new OneEditor(made, { show, edit: (uri, update) => void editUnseen(uri, update) }),
  notificationHandlers: {
    'window/showMessage': (_, { message }) => tell(message),
    'window/logMessage': (_, { message }) => (console.info(message), true),
  },
  extensions: [serverCompletion({ override: true }), hoverTooltips({ hoverTime: 250 }), findings(lookSoon)],
})

function stateOf(name: string, doc: string): EditorState {
  return EditorState.create({
    doc,
    extensions: [
      nonce,
      EditorView.contentAttributes.of({ 'aria-label': name }),
      EditorView.lineWrapping,
      EditorView.updateListener.of(update => update.docChanged && showSaved()),
      theme.of(themeNow()),
      lineNumbers(),
      history(),
      drawSelection(),
      highlightActiveLine(),
      lintGutter(),
      search({ top: true }),
      markdown(),
      keymap.of([
        { key: 'Mod-s', run: () => (void save(), true), preventDefault: true },
        ...actionsKeymap,
        ...completionKeymap,
        ...lintKeymap,
        ...renameKeymap,
        ...formatKeymap,
        ...jumpToDefinitionKeymap,
        ...findReferencesKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...defaultKeymap,
      ]),
      client.plugin(uriOf(name), 'markdown'),
    ],
  })
}

const nonce = EditorView.cspNonce.of(document.querySelector<HTMLMetaElement>('meta[name=nonce]')!.content)
const view = new EditorView({ parent: at('editor'), extensions: [nonce, EditorView.editable.of(false)] })
shade.addEventListener('change', () => shown && view.dispatch({ effects: theme.reconfigure(themeNow()) }))

async function open(name: string): Promise<Opened | undefined> {
  const known = opened.get(name)
  if (known) return known
  const told = await client.request<object, Reading>('playground/read', { name })
  if (told.text === undefined) return tell(`${name}: ${told.trouble}`), undefined
  const state = stateOf(name, told.text)
  const made = { state, saved: state.doc, seen: told.seen! }
  opened.set(name, made)
  return made
}

/** Shows a file; of several asked for while they are read, the last one. */
async function show(uri: string): Promise<EditorView | null> {
  const name = nameOf(uri)
  if (name === undefined) return null
  const asked = ++shows
  if (name === shown) return view
  const file = await open(name)
  if (!file || asked !== shows) return null
  if (shown) opened.get(shown)!.state = view.state
  shown = name
  view.setState(file.state)
  view.dispatch({ effects: theme.reconfigure(themeNow()) })
  globalThis.history.replaceState(null, '', `#${encodeURIComponent(name)}`)
  document.title = `${name} – spec-ls`
  at('name').textContent = name
  showFiles()
  showSaved()
  await look()
  return view
}

/** An edit of a file that is not in the editor: it waits there to be saved. */
async function editUnseen(uri: string, update: TransactionSpec) {
  const file = await open(nameOf(uri) ?? '')
  if (!file) return
  file.state = file.state.update(update).state
  showFiles()
}

// --- saving

const docOf = (name: string) => (name === shown ? view.state : opened.get(name)!.state).doc
const isSaved = (name: string) => !opened.has(name) || docOf(name).eq(opened.get(name)!.saved)

function showSaved() {
  at<HTMLButtonElement>('save').disabled = !shown || isSaved(shown)
  const mark = at('files').querySelector('[aria-current=true]')
  if (mark) mark.textContent = labelOf(shown)
}

async function save(name = shown, over?: string): Promise<void> {
  const file = opened.get(name)
  if (!file || isLost) return
  client.sync()
  const doc = docOf(name)
  const told = await client.request<object, Reading>('playground/save', { name, text: doc.toString(), seen: over ?? file.seen })
  if (told.trouble !== undefined) return void tell(`${name}: ${told.trouble}`)
  if (told.saved !== undefined) {
    file.saved = doc
    file.seen = told.saved
    tell('')
    showFiles()
    showSaved()
    if (!at('board').hidden) void showBoard()
    return
  }
  const gone = told.seen === ''
  const question = gone ? `${name} is not there any more.` : `${name} was changed on disk since it was opened here.`
  const answers = gone ? ['Write it again'] : ['Keep mine', 'Take theirs']
  const answer = await ask(question, [...answers, 'Cancel'])
  if (answer === answers[0]) return save(name, told.seen)
  if (answer === answers[1]) take(name, told)
}

/** Has the file as it is on disk, by the smallest change. */
function take(name: string, told: Reading) {
  const file = opened.get(name)!
  const before = docOf(name).toString()
  const after = told.text!
  let from = 0
  while (from < before.length && from < after.length && before[from] === after[from]) from++
  let end = 0
  const most = Math.min(before.length, after.length) - from
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end++
  const changes = { from, to: before.length - end, insert: after.slice(from, after.length - end) }
  if (name === shown) view.dispatch({ changes })
  else file.state = file.state.update({ changes }).state
  file.saved = docOf(name)
  file.seen = told.seen!
  showFiles()
  showSaved()
}

/** What was saved elsewhere meanwhile is taken, unless there are edits here: those are asked about when they are saved. */
async function takeNews() {
  const file = opened.get(shown)
  if (!file || isLost || !isSaved(shown)) return
  const name = shown
  const told = await client.request<object, Reading>('playground/read', { name })
  if (told.text !== undefined && told.seen !== file.seen && isSaved(name)) take(name, told)
}

// --- beside the text

const labelOf = (name: string) => `${isSaved(name) ? '' : '• '}${name}`

function showFiles() {
  at('files').querySelector('ul')!.replaceChildren(
    ...names.map(name => {
      const item = document.createElement('li')
      const open = item.appendChild(document.createElement('button'))
      open.type = 'button'
      open.textContent = labelOf(name)
      open.title = isSaved(name) ? name : `${name}: not saved`
      if (name === shown) open.setAttribute('aria-current', 'true')
      open.onclick = () => void show(uriOf(name)).then(found => found?.focus())
      return item
    }),
  )
}

let resting = 0
function lookSoon() {
  clearTimeout(resting)
  resting = window.setTimeout(() => void look(), REST_MS)
}

/** Status, progress and outline of the file as it is now. */
async function look() {
  const name = shown
  if (!name) return
  client.sync()
  const uri = uriOf(name)
  const [status, symbols] = await Promise.all([
    client.request<object, Status | null>('workspace/executeCommand', { command: 'spec-ls.status', arguments: [uri] }),
    client.request<object, Symbol[] | null>('textDocument/documentSymbol', { textDocument: { uri } }),
  ]).catch(() => [null, null] as const)
  if (name !== shown) return
  showStatus(status, uri)
  at('outline').replaceChildren(outline(symbols ?? []))
}

function showStatus(status: Status | null, uri: string) {
  const said = at('status')
  said.replaceChildren()
  const bar = at<HTMLProgressElement>('progress')
  bar.hidden = !status?.total
  if (status?.total) [bar.max, bar.value] = [status.total, status.filled ?? 0]
  if (status && !status.isSpec) said.append(`${status.isTemplate ? 'A template' : 'Not a spec'}: ${status.why}`)
  else if (status) {
    said.appendChild(document.createElement('b')).textContent = status.status || 'No status'
    said.append(` · ${[status.progress, status.template].filter(Boolean).join(' · ')}`)
    said.title = status.why
  }
  at('next').replaceChildren(
    ...(status?.next ?? []).map(step => {
      const made = document.createElement('button')
      made.type = 'button'
      made.textContent = `${step.verb}${step.obstacles ? ` (${step.obstacles} to mend)` : ''}`
      made.onclick = () => void run('spec-ls.advance', uri, step.status)
      return made
    }),
  )
}

const run = (command: string, ...args: unknown[]) => client.request('workspace/executeCommand', { command, arguments: args })

function outline(symbols: Symbol[]): HTMLElement {
  const list = document.createElement('ul')
  for (const symbol of symbols) {
    const item = list.appendChild(document.createElement('li'))
    const go = item.appendChild(document.createElement('button'))
    go.type = 'button'
    go.append(symbol.name)
    if (symbol.detail) go.appendChild(document.createElement('small')).textContent = symbol.detail
    go.title = [symbol.name, symbol.detail].filter(Boolean).join(' · ')
    go.onclick = () => select(symbol.selectionRange)
    if (symbol.children?.length) item.append(outline(symbol.children))
  }
  return list
}

function select(range: Range) {
  const anchor = offsetAt(view.state.doc, range.start)
  view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
  view.focus()
}

async function showBoard() {
  const page = await client.request<object, string | null>('workspace/executeCommand', { command: 'spec-ls.boardPage', arguments: [] })
  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(page ?? '') ?? []
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(style.replace(/:root/g, ':host').replace(/\bbody\b/g, 'main'))
  board.adoptedStyleSheets = [sheet]
  // What a policy against inline styles would refuse to read is set by hand; text holds no quote of its own.
  const bare = (page ?? '').replace(/<style>[^<]*<\/style>/g, '').replaceAll(' style="', ' data-style="')
  board.innerHTML = `<main>${DOMPurify.sanitize(bare, { ...FORBIDDEN, ALLOWED_URI_REGEXP: SAFE })}</main>`
  for (const one of board.querySelectorAll<HTMLElement>('[data-style]')) one.style.cssText = one.dataset.style!
}

const board = at('board').attachShadow({ mode: 'open' })
board.addEventListener('click', event => {
  const link = (event.target as Element).closest('a')
  if (!link) return
  event.preventDefault()
  const href = link.getAttribute('href') ?? ''
  if (nameOf(href) === undefined) tell(`${href} lies outside of this folder.`)
  else void show(href).then(found => found?.focus())
})

/** Files and the web; what is no address at all is no danger. DOMPurify asks this of every value. */
const SAFE = /^(?:(?:file|https?):|[^a-z]|[a-z+.-]+(?:[^a-z+.:-]|$))/i
const FORBIDDEN = { FORBID_TAGS: ['style', 'form', 'input'], FORBID_ATTR: ['style'] }

function clean(html: string): string {
  return DOMPurify.sanitize(html, { ...FORBIDDEN, FORBID_ATTR: ['style', 'id', 'class', 'src'] })
}
DOMPurify.addHook('afterSanitizeAttributes', node => {
  if (node.tagName === 'A') node.setAttribute('rel', 'noreferrer')
})

const tabs = ['outline', 'board']
for (const name of tabs) {
  const tab = at(`${name}-tab`)
  tab.onclick = () => {
    for (const other of tabs) {
      at(other).hidden = other !== name
      at(`${other}-tab`).setAttribute('aria-selected', String(other === name))
      at(`${other}-tab`).tabIndex = other === name ? 0 : -1
    }
    if (name === 'board') void showBoard()
  }
  tab.onkeydown = event => {
    if (event.key !== 'ArrowRight' && event.key !== 'ArrowLeft') return
    const other = at(`${tabs.find(one => one !== name)}-tab`)
    other.click()
    other.focus()
  }
}

// --- words to the user

let silence = 0
function tell(message: string, ...buttons: HTMLElement[]): true {
  clearTimeout(silence)
  at('news').replaceChildren(message, ...buttons)
  if (message && !buttons.length) silence = window.setTimeout(() => tell(''), 8000)
  return true
}

function ask(question: string, answers: string[]): Promise<string> {
  const dialog = document.body.appendChild(document.createElement('dialog'))
  dialog.appendChild(document.createElement('p')).textContent = question
  const form = dialog.appendChild(document.createElement('form'))
  form.method = 'dialog'
  for (const answer of answers) {
    const made = form.appendChild(document.createElement('button'))
    made.value = made.textContent = answer
  }
  closeCompletion(view)
  dialog.showModal()
  return new Promise(resolve => {
    dialog.onclose = () => {
      dialog.remove()
      view.focus()
      resolve(dialog.returnValue)
    }
  })
}

/** What the server asks of the page. */
function answer(method: string, params: any): Promise<unknown> | undefined {
  if (method === 'workspace/applyEdit') return Promise.resolve({ applied: applyEdit(client, params.edit) })
  if (method === 'window/showDocument') return shownDocument(params)
  if (method === 'window/showMessageRequest') return chosen(params.message, params.actions ?? [])
  return undefined
}

async function shownDocument({ uri, selection }: { uri: string; selection?: Range }) {
  const found = await show(uri)
  if (found && selection) select(selection)
  return { success: found !== null }
}

function chosen(message: string, actions: { title: string }[]) {
  return new Promise<{ title: string } | null>(resolve => {
    const choose = (action: { title: string } | null) => (tell(''), view.focus(), resolve(action))
    const buttons = [...actions, null].map(action => {
      const made = document.createElement('button')
      made.type = 'button'
      made.textContent = action?.title ?? 'Close'
      made.onclick = () => choose(action)
      return made
    })
    tell(message, ...buttons)
    buttons[0]!.focus()
  })
}

// --- the beginning, and the end

at('save').onclick = () => void save()
at('actions').onclick = () => {
  view.focus()
  actionsKeymap[0]!.run!(view)
}
addEventListener('focus', () => void takeNews())
addEventListener('hashchange', () => void show(uriOf(wanted())))
addEventListener('beforeunload', event => {
  if (names.some(name => !isSaved(name))) event.preventDefault()
})

function wanted(): string {
  try {
    return decodeURIComponent(location.hash.slice(1))
  } catch {
    return ''
  }
}

async function connect() {
  const address = new URL('lsp', location.href)
  address.protocol = address.protocol.replace('http', 'ws')
  address.hash = ''
  const failed = (reason: string) => void (at('status').textContent = `The server does not run here: ${reason}`)
  const transport = home.worker ? byWorker(home.worker, answer, failed) : await bySocket(address.href, answer, lost)
  if (client.connected) client.disconnect()
  client.connect(transport)
}

let isLost = false
function lost() {
  isLost = true
  tell('The server has stopped. Unsaved text stays here; this page looks for the server again.', document.createElement('span'))
  const again = () =>
    connect().then(
      () => ((isLost = false), tell(''), lookSoon()),
      () => setTimeout(again, RETRY_MS),
    )
  setTimeout(again, RETRY_MS)
}

await connect()
await client.initializing
names = (await client.request<object, { names: string[] }>('playground/files', {})).names
const first = [wanted(), home.first].find(name => names.includes(name)) ?? names.find(name => !/(^|\/)readme\./i.test(name)) ?? names[0]
showFiles()
at('name').textContent = home.folder
if (first === undefined) at('status').textContent = 'There is no Markdown file in this folder yet.'
else (await show(uriOf(first)))?.focus()

Object.assign(globalThis, { playground: { view, client, LSPPlugin } })
