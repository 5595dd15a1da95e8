// Installs the server into an environment of the extension's own, when the user asks for it.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import { inEnvironment } from './server';

const run = promisify(execFile);
const PYTHONS = process.platform === 'win32' ? ['py', 'python'] : ['python3', 'python'];
const IS_NEW_ENOUGH = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))';

/** Makes the environment `folder` with the server in it; the progress and what pip says are shown. Throws what went wrong. */
export async function install(folder: string, version: string, log: vscode.OutputChannel): Promise<void> {
  const options = { location: vscode.ProgressLocation.Notification, title: 'Installing spec-ls' };
  await vscode.window.withProgress(options, async progress => {
    const python = await findPython();
    progress.report({ message: 'an environment of its own' });
    await tell(python, ['-m', 'venv', '--clear', folder], log);
    progress.report({ message: `spec-ls ${version} and what it needs` });
    const pip = ['-m', 'pip', 'install', '--disable-pip-version-check', `spec-ls==${version}`];
    await tell(inEnvironment(folder, 'python', process.platform === 'win32'), pip, log);
  });
}

async function findPython(): Promise<string> {
  for (const name of PYTHONS) {
    try {
      await run(name, ['-I', '-c', IS_NEW_ENOUGH]);
      return name;
    } catch {
      // not there, too old, or without venv
    }
  }
  throw new Error('Python 3.11 or newer, with its module venv, is needed and was not found.');
}

async function tell(command: string, args: string[], log: vscode.OutputChannel): Promise<void> {
  log.appendLine(`$ ${[command, ...args].join(' ')}`);
  try {
    const { stdout, stderr } = await run(command, args, { maxBuffer: 1 << 26 });
    log.append(stdout + stderr);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    log.appendLine(said || String(error));
    throw new Error(said.trim().split('\n').pop() || String(error));
  }
}
