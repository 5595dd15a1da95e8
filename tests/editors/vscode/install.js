// Inside VS Code, where no server is anywhere: the extension says so, and installs one when it is asked to.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { until, steps, ours, findings } = require('./inside.js');

const uri = vscode.Uri.file(path.join(process.env.WORKSPACE, process.env.NAME));

exports.run = async () => {
  let api;
  await steps({
    'no server is found': async () => {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
      api = await ours();
      assert.equal(api.found(), undefined);
      assert.equal(api.statusBar.text, '$(error) spec-ls');
      assert.match(api.statusBar.tooltip, /not installed/);
    },
    'one is installed, and started': async () => {
      await vscode.commands.executeCommand('spec-ls.installServer');
      assert.equal(api.found().from, 'the installation of this extension');
      await until('findings', () => findings(uri).length === 2, [vscode.languages.onDidChangeDiagnostics]);
      await until('the status', () => api.status()?.isSpec, [], 10);
    },
  });
};
