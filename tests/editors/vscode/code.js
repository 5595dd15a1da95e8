// Opens VS Code, as code-server has it, in a browser without a screen. Everything it writes goes into one folder.
'use strict';
const { spawn, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const TOOLS = process.env.TOOLS;
const { chromium } = require(path.join(TOOLS, 'node_modules/playwright-core'));
const CODE_SERVER = path.join(TOOLS, 'node_modules/.bin/code-server');

const SETTINGS = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'git.enabled': false,
  'editor.accessibilitySupport': 'off',
  'editor.minimap.enabled': false,
  'editor.hover.delay': 100,
  'editor.wordWrap': 'off',
  'files.autoSave': 'off',
};

/** The value of `promise`, or a failure that names what was waited for. */
function within(seconds, what, promise) {
  let timer;
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error(`${what}: not within ${seconds} s`)), seconds * 1000)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Starts VS Code on the folder `workspace` and calls `use` with { page, address, host }.
 * `vsix`: is installed first; `settings`: the user's, besides; `trusted`: whether the folder is; `payload`: what VS Code
 * is told in its address; `prepare`: called with the page before anything is loaded.
 */
async function withCode({ home, workspace, vsix, settings = {}, trusted = true, payload = () => [], prepare, viewport }, use) {
  const data = path.join(home, 'data');
  fs.mkdirSync(path.join(data, 'User'), { recursive: true });
  fs.writeFileSync(path.join(data, 'User', 'settings.json'), JSON.stringify({ ...SETTINGS, ...settings }));
  fs.writeFileSync(path.join(home, 'config.yaml'), '');
  const common = ['--config', path.join(home, 'config.yaml'), '--user-data-dir', data, '--extensions-dir', path.join(home, 'extensions')];
  const env = { ...process.env };
  delete env.VSCODE_IPC_HOOK_CLI;
  if (vsix) {
    execFileSync(CODE_SERVER, [...common, '--install-extension', vsix], { env, stdio: 'pipe' });
  }
  const quiet = ['--auth', 'none', '--bind-addr', '127.0.0.1:0', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override', '--disable-proxy'];
  // Without the driver a packaged VS Code passes over the tests it is told to run.
  const testable = ['--vscode-option', 'enable-smoke-test-driver'];
  const server = spawn(CODE_SERVER, [...common, ...quiet, ...(trusted ? ['--disable-workspace-trust'] : []), ...testable, workspace], { env });
  let said = '';
  const listening = new Promise((resolve, reject) => {
    const hear = chunk => {
      said += chunk;
      const found = /HTTP server listening on (http:\/\/\S+)/.exec(said);
      if (found) resolve(found[1].replace(/\/$/, ''));
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.on('exit', () => reject(new Error('code-server has ended')));
  });
  listening.catch(() => undefined);
  let browser;
  let page;
  try {
    const address = await within(60, 'code-server', listening);
    const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'];
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM, headless: true, args });
    page = await browser.newPage({ viewport: viewport ?? { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    await prepare?.(page);
    const host = new URL(address).host;
    const told = encodeURIComponent(JSON.stringify([['skipWelcome', 'true'], ['skipReleaseNotes', 'true'], ...payload(host)]));
    await page.goto(`${address}/?folder=${encodeURIComponent(workspace)}&payload=${told}`);
    return await use({ page, address, host });
  } catch (error) {
    if (page) await page.screenshot({ path: path.join(process.env.SHOTS, 'vscode-failed.png') }).catch(() => undefined);
    console.error(said.slice(-3000));
    throw error;
  } finally {
    await browser?.close();
    const ended = new Promise(resolve => (server.exitCode === null && server.signalCode === null ? server.on('exit', resolve) : resolve()));
    server.kill('SIGTERM');
    await within(10, 'the end of code-server', ended).catch(() => server.kill('SIGKILL'));
  }
}

module.exports = { withCode, within };
