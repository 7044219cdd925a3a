import { describe, expect, it } from 'vitest'
import { barsOf, neighbour, placeAt, spanOf, ticksOf } from '@/widgets/gantt'
import type { LaneView, SlotView, TimedView } from '@/api/types'

const at = (minute: number) => new Date(Date.UTC(2026, 2, 2, 6, minute)).toISOString()
const slot = (job: number, from: number, to: number, more: Partial<SlotView> = {}): SlotView => ({
  operation: `${job}@print`, job_id: job, title: `job ${job}`, fabric: 'silk', start: at(from), end: at(to), setup_start: at(from), setup_end: at(from),
  setup_min: 0, dumped_l: 0, late_min: 0, running: false, place: job, pinned_place: null, not_before: null, pinned_by: null, expected_end: null, ...more,
})
const lane = (machine: string, ...slots: SlotView[]): LaneView => ({ machine, stage: 'print', slots })
const plan = (...lanes: LaneView[]): TimedView => ({ lanes: lanes, points: 0, setup_min: 0, dumped_l: 0, late_min: 0, late_jobs: 0, warnings: [] })
const perMinute = (time: number) => (time - Date.parse(at(0))) / 60_000

describe('the time shown', () => {
  it('reaches from now to the last end', () => {
    const span = spanOf(plan(lane('press', slot(1, 10, 70))), Date.parse(at(5)))
    expect(span.from).toBe(Date.parse(at(5)))
    expect(span.to).toBeGreaterThan(Date.parse(at(70)))
  })
  it('of an empty plan is a few minutes', () => {
    const now = Date.parse(at(0))
    expect(spanOf(plan(lane('press')), now)).toEqual({ from: now, to: now + 300_000 })
  })
  it('has ticks far enough apart, on whole steps', () => {
    const span = { from: Date.parse(at(3)), to: Date.parse(at(303)) }
    const ticks = ticksOf(span, 600 / (span.to - span.from))
    expect(ticks.length).toBeGreaterThan(2)
    for (const tick of ticks) expect(new Date(tick).getUTCMinutes()).toBe(0)
    expect((((ticks[1] ?? 0) - (ticks[0] ?? 0)) * 600) / (span.to - span.from)).toBeGreaterThanOrEqual(80)
  })
})

describe('a bar', () => {
  it('stands where its work is, with the set-up before it', () => {
    const [bar] = barsOf(lane('press', slot(1, 20, 50, { setup_start: at(5), setup_end: at(15), setup_min: 10 })), perMinute)
    expect(bar).toMatchObject({ x: 20, width: 30, setupX: 5, setupWidth: 10 })
  })
  it('can be hit, however short the work', () => {
    expect(barsOf(lane('press', slot(1, 20, 21)), perMinute)[0]?.width).toBe(7)
  })
  it('dropped elsewhere gets the place among the others', () => {
    const bars = barsOf(lane('press', slot(9, 0, 10, { place: null, running: true }), slot(1, 10, 40), slot(2, 40, 70), slot(3, 70, 100)), perMinute)
    const third = bars[3]?.slot as SlotView
    expect(placeAt(bars, third, 0)).toBe(1)
    expect(placeAt(bars, third, 30)).toBe(2)
    expect(placeAt(bars, third, 90)).toBe(3)
  })
})

it('lets the arrow keys go along a lane and to the nearest bar of the next lane that has any', () => {
  const shown = plan(lane('press', slot(1, 0, 10), slot(2, 10, 20)), lane('steamer'), lane('washer', { ...slot(1, 30, 40), operation: '1@wash' }))
  expect(neighbour(shown, '1@print', 'ArrowRight')?.operation).toBe('2@print')
  expect(neighbour(shown, '2@print', 'ArrowRight')).toBeNull()
  expect(neighbour(shown, '2@print', 'ArrowDown')?.operation).toBe('1@wash')
  expect(neighbour(shown, '1@wash', 'ArrowUp')?.operation).toBe('2@print')
})
