// The way to the language server, one JSON text a message: a WebSocket of the page's own server, or a worker.
import type { Transport } from '@codemirror/lsp-client'

type Listener = (message: string) => void

/** Answers what the server asks of the page; undefined for what it does not know. */
export type Answer = (method: string, params: any) => Promise<unknown> | undefined

/** The server's own questions are answered here, since the client answers none; all else is the client's. */
function transport(send: (message: string) => unknown, answer: Answer): Transport & { take: Listener } {
  const listeners = new Set<Listener>()
  return {
    send,
    subscribe: listener => listeners.add(listener),
    unsubscribe: listener => listeners.delete(listener),
    take(message) {
      const { id, method, params } = JSON.parse(message)
      const answered = id !== undefined && method !== undefined ? answer(method, params) : undefined
      if (answered === undefined) for (const listener of listeners) listener(message)
      else
        answered.then(
          result => send(JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null })),
          error => send(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32603, message: String(error) } })),
        )
    },
  }
}

/** Resolves once the socket is open; `lost` is called when it closes after that. */
export function bySocket(address: string, answer: Answer, lost: () => void): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address)
    const made = transport(message => socket.readyState === WebSocket.OPEN && socket.send(message), answer)
    socket.onmessage = event => made.take(event.data)
    socket.onopen = () => {
      socket.onclose = lost
      resolve(made)
    }
    socket.onclose = () => reject(new Error('the server cannot be reached'))
  })
}

/** Resolves at once: the worker keeps what comes before it is ready. */
export function byWorker(address: string, answer: Answer, failed: (reason: string) => void): Transport {
  const worker = new Worker(address, { type: 'module' })
  const made = transport(message => worker.postMessage(message), answer)
  worker.onmessage = event => (typeof event.data === 'string' ? made.take(event.data) : failed(event.data.failed))
  worker.onerror = event => failed(event.message)
  return made
}
