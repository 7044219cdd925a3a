import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref } from 'vue'
import * as calls from '@/api/calls'
import { Refused } from '@/api/problem'
import type { JobDetail, LiveEvent } from '@/api/types'
import { useLine } from './line'
import { reduceDetail } from './reduce'

const COUNTERS_MS = 5000

/** The open job: loaded once, kept up by the events, its ink counters fetched now and then while it runs. */
export function useJob(id: Ref<number>): { detail: Ref<JobDetail | null>; missing: Ref<boolean> } {
  const line = useLine()
  const detail = shallowRef<JobDetail | null>(null)
  const missing = ref(false)

  async function load(): Promise<void> {
    const wanted = id.value
    try {
      const loaded = await calls.job(wanted)
      if (id.value === wanted) detail.value = loaded
    } catch (problem) {
      if (problem instanceof Refused && problem.status === 404) missing.value = true
      // Anything else is a lost connection, which the whole page already says; the next event loads again.
    }
  }
  function hear(event: LiveEvent): void {
    if (event.kind === 'resync' || event.kind === 'hello') return void load()
    const before = detail.value
    if (!before) return
    detail.value = reduceDetail(before, event)
    // The preview, the grade and the report come with a change of status.
    if (detail.value.status !== before.status) void load()
  }
  const refresh = () => {
    if (document.hidden || line.lost) return
    if (detail.value === null || ['running', 'ripping'].includes(detail.value.status)) void load()
  }
  let unlisten: () => void = () => {}
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    unlisten = line.listen(hear)
    timer = setInterval(refresh, COUNTERS_MS)
  })
  onBeforeUnmount(() => {
    unlisten()
    clearInterval(timer)
  })
  watch(
    id,
    () => {
      detail.value = null
      missing.value = false
      void load()
    },
    { immediate: true },
  )
  return { detail, missing }
}
