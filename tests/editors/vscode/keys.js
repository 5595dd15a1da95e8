// A broken spec is mended with keys, in VS Code in a browser; a picture is taken where there is most to see.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { withCode } = require('./code.js');

const { HOME, WORKSPACE, VSIX, GIVEN, SHOTS } = process.env;
const given = JSON.parse(fs.readFileSync(GIVEN, 'utf8'));
const file = path.join(WORKSPACE, process.env.NAME);
const lines = fs.readFileSync(file, 'utf8').split('\n');

/** Where a text ends, as VS Code counts: lines and UTF-16 units from 1. */
function behind(text) {
  const line = lines.findIndex(one => one.includes(text));
  return `${line + 1}:${lines[line].indexOf(text) + text.length + 1}`;
}

const settings = { 'editor.fontSize': 13, 'editor.lineNumbers': 'off', 'workbench.colorTheme': 'Default Light Modern', 'window.menuBarVisibility': 'hidden' };
const payload = host => [['openFile', `vscode-remote://${host}${encodeURI(file)}`]];

withCode({ home: HOME, workspace: WORKSPACE, vsix: VSIX, settings, payload, viewport: { width: 1200, height: 840 } }, async ({ page }) => {
  const keys = page.keyboard;
  const editor = page.locator('.editor-instance .monaco-editor').first();
  const squiggles = page.locator('.editor-instance .squiggly-warning, .editor-instance .squiggly-error');
  const list = page.locator('.suggest-widget.visible');

  async function goTo(place) {
    await keys.press('Control+g');
    const box = page.locator('.quick-input-widget input').first();
    await box.waitFor();
    await box.fill(`:${place}`);
    await keys.press('Enter');
    await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  }
  /** Takes the proposal, once it is the one in front. */
  async function accept(label) {
    await list.locator('.monaco-list-row.focused', { hasText: label }).waitFor();
    await keys.press('Enter');
    await list.waitFor({ state: 'hidden' });
  }

  await squiggles.nth(1).waitFor();
  await page.locator('.statusbar-item', { hasText: 'product-spec · 7/8' }).waitFor();

  await keys.press('Control+Shift+m');
  await page.locator('.markers-panel .monaco-list-row', { hasText: 'Non-Goals' }).first().waitFor();
  await editor.click({ position: { x: 300, y: 60 } });

  await goTo(behind(given.status.slice(0, given.status.indexOf('Dra') + 3)));
  await keys.press('Control+Space');
  await accept('Draft');
  await page.locator('.statusbar-item', { hasText: 'product-spec · Draft · 7/8' }).waitFor();

  // @ brings up the people by itself; the letter behind it picks one
  await goTo(behind(given.asked));
  await keys.insertText(given.typed.slice(0, -2));
  await keys.type('@');
  await list.waitFor();
  await keys.type('j');
  await accept(given.handle);

  await goTo(behind('### Goals'));
  await keys.press('Control+.');
  const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'Non-Goals' }).first();
  await fix.waitFor();
  await page.screenshot({ path: path.join(SHOTS, 'vscode.png') });
  await fix.click();
  await page.locator('.editor-instance .view-line', { hasText: '### Non-Goals' }).waitFor();

  const saved = page.locator('.tab.active:not(.dirty)');
  await page.locator('.tab.active.dirty').waitFor();
  await keys.press('Control+s');
  await saved.waitFor();
  // two are left, of the other spec
  await page.locator('.markers-panel .monaco-list-row', { hasText: 'missing-section' }).nth(2).waitFor({ state: 'detached' });
  await page.screenshot({ path: path.join(SHOTS, 'vscode-mended.png') });

  // the board: a pane in a frame of its own; a click in it opens the spec
  await keys.press('F1');
  await page.locator('.quick-input-widget input').first().fill('>Spec: Show the Board');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Show the Board' }).first().waitFor();
  await keys.press('Enter');
  const board = page.frameLocator('iframe.webview.ready').frameLocator('iframe');
  await board.getByText('SPEC-032').first().waitFor();
  await page.screenshot({ path: path.join(SHOTS, 'vscode-board.png') });
  await board.getByText('SPEC-032').first().click();
  await page.locator('.tab', { hasText: 'other.md' }).waitFor();
}).then(
  () => process.exit(0),
  error => {
    console.error(error);
    process.exit(1);
  },
);
