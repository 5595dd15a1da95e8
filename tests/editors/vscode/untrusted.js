// Inside VS Code, in a folder that is not trusted: nothing that it brings along is run.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { until, steps, ours, findings } = require('./inside.js');

const folder = process.env.WORKSPACE;
const uri = vscode.Uri.file(path.join(folder, process.env.NAME));

exports.run = () =>
  steps({
    'the folder is not trusted': async () => {
      assert.equal(vscode.workspace.isTrusted, false);
      const said = vscode.workspace.getConfiguration('spec-ls').inspect('path');
      assert.notEqual(said, undefined);
    },
    'the server is the one of the user': async () => {
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
      const api = await ours();
      assert.equal(api.found()?.command, process.env.EXPECTED, `PATH is ${process.env.PATH}`);
      assert.equal(api.found().from, 'PATH');
    },
    'it works': () => until('findings', () => findings(uri).length === 2, [vscode.languages.onDidChangeDiagnostics]),
    'what the workspace brings along was not run': () => {
      assert.deepEqual(fs.readdirSync(path.join(folder, 'ran')), []);
    },
  });
