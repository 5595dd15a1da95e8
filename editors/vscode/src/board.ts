// The board of all specs, in a pane that may run nothing but the one script that opens a spec.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

const SCRIPT = `
  const code = acquireVsCodeApi();
  document.addEventListener('click', event => {
    const link = event.target instanceof Element && event.target.closest('a[href]');
    if (link) { event.preventDefault(); code.postMessage({ open: link.getAttribute('href') }); }
  });
`;

const STYLE = `
  body { color: var(--vscode-editor-foreground); background: var(--vscode-editor-background); font-family: var(--vscode-font-family); }
  a { color: var(--vscode-textLink-foreground); }
`;

export class Board implements vscode.Disposable {
  panel: vscode.WebviewPanel | undefined;

  /** `page` gives the board as the server has it now. */
  constructor(private readonly page: () => Promise<string>) {}

  async show(): Promise<void> {
    const text = await this.page();
    if (!this.panel) {
      this.panel = vscode.window.createWebviewPanel('spec-ls.board', 'Specs', vscode.ViewColumn.Active, {
        enableScripts: true,
        localResourceRoots: [],
      });
      this.panel.onDidDispose(() => (this.panel = undefined));
      this.panel.webview.onDidReceiveMessage(message => this.open(message));
    }
    this.panel.webview.html = inPane(text, randomBytes(16).toString('base64'));
    this.panel.reveal();
  }

  /** Shows what has changed, where the board is open. */
  async refresh(): Promise<void> {
    if (this.panel?.visible) {
      this.panel.webview.html = inPane(await this.page(), randomBytes(16).toString('base64'));
    }
  }

  private async open(message: unknown): Promise<void> {
    const target = message && typeof message === 'object' && 'open' in message ? message.open : undefined;
    const uri = typeof target === 'string' ? vscode.Uri.parse(target) : undefined;
    // The page shows words of documents: it leads to files of the workspace alone.
    if (uri?.scheme === 'file' && vscode.workspace.getWorkspaceFolder(uri)) {
      await vscode.window.showTextDocument(uri, { viewColumn: vscode.ViewColumn.Beside });
    }
  }

  dispose(): void {
    this.panel?.dispose();
  }
}

/** The server's page under a policy that lets in styles of its own and our script, and nothing else. */
export function inPane(page: string, nonce: string): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'; form-action 'none'; base-uri 'none'`;
  const body = page.replace(/^\s*<!doctype[^>]*>/i, '');
  return `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}">${body}<style>${STYLE}</style><script nonce="${nonce}">${SCRIPT}</script>`;
}
