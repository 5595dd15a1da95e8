// What the server finds: marks in the text, fix buttons in their tooltip, and the menu of all that can be done (Mod-.).
import { LSPPlugin, type LSPClient, type LSPClientExtension } from '@codemirror/lsp-client'
import { setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { StateEffect, StateField, type ChangeSpec } from '@codemirror/state'
import { EditorView, ViewPlugin, showTooltip, type KeyBinding, type Tooltip } from '@codemirror/view'
import { offsetAt, type Range } from './workspace'

interface Finding {
  range: Range
  severity?: number
  code?: string
  codeDescription?: { href: string }
  source?: string
  message: string
}

interface Action {
  title: string
  kind?: string
  isPreferred?: boolean
  disabled?: object
  data?: unknown
  edit?: WorkspaceEdit
  command?: Command | string
  arguments?: unknown[]
}

interface Command {
  command: string
  arguments?: unknown[]
}

interface TextEdit {
  range: Range
  newText: string
}

export interface WorkspaceEdit {
  changes?: Record<string, TextEdit[]>
  documentChanges?: { textDocument?: { uri: string; version?: number | null }; edits: TextEdit[] }[]
}

const SEVERITIES = ['error', 'error', 'warning', 'info', 'hint'] as const
const SYNC_MS = 150
const kept = new WeakMap<EditorView, Finding[]>()

/** Whether the edit could be made: not where it was meant for another version of a text, or makes and moves files. */
export function applyEdit(client: LSPClient, edit: WorkspaceEdit): boolean {
  const changes = (edit.documentChanges ?? []).map(one => ({ ...one.textDocument, edits: one.edits }))
  for (const uri in edit.changes ?? {}) changes.push({ uri, edits: edit.changes![uri]! })
  client.sync()
  const files = changes.map(({ uri }) => client.workspace.getFile(uri ?? ''))
  const fits = changes.every(({ version, edits }, i) => edits && files[i] && (version ?? files[i].version) === files[i].version)
  if (!fits) return false
  changes.forEach(({ edits }, i) => {
    const { uri, doc } = files[i]!
    const specs = edits.map(({ range, newText }): ChangeSpec => {
      const text = newText.replace(/\r\n?/g, '\n')
      return { from: offsetAt(doc, range.start), to: offsetAt(doc, range.end), insert: text }
    })
    client.workspace.updateFile(uri, { changes: specs, userEvent: 'input.codeaction', scrollIntoView: true })
  })
  client.sync()
  return true
}

async function actionsAt(plugin: LSPPlugin, from: number, to: number, diagnostics: Finding[]): Promise<Action[]> {
  plugin.client.sync()
  const found = await plugin.client.request<object, (Action & Command)[] | null>('textDocument/codeAction', {
    textDocument: { uri: plugin.uri },
    range: { start: plugin.toPosition(from), end: plugin.toPosition(to) },
    context: { diagnostics, triggerKind: 1 },
  })
  return (found ?? []).filter(action => action.title && !action.disabled)
}

async function run({ client }: LSPPlugin, action: Action) {
  const whole = action.edit || action.data === undefined ? action : await client.request<Action, Action>('codeAction/resolve', action)
  if (whole.edit) applyEdit(client, whole.edit)
  const command = typeof whole.command === 'string' ? { command: whole.command, arguments: whole.arguments } : whole.command
  if (command) await client.request('workspace/executeCommand', command)
}

function button(plugin: LSPPlugin, action: Action, done: () => void = () => {}): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.textContent = action.title
  made.onclick = () => {
    done()
    void run(plugin, action)
    plugin.view.focus()
  }
  return made
}

/** The words of a finding; its fixes are asked for when somebody looks at it. */
function rendered(finding: Finding, from: number, to: number) {
  return (view: EditorView) => {
    const plugin = LSPPlugin.get(view)
    const dom = document.createElement('div')
    dom.append(finding.message)
    const href = finding.codeDescription?.href
    if (finding.code) {
      const rule = document.createElement(href && /^https?:/.test(href) ? 'a' : 'span')
      if (rule instanceof HTMLAnchorElement) Object.assign(rule, { href, target: '_blank', rel: 'noreferrer' })
      rule.className = 'rule'
      rule.textContent = finding.code
      dom.append(' ', rule)
    }
    const fixes = dom.appendChild(document.createElement('div'))
    fixes.className = 'fixes'
    if (plugin && kept.get(view)?.includes(finding))
      void actionsAt(plugin, from, to, [finding]).then(actions => {
        for (const action of actions) if (action.kind?.startsWith('quickfix')) fixes.append(button(plugin, action))
      })
    return dom
  }
}

