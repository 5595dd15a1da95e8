// Where the server comes from. Knows nothing of VS Code, so that it can be tested alone.

import * as path from 'node:path';

/** A command line that starts the server. */
export interface Found {
  command: string;
  args: string[];
  /** In words: where it was found. */
  from: string;
}

export interface Place {
  /** The setting, empty where it is not set. */
  setting: string;
  /** The folders of the workspace. */
  folders: string[];
  trusted: boolean;
  /** The environment that the extension has made for itself, if it was asked to. */
  own: string;
  /** The release of the server that uvx and pipx may fetch, which is that of the extension. */
  version: string;
  /** PATH, as the process has it. */
  searchPath: string;
  home: string;
  windows: boolean;
  /** Whether a file is there that can be run. */
  runs(file: string): boolean;
  /** A path without symbolic links; itself where there is no such file. */
  real(file: string): string;
}

const ENVIRONMENTS = ['.venv', 'venv', 'env'];
const STDIO = ['--stdio'];

/** The first that is there of: the setting, the workspace's environment, PATH, our own environment, uvx, pipx. */
export function findServer(place: Place): Found | undefined {
  if (place.setting) {
    // What the user names is run as it is: that it is not there is better told than hidden.
    return { command: absolute(place), args: STDIO, from: 'the setting spec-ls.path' };
  }
  const environments = place.trusted ? place.folders.flatMap(folder => ENVIRONMENTS.map(name => path.join(folder, name))) : [];
  for (const environment of environments) {
    const program = inEnvironment(environment, 'spec-ls', place.windows);
    if (place.runs(program)) {
      return { command: program, args: STDIO, from: `the workspace's ${path.basename(environment)}` };
    }
  }
  const onPath = programOnPath('spec-ls', place);
  if (onPath) {
    return { command: onPath, args: STDIO, from: 'PATH' };
  }
  const own = inEnvironment(place.own, 'spec-ls', place.windows);
  if (place.runs(own)) {
    return { command: own, args: STDIO, from: 'the installation of this extension' };
  }
  if (!place.trusted) {
    return undefined; // nothing is fetched for a folder that nobody vouches for
  }
  const release = `spec-ls==${place.version}`;
  const uvx = programOnPath('uvx', place);
  if (uvx) {
    return { command: uvx, args: ['--from', release, 'spec-ls', ...STDIO], from: 'uvx' };
  }
  const pipx = programOnPath('pipx', place);
  return pipx ? { command: pipx, args: ['run', '--spec', release, 'spec-ls', ...STDIO], from: 'pipx' } : undefined;
}

function absolute(place: Place): string {
  const named = place.setting.replace(/^~(?=[/\\]|$)/, place.home);
  if (path.isAbsolute(named)) {
    return named;
  }
  // A bare name is looked for on PATH; a relative one counts from the workspace, which must be trusted for that.
  const found = /[/\\]/.test(named) ? undefined : programOnPath(named, place);
  return found ?? path.join(place.trusted && place.folders[0] ? place.folders[0] : place.home, named);
}

/** The program of that name in a Python environment. */
export function inEnvironment(environment: string, name: string, windows: boolean): string {
  return windows ? path.join(environment, 'Scripts', `${name}.exe`) : path.join(environment, 'bin', name);
}

/** The first program of that name on PATH; none out of a workspace that is not trusted. */
export function programOnPath(name: string, place: Place): string | undefined {
  const names = place.windows ? [`${name}.exe`, `${name}.cmd`, `${name}.bat`] : [name];
  for (const folder of place.searchPath.split(place.windows ? ';' : ':')) {
    if (!path.isAbsolute(folder) || (!place.trusted && place.folders.some(one => isInside(one, folder, place)))) {
      continue;
    }
    const found = names.map(one => path.join(folder, one)).find(place.runs);
    if (found && (place.trusted || !place.folders.some(one => isInside(one, found, place)))) {
      return found;
    }
  }
  return undefined;
}

function isInside(folder: string, file: string, place: Place): boolean {
  const relative = path.relative(place.real(folder), place.real(file));
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}
