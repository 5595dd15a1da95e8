// spec-ls in VS Code: starts the server, and shows what an editor can show beside the text.

import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';
import {
  LanguageClient,
  LanguageClientOptions,
  Location,
  Position,
  ServerOptions,
  State,
  StaticFeature,
} from 'vscode-languageclient/node';
import { Board } from './board';
import { install } from './install';
import { findServer, Found } from './server';
import { frontDocument, Status, StatusBar } from './status';
import { onTyped } from './suggest';

/** What tests and other extensions may look at. */
export interface Api {
  client(): LanguageClient | undefined;
  found(): Found | undefined;
  status(): Status | undefined;
  statusBar: vscode.StatusBarItem;
  board: Board;
}

const SERVER_SETTINGS = ['maxBytes', 'features', 'handle'] as const;
const OF_A_SPEC = ['spec-ls.advance', 'spec-ls.insertMissingSections', 'spec-ls.openTemplate', 'spec-ls.references'];
const SHOW_REFERENCES = 'spec-ls.showReferences';
const INSTALL = 'Install';
const SETTINGS = 'Open the setting';

let client: LanguageClient | undefined;
let found: Found | undefined;
let output: vscode.LogOutputChannel;
let bar: StatusBar;
let board: Board;
let starting: Promise<void> = Promise.resolve();

export async function activate(context: vscode.ExtensionContext): Promise<Api> {
  output = vscode.window.createOutputChannel('spec-ls', { log: true });
  bar = new StatusBar();
  board = new Board(async () => {
    if (client?.state !== State.Running) {
      throw new Error('The board needs the server, and it is not running.');
    }
    return client.sendRequest<string>('workspace/executeCommand', { command: 'spec-ls.boardPage', arguments: [] });
  });
  const restart = (): Promise<void> => (starting = starting.then(() => start(context)));
  const commands: Record<string, (...args: never[]) => unknown> = {
    'spec-ls.menu': menu,
    'spec-ls.restartServer': restart,
    'spec-ls.showOutput': () => output.show(),
    'spec-ls.installServer': () => installServer(context, restart),
    [SHOW_REFERENCES]: showReferences,
  };
  context.subscriptions.push(
    output,
    bar,
    board,
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(name, run)),
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration(event => {
      if (event.affectsConfiguration('spec-ls.path') || event.affectsConfiguration('spec-ls.templateFolders')) {
        void restart();
      }
    }),
    vscode.workspace.onDidChangeTextDocument(event => {
      if (client && bar.current?.isSpec && event.document === frontDocument()) {
        void onTyped(event, client);
      }
    }),
    vscode.workspace.onDidSaveTextDocument(() => board.refresh().catch(error => output.error(error))),
  );
  await restart();
  return { client: () => client, found: () => found, status: () => bar.current, statusBar: bar.item, board };
}

export async function deactivate(): Promise<void> {
  await stop();
}

async function stop(): Promise<void> {
  const running = client;
  client = undefined;
  await vscode.commands.executeCommand('setContext', 'spec-ls.running', false);
  if (running) {
    // One that is not running cannot be stopped, and needs not.
    await running.dispose().catch(error => output.warn(String(error)));
  }
}

/** Starts the server, in place of the one there is. */
async function start(context: vscode.ExtensionContext): Promise<void> {
  await stop();
  found = findServer(place(context));
  if (!found) {
    await failed('spec-ls is not installed: neither in the workspace nor on PATH, and there is neither uv nor pipx to fetch it.');
    return;
  }
  output.info(`The server is ${[found.command, ...found.args].join(' ')}, from ${found.from}.`);
  // Not in a folder of the workspace: a program that is started there may read what lies there.
  const server: ServerOptions = { command: found.command, args: found.args, options: { cwd: os.homedir() } };
  const made = new LanguageClient('spec-ls', 'spec-ls', server, clientOptions());
  made.registerFeature(offersCommands);
  client = made;
  bar.watch(made);
  try {
    await made.start();
    await vscode.commands.executeCommand('setContext', 'spec-ls.running', true);
  } catch (error) {
    output.error(String(error));
    await failed(`spec-ls from ${found.from} did not start (${found.command}).`);
  }
}

/** Where a server may be found now. */
function place(context: vscode.ExtensionContext): Parameters<typeof findServer>[0] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(one => one.uri.scheme === 'file');
  return {
    setting: vscode.workspace.getConfiguration('spec-ls').get<string>('path', '').trim(),
    folders: folders.map(one => one.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    own: environment(context),
    version: context.extension.packageJSON.version,
    searchPath: process.env.PATH ?? '',
    home: os.homedir(),
    windows: process.platform === 'win32',
    runs: file => {
      try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
      } catch {
        return false;
      }
    },
    real: file => {
      try {
        return fs.realpathSync(file);
      } catch {
        return path.resolve(file);
      }
    },
  };
}

function environment(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, 'server');
}

/** Shows why there is no server, with what can be done; does not wait for the answer. */
async function failed(why: string): Promise<void> {
  bar.fail(why);
  output.error(why);
  void vscode.window.showErrorMessage(why, INSTALL, SETTINGS).then(chosen => {
    if (chosen === INSTALL) {
      void vscode.commands.executeCommand('spec-ls.installServer');
    } else if (chosen === SETTINGS) {
      void vscode.commands.executeCommand('workbench.action.openSettings', 'spec-ls.path');
    }
  });
}

