import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import * as calls from '@/api/calls'
import { follow } from '@/api/live'
import type { LiveEvent } from '@/api/types'
import { reduceLine, sequence, type LineState } from './reduce'
import { useSession } from './session'
import { freshness } from './words'

type Listener = (event: LiveEvent) => void

/** The line as it is now: a snapshot, kept up by the event stream, with the age of what is shown. */
export const useLine = defineStore('line', () => {
  const session = useSession()
  const state = shallowRef<LineState>({ machines: [], questions: [], jobs: [], alarms: [], flood: 0 })
  const loaded = ref(false)
  const now = ref(Date.now())
  const heardAt = ref<number | null>(null)
  const closing = ref(false)
  const serverAhead = ref(0)
  const listeners = new Set<Listener>()
  let epoch = ''
  let queue: LiveEvent[] = []
  let stop: (() => void) | null = null
  let frame = 0

  const ageS = computed(() => (heardAt.value === null ? null : Math.max(0, now.value - heardAt.value) / 1000))
  const link = computed(() => freshness(ageS.value, closing.value))
  const lost = computed(() => link.value === 'lost' || link.value === 'connecting')
  const serverTime = computed(() => new Date(now.value + serverAhead.value))

  function flush(): void {
    frame = 0
    if (!loaded.value) return
    const events = queue
    queue = []
    let next = state.value
    for (const event of events) {
      next = reduceLine(next, event)
      for (const listener of listeners) listener(event)
    }
    state.value = next
  }
  /** Once per picture the screen shows; a hidden page gets no frames and is kept up at once. */
  function schedule(): void {
    if (document.hidden) flush()
    else if (frame === 0) frame = requestAnimationFrame(flush)
  }

  let loading: Promise<void> | null = null
  async function fetchSnapshot(): Promise<void> {
    const [line, jobs] = await Promise.all([calls.line(), calls.jobs()])
    epoch = line.epoch
    serverAhead.value = new Date(line.server_time).getTime() - Date.now()
    state.value = { machines: line.machines, questions: line.questions, jobs, alarms: line.alarms, flood: line.flood }
    queue = queue.filter((event) => sequence(event.id).epoch === epoch && sequence(event.id).seq > line.seq)
    loaded.value = true
    schedule()
  }
  /** Load everything anew; events that arrive meanwhile wait and then go on top. */
  function reload(): Promise<void> {
    loading ??= fetchSnapshot().finally(() => {
      loading = null
    })
    return loading
  }
  /** The stream's watchdog tries again, so a failed load is only put off; the age of the data tells the user. */
  const reloadLater = () => reload().catch(() => undefined)

  function hear(text: string): void {
    const event = JSON.parse(text) as LiveEvent
    now.value = Date.now()
    heardAt.value = now.value
    closing.value = event.kind === 'closing'
    serverAhead.value = new Date(event.time).getTime() - now.value
    const other = sequence(event.id).epoch !== epoch
    if (event.kind === 'resync' || (other && event.kind !== 'closing')) {
      for (const listener of listeners) listener(event)
      void reloadLater()
    }
    if (event.kind !== 'beat' && event.kind !== 'hello') queue.push(event)
    schedule()
  }

  function start(): void {
    if (stop) return
    const unfollow = follow({ event: hear, broken: () => void session.load().catch(() => undefined) })
    const timer = setInterval(() => (now.value = Date.now()), 500)
    const back = () => document.hidden || void reloadLater()
    document.addEventListener('visibilitychange', back)
    void reloadLater()
    stop = () => {
      unfollow()
      clearInterval(timer)
      document.removeEventListener('visibilitychange', back)
    }
  }
  function end(): void {
    stop?.()
    stop = null
    loaded.value = false
    heardAt.value = null
    queue = []
    state.value = { machines: [], questions: [], jobs: [], alarms: [], flood: 0 }
  }
  function listen(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  return {
    machines: computed(() => state.value.machines),
    questions: computed(() => state.value.questions),
    jobs: computed(() => state.value.jobs),
    alarms: computed(() => state.value.alarms),
    flood: computed(() => state.value.flood),
    loaded, now, ageS, link, lost, closing, serverTime, start, end, reload, listen,
  }
})
