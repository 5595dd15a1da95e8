// What stands in the status bar: the template in force, how far the spec is, or why the file is none.

import * as vscode from 'vscode';
import { LanguageClient, State } from 'vscode-languageclient/node';

/** What the server tells of an open document; the second part only where it is a spec that is judged. */
export interface Status {
  isSpec: boolean;
  isTemplate: boolean;
  why: string;
  template?: string;
  status?: string;
  progress?: string;
  filled?: number;
  total?: number;
  findings?: Partial<Record<'error' | 'warning' | 'information' | 'hint', number>>;
  next?: { status: string; verb: string; obstacles: number }[];
}

const PAUSE_MS = 150;

export class StatusBar implements vscode.Disposable {
  readonly item = vscode.window.createStatusBarItem('spec-ls', vscode.StatusBarAlignment.Right, 90);
  /** That of the document in front; undefined while nothing is known of it. */
  current: Status | undefined;
  private client: LanguageClient | undefined;
  private asked = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly disposables: vscode.Disposable[] = [this.item];

  constructor() {
    this.item.name = 'spec-ls';
    this.item.command = 'spec-ls.menu';
    this.disposables.push(
      vscode.window.onDidChangeActiveTextEditor(() => this.refresh()),
      vscode.languages.onDidChangeDiagnostics(event => {
        const uri = frontDocument()?.uri.toString();
        if (event.uris.some(one => one.toString() === uri)) {
          this.refresh();
        }
      }),
      vscode.workspace.onDidChangeTextDocument(event => {
        if (event.document === frontDocument()) {
          clearTimeout(this.timer);
          this.timer = setTimeout(() => this.refresh(), PAUSE_MS);
        }
      }),
    );
  }

  /** From now on this server is asked. */
  watch(client: LanguageClient): void {
    this.client = client;
    this.disposables.push(client.onDidChangeState(() => this.refresh()));
    void this.refresh();
  }

  /** Says that there is no server, and why. */
  fail(why: string): void {
    this.client = undefined;
    this.show('$(error) spec-ls', why, new vscode.ThemeColor('statusBarItem.errorBackground'));
  }

  async refresh(): Promise<void> {
    const document = frontDocument();
    const number = ++this.asked;
    if (!this.client) {
      return;
    }
    if (this.client.state !== State.Running) {
      const starts = this.client.state === State.Starting;
      this.show(starts ? '$(loading~spin) spec-ls' : '$(debug-disconnect) spec-ls', starts ? 'The server starts.' : 'The server is not running.');
      return;
    }
    if (!document) {
      this.take(undefined);
      this.item.hide();
      return;
    }
    let status: Status | null = null;
    try {
      const params = { command: 'spec-ls.status', arguments: [this.client.code2ProtocolConverter.asUri(document.uri)] };
      status = await this.client.sendRequest<Status | null>('workspace/executeCommand', params);
    } catch (error) {
      this.client.outputChannel.appendLine(`The status of ${document.uri} is not known: ${error}`);
    }
    if (number === this.asked) {
      this.take(status ?? undefined);
      if (status) {
        this.tell(status);
      } else {
        this.item.hide();
      }
    }
  }

  private take(status: Status | undefined): void {
    this.current = status;
    void vscode.commands.executeCommand('setContext', 'spec-ls.isSpec', status?.isSpec ?? false);
  }

  private tell(status: Status): void {
    if (status.isTemplate) {
      this.show('$(file-code) template', 'This file is a template that specs are written after.');
    } else if (!status.isSpec) {
      this.show('$(circle-slash) no spec', `spec-ls says nothing about this file: ${status.why}.`);
    } else {
      const told = new vscode.MarkdownString('', true);
      told.appendText(`Template: ${status.template}\n`);
      told.appendText(`It is a spec because ${status.why}.\n`);
      for (const line of [status.progress, weights(status), ...steps(status)]) {
        if (line) {
          told.appendMarkdown('\n- ').appendText(line);
        }
      }
      const parts = [status.template, status.status, status.total ? `${status.filled}/${status.total}` : ''];
      this.show(`$(checklist) ${parts.filter(Boolean).join(' · ')}`, told);
    }
  }

  private show(text: string, tooltip: string | vscode.MarkdownString, background?: vscode.ThemeColor): void {
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = background;
    this.item.show();
  }

  dispose(): void {
    clearTimeout(this.timer);
    vscode.Disposable.from(...this.disposables).dispose();
  }
}

/** The Markdown document in front, if there is one. */
export function frontDocument(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document?.languageId === 'markdown' ? document : undefined;
}

function weights(status: Status): string {
  const names = ['error', 'warning', 'information', 'hint'] as const;
  const found = names.map(name => [name, status.findings?.[name] ?? 0] as const).filter(([, count]) => count);
  return found.map(([name, count]) => `${count} ${name}${count === 1 || name === 'information' ? '' : 's'}`).join(', ');
}

function steps(status: Status): string[] {
  return (status.next ?? []).map(
    step => `${step.verb} to ${step.status}: ${step.obstacles ? `${step.obstacles} to fix` : 'nothing stands in the way'}`,
  );
}