async function installServer(context: vscode.ExtensionContext, restart: () => Promise<void>): Promise<void> {
  try {
    await install(environment(context), context.extension.packageJSON.version, output);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const chosen = await vscode.window.showErrorMessage(`spec-ls was not installed. ${why}`, 'Show the output');
    if (chosen) {
      output.show();
    }
    return;
  }
  await restart();
}

function clientOptions(): LanguageClientOptions {
  const own = vscode.workspace.getConfiguration('spec-ls').inspect<string[]>('templateFolders');
  return {
    documentSelector: [
      { language: 'markdown' },
      { scheme: 'file', pattern: '**/.spec-ls.toml' },
      { scheme: 'file', pattern: '**/pyproject.toml' },
    ],
    outputChannel: output,
    // What a workspace says of folders outside of it does not count.
    initializationOptions: { templateFolders: own?.globalValue ?? [] },
    middleware: {
      workspace: {
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          return Array.isArray(answers) ? answers.map((one, at) => (params.items[at]?.section === 'spec-ls' ? ofServer(one) : one)) : answers;
        },
      },
      executeCommand: (command, args, next) => execute(command, args, next),
      provideDocumentSymbols: (document, token, next) => {
        // VS Code's own headings are there already, and both would be shown, one below the other.
        return vscode.workspace.getConfiguration('spec-ls', document).get('outline') ? next(document, token) : [];
      },
    },
  };
}

function ofServer(settings: unknown): unknown {
  const all = (settings ?? {}) as Record<string, unknown>;
  return Object.fromEntries(SERVER_SETTINGS.filter(name => name in all).map(name => [name, all[name]]));
}

type Next = (command: string, args: unknown[]) => vscode.ProviderResult<unknown>;

/** Runs a command of the server; one of the palette is given what it needs to know. */
async function execute(command: string, args: unknown[], next: Next): Promise<unknown> {
  if (command === 'spec-ls.showBoard' && !args.length) {
    return board.show();
  }
  if (command === 'spec-ls.newSpec' && !args.length) {
    const title = await vscode.window.showInputBox({ title: 'New spec', prompt: 'What is it called?', placeHolder: 'Guest checkout' });
    return title?.trim() ? next(command, [title]) : undefined;
  }
  if (OF_A_SPEC.includes(command) && !args.length) {
    const document = frontDocument();
    if (!document || !client) {
      return undefined;
    }
    const uri = client.code2ProtocolConverter.asUri(document.uri);
    const goal = command === 'spec-ls.advance' ? await chooseStep() : '';
    return goal === undefined ? undefined : next(command, goal ? [uri, goal] : [uri]);
  }
  return next(command, args);
}

/** The status that is to follow; empty where there is nothing to choose; undefined where nothing was chosen. */
async function chooseStep(): Promise<string | undefined> {
  const steps = bar.current?.next ?? [];
  if (steps.length < 2) {
    return '';
  }
  const items = steps.map(step => ({ label: step.status, description: step.obstacles ? `${step.obstacles} to fix` : '' }));
  return (await vscode.window.showQuickPick(items, { title: 'Which status follows?' }))?.label;
}

const OF_ANY = ['spec-ls.newSpec', 'spec-ls.showBoard', 'spec-ls.restartIndex', 'spec-ls.restartServer', 'spec-ls.showOutput'];

/** What a click in the status bar offers. */
async function menu(): Promise<void> {
  const { contributes } = vscode.extensions.getExtension('spec-ls.spec-ls')?.packageJSON ?? {};
  const titles = new Map<string, string>((contributes?.commands ?? []).map((one: { command: string; title: string }) => [one.command, one.title]));
  const runs = client?.state === State.Running;
  const names = runs ? [...(bar.current?.isSpec ? OF_A_SPEC : []), ...OF_ANY] : ['spec-ls.installServer', 'spec-ls.restartServer', 'spec-ls.showOutput'];
  const items = names.map(command => ({ label: titles.get(command) ?? command, command }));
  const why = bar.current?.why;
  const chosen = await vscode.window.showQuickPick(items, { title: why ? `spec-ls: ${why}` : 'spec-ls' });
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** Shows places in VS Code's own list, as the lens of a spec asks for. */
async function showReferences(uri: string, position: Position, locations: Location[]): Promise<void> {
  const convert = client?.protocol2CodeConverter;
  if (convert) {
    const places = locations.map(one => convert.asLocation(one));
    await vscode.commands.executeCommand('editor.action.showReferences', convert.asUri(uri), convert.asPosition(position), places);
  }
}

/** Tells the server that there is a command to show references. */
const offersCommands: StaticFeature = {
  fillClientCapabilities: capabilities => {
    capabilities.experimental = { ...capabilities.experimental, commands: { commands: [SHOW_REFERENCES] } };
  },
  initialize: () => undefined,
  getState: () => ({ kind: 'static' }),
  clear: () => undefined,
};
