// Inside VS Code: a broken spec is mended by what the server proposes, and the rest of the extension is looked at.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { until, steps, ours, findings } = require('./inside.js');

const given = JSON.parse(fs.readFileSync(process.env.GIVEN, 'utf8'));
const folder = process.env.WORKSPACE;
const uri = vscode.Uri.file(path.join(folder, process.env.NAME));
const changed = [vscode.languages.onDidChangeDiagnostics];

exports.run = async () => {
  let api, document, editor;
  const lineOf = text => document.getText().split('\n').findIndex(line => line.includes(text));
  const behind = text => {
    const line = lineOf(text);
    return new vscode.Position(line, document.lineAt(line).text.indexOf(text) + text.length);
  };
  const edit = async change => {
    const all = new vscode.WorkspaceEdit();
    change(all);
    assert.ok(await vscode.workspace.applyEdit(all));
  };
  /** Takes the proposal `label` at a place, as the editor inserts it. */
  const complete = async (at, label) => {
    const list = await vscode.commands.executeCommand('vscode.executeCompletionItemProvider', uri, at);
    const item = list.items.find(one => (one.label.label ?? one.label) === label);
    assert.ok(item, `${label} is not among ${list.items.map(one => one.label.label ?? one.label)}`);
    const range = item.range?.replacing ?? item.range ?? item.textEdit?.range;
    await edit(all => all.replace(uri, range, item.insertText?.value ?? item.insertText ?? label));
  };

  await steps({
    'the extension takes the server of the workspace': async () => {
      document = await vscode.workspace.openTextDocument(uri);
      editor = await vscode.window.showTextDocument(document);
      api = await ours();
      assert.equal(api.found().command, path.join(folder, '.venv', 'bin', 'spec-ls'));
    },
    'findings are where the faults are': async () => {
      await until('findings', () => findings(uri).length === 2, changed);
      const line = lineOf(given.status);
      const start = given.status.indexOf('Dra');
      assert.deepEqual(findings(uri), [
        ['invalid-choice', line, start, start + 3],
        ['missing-section', lineOf('### Goals'), 4, 9],
      ]);
    },
    'the status bar tells template and progress': async () => {
      await until('status', () => api.status()?.isSpec, [], 10);
      assert.equal(api.statusBar.text, '$(checklist) product-spec · 7/8');
      assert.match(api.statusBar.tooltip.value.replaceAll('&nbsp;', ' '), /7 of 8 sections/);
    },
    'hover quotes the template': async () => {
      const at = behind('## 2. Goals');
      const hovers = await vscode.commands.executeCommand('vscode.executeHoverProvider', uri, at);
      assert.ok(hovers.length, 'there is a hover');
    },
    'the status is completed behind an emoji': async () => {
      await complete(behind('| Dra'), 'Draft');
      await until('one finding', () => findings(uri).length === 1, changed);
      await until('the status bar', () => api.statusBar.text === '$(checklist) product-spec · Draft · 7/8', [], 10);
    },
    'a handle is completed behind an emoji': async () => {
      await edit(all => all.insert(uri, behind(given.asked), given.typed));
      await complete(behind(given.typed), given.handle);
    },
    'the missing section is inserted': async () => {
      const [finding] = vscode.languages.getDiagnostics(uri);
      const actions = await vscode.commands.executeCommand('vscode.executeCodeActionProvider', uri, finding.range, 'quickfix', 10);
      const fix = actions.find(one => one.title.includes('Non-Goals') && one.edit);
      assert.ok(fix, actions.map(one => one.title).join());
      assert.ok(await vscode.workspace.applyEdit(fix.edit));
      await until('no missing section', () => findings(uri).every(([rule]) => rule !== 'missing-section'), changed);
    },
    'the text on disk is the one wanted': async () => {
      assert.ok(await document.save());
      assert.equal(fs.readFileSync(uri.fsPath, 'utf8'), given.mended);
    },
    'proposals come up while typing, in a spec alone': async () => {
      assert.equal(vscode.workspace.getConfiguration('editor', document).get('quickSuggestions').other, 'off');
      const at = behind('| **🚦 Status** | ');
      editor.selection = new vscode.Selection(at, at.translate(0, 5));
      await vscode.commands.executeCommand('deleteRight');
      await vscode.commands.executeCommand('type', { text: 'D' });
      await until(
        'a proposal to accept',
        async () => {
          await vscode.commands.executeCommand('acceptSelectedSuggestion');
          return document.lineAt(at.line).text.includes('| Draft |');
        },
        [],
        5,
      );
      await document.save();
    },
    'the palette fills in what is missing elsewhere': async () => {
      const other = vscode.Uri.file(path.join(folder, 'other.md'));
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(other));
      await until('two missing sections', () => findings(other).filter(([rule]) => rule === 'missing-section').length === 2, changed);
      await until('the status', () => api.status()?.isSpec && api.statusBar.text.includes('6/8'), [], 10);
      await vscode.commands.executeCommand('spec-ls.insertMissingSections');
      await until('none missing', () => findings(other).every(([rule]) => rule !== 'missing-section'), changed);
      await vscode.workspace.saveAll();
    },
    'a file that is no spec is told why, and gets nothing': async () => {
      const readme = vscode.Uri.file(path.join(folder, 'README.md'));
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(readme));
      await until('no spec', () => api.status()?.isSpec === false, [], 10);
      assert.equal(api.statusBar.text, '$(circle-slash) no spec');
      assert.match(api.statusBar.tooltip, /sections are there/);
      assert.deepEqual(findings(readme), []);
    },
    'a snippet writes a block of the template': async () => {
      const empty = await vscode.workspace.openTextDocument({ language: 'markdown', content: '' });
      await vscode.window.showTextDocument(empty);
      await vscode.commands.executeCommand('editor.action.insertSnippet', { langId: 'markdown', name: 'Story' });
      assert.equal(empty.lineAt(0).text, '### Story 1: As a User, I want to Action, so that Benefit.');
      await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    },
    'the board opens in a pane that runs nothing of the page': async () => {
      await vscode.commands.executeCommand('spec-ls.showBoard');
      const html = api.board.panel.webview.html;
      assert.match(html, /^<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; [^"]*script-src 'nonce-[^']+'/);
      assert.doesNotMatch(html, /unsafe-eval|script-src[^;]*unsafe-inline/);
      assert.ok(html.includes('Päckchen 📦'), html);
    },
    'no workspace tells of folders outside': () => {
      const said = vscode.workspace.getConfiguration('spec-ls').inspect('templateFolders');
      assert.equal(said.workspaceValue, undefined);
    },
    'the server starts again': async () => {
      const before = api.client();
      await vscode.commands.executeCommand('spec-ls.restartServer');
      assert.notEqual(api.client(), before);
      await vscode.window.showTextDocument(document);
      await until('the status', () => api.status()?.isSpec, [], 10);
    },
    'every command of the palette is there': async () => {
      const all = new Set(await vscode.commands.getCommands(true));
      const { commands } = vscode.extensions.getExtension('spec-ls.spec-ls').packageJSON.contributes;
      assert.deepEqual(commands.map(one => one.command).filter(one => !all.has(one)), []);
    },
  });
};
