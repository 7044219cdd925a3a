/** Loads what has no event of its own: now, and again every so often while the page is seen. */
import { onBeforeUnmount, onMounted } from 'vue'

export function polled(load: () => Promise<void>, everyMs: number): void {
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    void load()
    timer = setInterval(() => document.hidden || void load(), everyMs)
  })
  onBeforeUnmount(() => clearInterval(timer))
}
