import { openStream, type StreamHooks } from './stream'

type FromWorker = { data?: string; broken?: true }

/** Without a SharedWorker (some phones): an own stream, given up while the page is hidden. */
function ownStream(hooks: StreamHooks): () => void {
  let close: (() => void) | null = null
  const follow = () => {
    if (document.hidden) {
      close?.()
      close = null
    } else close ??= openStream(hooks)
  }
  document.addEventListener('visibilitychange', follow)
  follow()
  return () => {
    document.removeEventListener('visibilitychange', follow)
    close?.()
  }
}

function sharedStream(hooks: StreamHooks): () => void {
  const worker = new SharedWorker(new URL('../workers/live.ts', import.meta.url), { type: 'module' })
  let close: () => void = () => worker.port.postMessage('leave')
  worker.onerror = () => {
    close = ownStream(hooks)
  }
  worker.port.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.data !== undefined) hooks.event(data.data)
    else hooks.broken()
  }
  const leave = () => worker.port.postMessage('leave')
  const join = () => worker.port.postMessage('join')
  addEventListener('pagehide', leave)
  addEventListener('pageshow', join)
  join()
  return () => {
    removeEventListener('pagehide', leave)
    removeEventListener('pageshow', join)
    close()
  }
}

/** Follow the live events until the returned function is called. */
export function follow(hooks: StreamHooks): () => void {
  return 'SharedWorker' in window ? sharedStream(hooks) : ownStream(hooks)
}
