// What a browser runs: nothing of Node, and it says what it cannot do.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import vm from 'node:vm';

const source = fs.readFileSync(createRequire(import.meta.url).resolve('../dist/web.js'), 'utf8');

/** Runs the bundle as a browser does, with as much of `vscode` as it may use; what was shown and registered. */
async function activate(told) {
  const seen = { messages: [], commands: {}, item: { show: () => (seen.shown = true) } };
  const say = message => {
    seen.messages.push(message);
    return Promise.resolve();
  };
  const vscode = {
    StatusBarAlignment: { Right: 2 },
    window: { createStatusBarItem: () => seen.item, showInformationMessage: say },
    commands: { registerCommand: (name, run) => (seen.commands[name] = run) },
  };
  const module = { exports: {} };
  const load = name => {
    assert.equal(name, 'vscode');
    return vscode;
  };
  vm.runInNewContext(source, { module, exports: module.exports, require: load });
  const state = new Map(told ? [['told', true]] : []);
  const globalState = { get: key => state.get(key), update: async (key, value) => state.set(key, value) };
  await module.exports.activate({ subscriptions: [], globalState });
  return { ...seen, state };
}

test('the first time it says why there is no server', async () => {
  const { messages, item, shown, state } = await activate(false);
  assert.match(messages.join(), /cannot start/);
  assert.ok(shown && item.tooltip === messages[0]);
  assert.equal(state.get('told'), true);
});

test('later only when it is asked', async () => {
  const { messages, commands } = await activate(true);
  assert.deepEqual(messages, []);
  commands['spec-ls.menu']();
  assert.equal(messages.length, 1);
});
