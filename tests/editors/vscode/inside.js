// What every module that runs inside VS Code needs: waits that end with an event, and a report of each step.
'use strict';
const fs = require('node:fs');
const vscode = require('vscode');

const SECONDS = 40;

/**
 * The first true value of `ask`, asked now and whenever one of `events` happens. Fails when time is up.
 * With `every`, for what no event tells of, it is also asked so many times a second.
 */
function until(what, ask, events = [], every = 0) {
  return new Promise((resolve, reject) => {
    const subscriptions = [];
    let last;
    const end = setTimeout(() => finish(() => reject(new Error(`${what}: still ${JSON.stringify(last)}`))), SECONDS * 1000);
    const beat = every ? setInterval(look, 1000 / every) : undefined;
    function finish(then) {
      clearTimeout(end);
      clearInterval(beat);
      subscriptions.forEach(one => one.dispose());
      then();
    }
    async function look() {
      try {
        last = await ask();
        if (last) finish(() => resolve(last));
      } catch (error) {
        finish(() => reject(error));
      }
    }
    events.forEach(event => subscriptions.push(event(look)));
    look();
  });
}

/** Runs the steps in order and writes what came of each. Fails with the first that fails. */
async function steps(named) {
  const report = line => fs.appendFileSync(process.env.REPORT, `${line}\n`);
  for (const [name, step] of Object.entries(named)) {
    try {
      await step();
      report(`ok ${name}`);
    } catch (error) {
      report(`FAILED ${name}: ${error.stack}`);
      throw error;
    }
  }
  report(`all ${Object.keys(named).length} passed`);
}

/** Our extension, active, and what it lets tests see. */
async function ours() {
  const extension = vscode.extensions.getExtension('spec-ls.spec-ls');
  return extension.activate();
}

/** The findings of a document, as [rule, line, first, last character] in UTF-16. */
const findings = uri =>
  vscode.languages
    .getDiagnostics(uri)
    .map(one => [one.code.value ?? one.code, one.range.start.line, one.range.start.character, one.range.end.character])
    .sort((a, b) => a[1] - b[1]);

module.exports = { until, steps, ours, findings };
