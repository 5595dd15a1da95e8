// The language server in a worker of the browser; messages are JSON texts both ways, those that come early wait.
import { loadPyodide } from './pyodide/pyodide.mjs'

const early = []
let receive = message => early.push(message)
self.onmessage = event => receive(event.data)

async function start() {
  const [python, modules, texts] = await Promise.all([
    loadPyodide({ indexURL: new URL('./pyodide/', import.meta.url).href, env: { HOME: '/home', SPEC_LS_CACHE: 'off' } }),
    fetch('./modules.zip').then(answer => answer.arrayBuffer()),
    fetch('./texts.json').then(answer => answer.text()),
  ])
  python.unpackArchive(new Uint8Array(modules), 'zip', { extractDir: '/modules' })
  python.globals.set('send', message => self.postMessage(message))
  python.globals.set('texts', texts)
  receive = await python.runPythonAsync(`
import json, sys
sys.path.insert(0, "/modules")
from spec_ls.playground.inside import serve
serve("/specs", json.loads(texts), send)
`)
  for (const message of early.splice(0)) receive(message)
}

start().catch(error => self.postMessage({ failed: String(error) }))
