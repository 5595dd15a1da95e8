// What is open, as the language client sees it: the one file in the editor.
import { LSPPlugin, Workspace, type LSPClient, type WorkspaceFile } from '@codemirror/lsp-client'
import type { Text, TransactionSpec } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'

export interface Position {
  line: number
  character: number
}

export interface Range {
  start: Position
  end: Position
}

/** An offset of the editor; positions beyond a line or the text mean its end. */
export function offsetAt(doc: Text, { line, character }: Position): number {
  if (line >= doc.lines) return doc.length
  const found = doc.line(line + 1)
  return Math.min(found.from + character, found.to)
}

class OpenFile implements WorkspaceFile {
  constructor(
    readonly uri: string,
    readonly languageId: string,
    public version: number,
    public doc: Text,
    readonly view: EditorView,
  ) {}
  getView() {
    return this.view
  }
}

/** How the page shows another file, and edits one that is not shown. */
export interface Shelf {
  show(uri: string): Promise<EditorView | null>
  edit(uri: string, update: TransactionSpec): void
}

let versions = 0

export class OneEditor extends Workspace {
  files: OpenFile[] = []
  constructor(
    client: LSPClient,
    private shelf: Shelf,
  ) {
    super(client)
  }
  openFile(uri: string, languageId: string, view: EditorView) {
    const file = new OpenFile(uri, languageId, ++versions, view.state.doc, view)
    this.files = [file]
    this.client.didOpen(file)
  }
  closeFile(uri: string) {
    if (!this.getFile(uri)) return
    this.files = this.files.filter(file => file.uri !== uri)
    this.client.didClose(uri)
  }
  syncFiles() {
    return this.files.flatMap(file => {
      const plugin = LSPPlugin.get(file.view)
      if (!plugin || plugin.unsyncedChanges.empty) return []
      const changed = { file, prevDoc: file.doc, changes: plugin.unsyncedChanges }
      file.doc = file.view.state.doc
      file.version = ++versions
      plugin.clear()
      return [changed]
    })
  }
  override updateFile(uri: string, update: TransactionSpec) {
    const file = this.getFile(uri)
    if (file) file.getView()?.dispatch(update)
    else this.shelf.edit(uri, update)
  }
  override displayFile(uri: string) {
    return this.shelf.show(uri)
  }
}
