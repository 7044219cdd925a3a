import { onBeforeUnmount, shallowRef, watch, type Ref } from 'vue'
import * as calls from '@/api/calls'
import { Refused } from '@/api/problem'
import type { LayoutView } from '@/api/types'
import { useSettings } from './settings'

const AGAIN_MS = 3000

/** The layout of a job, once its design is prepared; asked for again while the server cannot be reached. */
export function useLayout(jobId: Ref<number>, ready: Ref<boolean>): { layout: Ref<LayoutView | null>; trouble: Ref<string> } {
  const settings = useSettings()
  const layout = shallowRef<LayoutView | null>(null)
  const trouble = shallowRef('')
  let again: ReturnType<typeof setTimeout> | undefined

  async function load(): Promise<void> {
    clearTimeout(again)
    if (!ready.value) return
    const [id, price] = [jobId.value, settings.inkPrice]
    try {
      const loaded = await calls.layout(id, price)
      if (id !== jobId.value || price !== settings.inkPrice) return
      layout.value = loaded
      trouble.value = ''
    } catch (problem) {
      if (problem instanceof Refused) trouble.value = problem.message
      else again = setTimeout(() => void load(), AGAIN_MS)
    }
  }
  watch(jobId, () => {
    layout.value = null
    trouble.value = ''
  })
  watch([jobId, ready, () => settings.inkPrice], () => void load(), { immediate: true })
  onBeforeUnmount(() => clearTimeout(again))
  return { layout, trouble }
}
