/** Where the parts of a Gantt chart lie. Pure; times are ms, lengths px. */
import type { LaneView, SlotView, TimedView } from '@/api/types'

export interface Span {
  from: number
  to: number
}

export interface Bar {
  slot: SlotView
  x: number
  width: number
  setupX: number
  setupWidth: number
}

const MINUTE = 60_000
const LEAST_PX = 7

/** From now, or the earliest start, to the last end with a little air behind it. */
export function spanOf(plan: TimedView, now: number): Span {
  const slots = plan.lanes.flatMap((lane) => lane.slots)
  const from = Math.min(now, ...slots.map((slot) => Date.parse(slot.setup_start)))
  const to = Math.max(now, ...slots.map((slot) => Date.parse(slot.end)))
  return { from, to: to + Math.max((to - from) * 0.02, 5 * MINUTE) }
}

export function barsOf(lane: LaneView, at: (time: number) => number): Bar[] {
  return lane.slots.map((slot) => {
    const x = at(Date.parse(slot.start))
    const setupX = at(Date.parse(slot.setup_start))
    const set = slot.setup_min > 0
    return {
      slot,
      x,
      width: Math.max(at(Date.parse(slot.end)) - x, LEAST_PX),
      setupX,
      setupWidth: set ? Math.max(at(Date.parse(slot.setup_end)) - setupX, 2) : 0,
    }
  })
}

const STEPS_MIN = [1, 5, 15, 30, 60, 120, 240, 480, 720, 1440, 2880, 10_080]

/** Times to write below the chart, each at least `leastPx` from the next, on whole steps of the local clock. */
export function ticksOf(span: Span, pxPerMs: number, leastPx = 80): number[] {
  const step = (STEPS_MIN.find((minutes) => minutes * MINUTE * pxPerMs >= leastPx) ?? 10_080) * MINUTE
  const offset = new Date(span.from).getTimezoneOffset() * MINUTE
  const first = Math.ceil((span.from - offset) / step) * step + offset
  const count = Math.max(0, Math.floor((span.to - first) / step) + 1)
  return Array.from({ length: count }, (_, index) => first + index * step)
}

/** The place in a machine's queue, from 1, that an operation gets when its middle is dropped at `x`. */
export function placeAt(bars: readonly Bar[], moved: SlotView, x: number): number {
  const others = bars.filter(({ slot }) => slot.place !== null && slot.operation !== moved.operation)
  return others.filter((bar) => bar.x + bar.width / 2 < x).length + 1
}

/** The operation that an arrow key goes to: along its lane, or the nearest one on the next lane. */
export function neighbour(plan: TimedView, of: string, key: string): SlotView | null {
  const at = plan.lanes.findIndex((lane) => lane.slots.some((slot) => slot.operation === of))
  const lane = plan.lanes[at]
  if (!lane) return null
  const index = lane.slots.findIndex((slot) => slot.operation === of)
  if (key === 'ArrowLeft') return lane.slots[index - 1] ?? null
  if (key === 'ArrowRight') return lane.slots[index + 1] ?? null
  const step = key === 'ArrowUp' ? -1 : 1
  for (let next = at + step; plan.lanes[next]; next += step) {
    const start = Date.parse(lane.slots[index]?.start ?? '')
    const far = (slot: SlotView) => Math.abs(Date.parse(slot.start) - start)
    const nearest = [...(plan.lanes[next]?.slots ?? [])].sort((a, b) => far(a) - far(b))[0]
    if (nearest) return nearest
  }
  return null
}
