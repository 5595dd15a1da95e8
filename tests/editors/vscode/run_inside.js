// Runs a module inside VS Code's extension host: node run_inside.js MODULE. It has the real `vscode` API.
// The environment names HOME, WORKSPACE, EXTENSION, TOOLS, CHROMIUM, SHOTS, and UNTRUSTED where the folder is not trusted.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { withCode, within } = require('./code.js');

const { HOME, WORKSPACE, EXTENSION, UNTRUSTED } = process.env;
const report = (process.env.REPORT = path.join(HOME, 'report.txt'));
let done;
const code = new Promise(resolve => (done = resolve));

withCode(
  {
    home: HOME,
    workspace: WORKSPACE,
    trusted: !UNTRUSTED,
    payload: host => [
      ['extensionDevelopmentPath', `vscode-remote://${host}${EXTENSION}`],
      ['extensionTestsPath', `vscode-remote://${host}${path.resolve(process.argv[2])}`],
    ],
    prepare: async page => {
      await page.exposeFunction('codeAutomationLog', () => undefined);
      await page.exposeFunction('codeAutomationExit', number => done(number));
    },
  },
  () => within(150, 'the tests inside VS Code', code),
).then(
  number => {
    console.log(fs.existsSync(report) ? fs.readFileSync(report, 'utf8') : 'nothing was reported');
    process.exit(number);
  },
  error => {
    console.error(fs.existsSync(report) ? fs.readFileSync(report, 'utf8') : '', error);
    process.exit(1);
  },
);
