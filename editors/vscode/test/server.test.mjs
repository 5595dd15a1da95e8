// Which server is started, of those that are there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findServer } from '../dist/server.mjs';

const EVERYTHING = [
  '/project/.venv/bin/spec-ls',
  '/usr/bin/spec-ls',
  '/own/bin/spec-ls',
  '/usr/bin/uvx',
  '/usr/bin/pipx',
];

function find(files, given = {}) {
  const there = new Set(files);
  return findServer({
    setting: '',
    folders: ['/project'],
    trusted: true,
    own: '/own',
    version: '1.2.3',
    searchPath: '/usr/bin',
    home: '/home/ada',
    windows: false,
    runs: file => there.has(file),
    real: file => file,
    ...given,
  });
}

test('each gives way to the one before it', () => {
  const wanted = [
    ['/project/.venv/bin/spec-ls', '--stdio'],
    ['/usr/bin/spec-ls', '--stdio'],
    ['/own/bin/spec-ls', '--stdio'],
    ['/usr/bin/uvx', '--from', 'spec-ls==1.2.3', 'spec-ls', '--stdio'],
    ['/usr/bin/pipx', 'run', '--spec', 'spec-ls==1.2.3', 'spec-ls', '--stdio'],
  ];
  for (const [number, line] of wanted.entries()) {
    const found = find(EVERYTHING.slice(number));
    assert.deepEqual([found.command, ...found.args], line);
  }
  assert.equal(find([]), undefined);
});

test('the setting goes before all, and is never passed over', () => {
  const command = setting => find(EVERYTHING, { setting }).command;
  assert.equal(command('/opt/spec-ls'), '/opt/spec-ls');
  assert.equal(command('~/bin/spec-ls'), '/home/ada/bin/spec-ls');
  assert.equal(command('spec-ls'), '/usr/bin/spec-ls');
  assert.equal(command('tools/spec-ls'), '/project/tools/spec-ls');
  assert.equal(find(EVERYTHING, { setting: 'tools/spec-ls', trusted: false }).command, '/home/ada/tools/spec-ls');
});

test('nothing of a workspace that is not trusted is run', () => {
  const doubtful = { trusted: false };
  assert.equal(find(EVERYTHING, doubtful).command, '/usr/bin/spec-ls');
  assert.equal(find(['/project/.venv/bin/spec-ls'], doubtful), undefined);
  assert.equal(find(['/usr/bin/uvx', '/usr/bin/pipx'], doubtful), undefined);
  const searchPath = '/project/bin:.:bin::/usr/bin';
  assert.equal(find(['/project/bin/spec-ls', 'spec-ls', 'bin/spec-ls'], { searchPath, ...doubtful }), undefined);
  // through links, too
  const real = file => file.replace('/usr/bin', '/project/bin');
  assert.equal(find(['/usr/bin/spec-ls'], { real, ...doubtful }), undefined);
  assert.equal(find(['/usr/bin/spec-ls'], { real }).command, '/usr/bin/spec-ls');
});

test('a relative folder on PATH counts nowhere', () => {
  assert.equal(find(['spec-ls', 'bin/spec-ls'], { searchPath: '.:bin:' }), undefined);
});
