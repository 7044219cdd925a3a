/** One event stream with reconnection by hand, for the page or for the worker that serves all pages. */
export interface StreamHooks {
  /** JSON text of one live event. */
  event(data: string): void
  /** The server closed or refused the stream; it will be tried again. */
  broken(): void
}

const SILENT_MS = 8000
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 5000

export function openStream(hooks: StreamHooks): () => void {
  let source: EventSource | null = null
  let lastId = ''
  let heardAt = Date.now()
  let wait = FIRST_WAIT_MS
  let retry: ReturnType<typeof setTimeout> | undefined

  function connect(): void {
    source?.close()
    heardAt = Date.now()
    source = new EventSource(`/api/v1/events${lastId ? `?after=${encodeURIComponent(lastId)}` : ''}`)
    source.onmessage = (message: MessageEvent<string>) => {
      heardAt = Date.now()
      wait = FIRST_WAIT_MS
      if (message.lastEventId) lastId = message.lastEventId
      hooks.event(message.data)
    }
    // EventSource gives up on an HTTP error and would repeat an old address otherwise: always reconnect here.
    source.onerror = () => {
      source?.close()
      hooks.broken()
      clearTimeout(retry)
      retry = setTimeout(connect, wait * (0.8 + 0.4 * Math.random()))
      wait = Math.min(LONGEST_WAIT_MS, wait * 1.5)
    }
  }

  // A frozen server keeps the socket open: only the age of the data shows it.
  const watch = setInterval(() => Date.now() - heardAt > SILENT_MS && connect(), 2000)
  connect()
  return () => {
    clearInterval(watch)
    clearTimeout(retry)
    source?.close()
  }
}
