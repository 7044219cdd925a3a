import { describe, expect, it, vi } from 'vitest'
import type { LotView, TouchView } from '@/api/types'
import { isWhole, labelOf, originsOf, rollOf, traceable } from '@/stores/trace'
import { firstCode, picture, reader, type Detector } from '@/widgets/camera'

const touch = (kind: TouchView['kind'], name: string | null, more: Partial<TouchView> = {}): TouchView => ({
  kind, name, stage: '', where: '', from_m: 0, to_m: 2, mixed: false, ...more,
})
const lot: LotView = {
  name: 'INK-000002', kind: 'ink', material: 'acid cyan', supplier: 'Inkhouse', supplier_lot: 'c-1', best_before: null, width_mm: null,
  shrink_warp_pct: null, shrink_weft_pct: null, received_at: '2026-11-22T08:00:00Z', received_by: 'rosa', rolls: [], made_of: [],
}

describe('a trace', () => {
  it('is shown by stage in the order of the line, with people behind the goods', () => {
    const origins = [
      touch('person', 'anna', { where: 'submitted' }), touch('recipe', 'silk-twill 1'),
      touch('machine', 'press', { stage: 'print' }), touch('ink', 'INK-000002', { stage: 'print', where: 'ink1' }),
      touch('machine', 'padder', { stage: 'pretreat' }), touch('person', 'rosa', { stage: 'pretreat', where: 'load: Yes' }),
    ]
    const { whole, stages, people } = originsOf({ origins })
    expect(whole.map(({ name }) => name)).toEqual(['silk-twill 1'])
    expect(people.map(({ name }) => name)).toEqual(['anna'])
    expect(stages.map(({ stage, machine, goods, people: there }) => [stage, machine, goods.length, there.length])).toEqual([
      ['pretreat', 'padder', 0, 1],
      ['print', 'press', 1, 0],
    ])
  })
  it('says what a label says, and nothing of a lot that is not known', () => {
    expect(labelOf([lot], 'INK-000002')).toBe('acid cyan, Inkhouse c-1')
    expect(labelOf([{ ...lot, supplier: '', supplier_lot: '' }], 'INK-000002')).toBe('acid cyan')
    expect(labelOf([lot], null)).toBe('')
  })
  it('names metres only where they are not all that was asked about', () => {
    expect(isWhole(touch('ink', 'a'), { from_m: 0, to_m: 2 })).toBe(true)
    expect(isWhole(touch('ink', 'a', { to_m: 1.5 }), { from_m: 0, to_m: 2 })).toBe(false)
  })
  it('goes on from things, not from people or from what is unknown', () => {
    expect(['roll', 'machine'].map((kind) => traceable(touch(kind as 'roll', 'x')))).toEqual([true, true])
    expect([touch('person', 'rosa'), touch('ink', null)].map(traceable)).toEqual([false, false])
    expect(rollOf(12)).toBe('R-000012')
  })
})

describe('the camera', () => {
  const detectors = (formats: string[]) => ({
    BarcodeDetector: class {
      static getSupportedFormats = () => Promise.resolve(formats)
      detect = () => Promise.resolve([])
    },
  })
  it('is not used where the browser cannot read codes of this kind', async () => {
    expect(await reader({})).toBe('noReader')
    expect(await reader(detectors(['ean_13']))).toBe('noReader')
    expect(typeof (await reader(detectors(['qr_code'])))).toBe('object')
  })
  it('says why there is no picture', async () => {
    expect(await picture(undefined)).toBe('notSecure')
    const refused = { getUserMedia: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }
    expect(await picture(refused as unknown as MediaDevices)).toBe('notAllowed')
  })
  it('gives the first code that comes into view, over frames that are not there yet, until nobody waits', async () => {
    vi.useFakeTimers()
    const seen: (() => Promise<{ rawValue: string }[]>)[] = [
      () => Promise.reject(new Error('no frame')), () => Promise.resolve([]), () => Promise.resolve([{ rawValue: 'R-000012' }]),
    ]
    const detector: Detector = { detect: () => (seen.shift() ?? (() => Promise.resolve([])))() }
    const waiting = new AbortController()
    const found = firstCode(detector, {} as HTMLVideoElement, waiting.signal)
    await vi.runAllTimersAsync()
    expect(await found).toBe('R-000012')
    const never = firstCode(detector, {} as HTMLVideoElement, waiting.signal)
    waiting.abort()
    await vi.runAllTimersAsync()
    expect(await never).toBeNull()
    vi.useRealTimers()
  })
})
