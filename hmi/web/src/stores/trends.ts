import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import type { MachineView, TagView } from '@/api/types'
import { useLine } from './line'

export const TREND_S = 600
export interface Trend {
  times: number[]
  values: (number | null)[]
}

/** Which tags of a machine are worth a curve: its speed and its first key temperature. */
export function trended(machine: MachineView): TagView[] {
  const key = machine.tags.filter((tag) => tag.key)
  const speed = key.find((tag) => tag.unit === 'm/min')
  const warm = key.find((tag) => tag.unit === '°C')
  return [speed, warm].filter((tag) => tag !== undefined)
}

/** Add a sample and drop what is older than the window; a value nobody vouches for leaves a gap. */
export function sampled(trend: Trend | undefined, time: number, value: number | null): Trend {
  const from = trend?.times.findIndex((old) => old >= time - TREND_S) ?? 0
  const keep = from < 0 ? Infinity : from
  return {
    times: [...(trend?.times.slice(keep) ?? []), time],
    values: [...(trend?.values.slice(keep) ?? []), value],
  }
}

/** Ten minutes of a few values, collected in the browser once a second. */
export const useTrends = defineStore('trends', () => {
  const line = useLine()
  const trends = shallowRef<Record<string, Trend>>({})

  function sample(): void {
    if (!line.loaded) return
    const time = Math.round(Date.now() / 1000)
    const next = { ...trends.value }
    for (const machine of line.machines) {
      const trusted = machine.link === 'connected' && line.link === 'live'
      for (const tag of trended(machine)) {
        const good = trusted && tag.quality !== 'bad' && typeof tag.value === 'number'
        const key = `${machine.name}.${tag.name}`
        next[key] = sampled(next[key], time, good ? (tag.value as number) : null)
      }
    }
    trends.value = next
  }
  let timer: ReturnType<typeof setInterval> | undefined
  const start = () => {
    timer ??= setInterval(sample, 1000)
  }
  const end = () => {
    clearInterval(timer)
    timer = undefined
    trends.value = {}
  }
  return { trends, start, end }
})
