// Proposals while typing, in specs alone: for all other Markdown they stay as the user has them, which is off by default.

import * as vscode from 'vscode';
import { LanguageClient, State } from 'vscode-languageclient/node';

const BEGINS_A_WORD = /(?:^|[^\p{L}\p{N}_])[\p{L}\p{N}]$/u;

/** Opens the list of proposals where a word begins in the spec in front and the server has some. */
export async function onTyped(event: vscode.TextDocumentChangeEvent, client: LanguageClient): Promise<void> {
  const [change, ...more] = event.contentChanges;
  const editor = vscode.window.activeTextEditor;
  if (!change || more.length || event.reason !== undefined || editor?.document !== event.document) {
    return;
  }
  const settings = vscode.workspace.getConfiguration('spec-ls', event.document);
  if (!settings.get('quickSuggestions') || isDecided(event.document) || client.state !== State.Running) {
    return;
  }
  const { line, character } = change.range.start;
  const at = new vscode.Position(line, character + change.text.length);
  const before = event.document.lineAt(line).text.slice(0, at.character);
  if (!change.range.isEmpty || !/^[\p{L}\p{N}]$/u.test(change.text) || !BEGINS_A_WORD.test(before)) {
    return;
  }
  const version = event.document.version;
  const params = client.code2ProtocolConverter.asTextDocumentPositionParams(event.document, at);
  const found = await client.sendRequest<{ items: unknown[] } | null>('textDocument/completion', params).catch(() => null);
  if (found?.items.length && event.document.version === version) {
    await vscode.commands.executeCommand('editor.action.triggerSuggest', { auto: true });
  }
}

/** Whether the user has said for Markdown whether proposals come while typing. */
function isDecided(document: vscode.TextDocument): boolean {
  const said = vscode.workspace.getConfiguration('editor', document).inspect('quickSuggestions');
  return [said?.globalLanguageValue, said?.workspaceLanguageValue, said?.workspaceFolderLanguageValue].some(
    one => one !== undefined,
  );
}
