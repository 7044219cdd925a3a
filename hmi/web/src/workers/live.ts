/** Shared by all tabs of a browser: HTTP/1.1 allows six connections to a host, and commands need some of them. */
import { openStream } from '@/api/stream'

const scope = self as unknown as { onconnect: ((event: MessageEvent) => void) | null }
const ports = new Set<MessagePort>()
let close: (() => void) | null = null

function tell(message: { data: string } | { broken: true }): void {
  for (const port of ports) port.postMessage(message)
}

scope.onconnect = (connection) => {
  const port = connection.ports[0]
  if (!port) return
  port.onmessage = (message: MessageEvent<'join' | 'leave'>) => {
    if (message.data === 'join') ports.add(port)
    else ports.delete(port)
    if (ports.size > 0) {
      close ??= openStream({ event: (data) => tell({ data }), broken: () => tell({ broken: true }) })
    } else {
      close?.()
      close = null
    }
  }
}
