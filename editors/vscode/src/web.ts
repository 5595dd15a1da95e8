// In a browser no server can be started: says so, once, and leaves the rest to VS Code.

import * as vscode from 'vscode';

const WHY = 'spec-ls runs as a Python program, which VS Code in a browser cannot start. Snippets work here; for findings and fixes open the folder in VS Code itself, or in a remote or container.';

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const item = vscode.window.createStatusBarItem('spec-ls', vscode.StatusBarAlignment.Right, 90);
  item.name = 'spec-ls';
  item.text = '$(circle-slash) spec-ls';
  item.tooltip = WHY;
  item.command = 'spec-ls.menu';
  context.subscriptions.push(
    item,
    vscode.commands.registerCommand('spec-ls.menu', () => vscode.window.showInformationMessage(WHY)),
  );
  item.show();
  if (!context.globalState.get('told')) {
    await context.globalState.update('told', true);
    void vscode.window.showInformationMessage(WHY);
  }
}