/** Marks, fixes and the menu; `published` is called after each news of the shown file. */
export function findings(published: (count: number) => void): LSPClientExtension {
  return {
    clientCapabilities: {
      textDocument: {
        publishDiagnostics: { versionSupport: true, codeDescriptionSupport: true },
        codeAction: {
          codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix', 'refactor', 'source'] } },
          isPreferredSupport: true,
          disabledSupport: true,
          dataSupport: true,
          resolveSupport: { properties: ['edit'] },
        },
        documentSymbol: { hierarchicalDocumentSymbolSupport: true },
      },
      workspace: { applyEdit: true, workspaceEdit: { documentChanges: true } },
      window: { showMessage: { messageActionItem: {} }, showDocument: { support: true } },
    },
    notificationHandlers: {
      'textDocument/publishDiagnostics': (client, params: { uri: string; version?: number; diagnostics: Finding[] }) => {
        const file = client.workspace.getFile(params.uri)
        const view = file?.getView()
        const plugin = view && LSPPlugin.get(view)
        if (!file || !view || !plugin || (params.version != null && params.version !== file.version)) return true
        kept.set(view, params.diagnostics)
        const shown = params.diagnostics.map((finding): Diagnostic => {
          const [from, to] = [finding.range.start, finding.range.end].map(place =>
            plugin.unsyncedChanges.mapPos(offsetAt(plugin.syncedDoc, place)),
          ) as [number, number]
          const severity = SEVERITIES[finding.severity ?? 1] ?? 'error'
          return { from, to, severity, message: finding.message, renderMessage: rendered(finding, from, to) }
        })
        view.dispatch(setDiagnostics(view.state, shown))
        published(shown.length)
        return true
      },
    },
    editorExtension: [syncSoon, menu],
  }
}

const syncSoon = ViewPlugin.define(view => {
  let timer = 0
  return {
    update(update) {
      if (!update.docChanged) return
      clearTimeout(timer)
      timer = window.setTimeout(() => LSPPlugin.get(view)?.client.sync(), SYNC_MS)
    },
    destroy: () => clearTimeout(timer),
  }
})

const openMenu = StateEffect.define<Tooltip | null>()

const menu = StateField.define<Tooltip | null>({
  create: () => null,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(openMenu)) return effect.value
    return transaction.docChanged || transaction.selection ? null : shown
  },
  provide: field => showTooltip.from(field),
})

function closeMenu(view: EditorView) {
  view.dispatch({ effects: openMenu.of(null) })
  view.focus()
}

function showActions(view: EditorView): boolean {
  const plugin = LSPPlugin.get(view)
  if (!plugin) return false
  const { from, to, head } = view.state.selection.main
  const doc = view.state.doc
  const here = (kept.get(view) ?? []).filter(
    ({ range }) => offsetAt(doc, range.start) <= to && offsetAt(doc, range.end) >= from,
  )
  void actionsAt(plugin, from, to, here).then(actions => {
    if (view.state.doc !== doc) return
    if (!actions.length) return view.dispatch({ effects: EditorView.announce.of("Nothing to do here") })
    const create = () => {
      const dom = document.createElement('div')
      dom.className = 'cm-actions'
      dom.setAttribute('role', 'menu')
      dom.setAttribute('aria-label', 'Actions')
      for (const action of actions) {
        const item = dom.appendChild(button(plugin, action, () => closeMenu(view)))
        item.setAttribute('role', 'menuitem')
      }
      dom.onkeydown = event => {
        const items = [...dom.children] as HTMLElement[]
        const at = items.indexOf(document.activeElement as HTMLElement)
        const step = { ArrowDown: 1, ArrowUp: -1, Home: -at, End: -at - 1 }[event.key]
        if (event.key === 'Escape' || event.key === 'Tab') closeMenu(view)
        else if (step === undefined) return
        else items.at((at + step) % items.length)?.focus()
        event.preventDefault()
      }
      return { dom, mount: () => (dom.firstElementChild as HTMLElement).focus() }
    }
    view.dispatch({ effects: openMenu.of({ pos: head, above: false, create }) })
  })
  return true
}

export const actionsKeymap: KeyBinding[] = [{ key: 'Mod-.', run: showActions, preventDefault: true }]
