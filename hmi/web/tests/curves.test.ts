import { describe, expect, it } from 'vitest'
import type { OperationView, RecordedView } from '@/api/types'
import { address, asked, choices, first, known, MOST, moved, overTime, placeOf, stageOf } from '@/stores/curves'
import { digits, tick } from '@/ui/format'

const tag = (name: string, more: Partial<RecordedView> = {}): RecordedView => ({
  machine: 'press', name, title: name, unit: '°C', decimals: 1, group: 'heads', key: false, text: false, ...more,
})
const operation = (stage: OperationView['stage'], status: OperationView['status'], started: boolean): OperationView => ({
  id: 1, stage, machine: stage, protocol: 'opcua', status, state: '', metres: 0, length_m: 8,
  started_at: started ? '2026-11-22T08:00:00Z' : null, ended_at: null,
})

describe('the address of the page', () => {
  it('says what is chosen and reads as it was written', () => {
    const some = { span: '8h', machine: 'press', tags: ['speed', 'temp'], end: 1700000000, job: null, stage: null } as const
    const text = Object.fromEntries(Object.entries(address(some)).map(([key, value]) => [key, String(value)]))
    expect(asked(text)).toEqual({ ...some, end: 1700000000 })
  })
  it('of a job shows it by metre', () => {
    expect(asked({ job: '7' })).toMatchObject({ span: 'job', job: 7, tags: null })
  })
  it('leaves out what cannot be', () => {
    const nothing = { span: '1h', machine: null, tags: null, end: null, job: null, stage: null }
    expect(asked({ span: 'year', end: '-3', job: 'x', stage: 'dye' })).toEqual(nothing)
    expect(asked({ tags: 'a,b,,c,d,e,f,g,h' }).tags).toHaveLength(MOST)
    expect(asked({ tags: '' }).tags).toEqual([])
  })
})
describe('values to choose from', () => {
  const all = [
    tag('state', { key: true, unit: '', group: 'status' }), tag('beat', { group: 'link' }), tag('sp'), tag('message', { text: true }),
    tag('metres', { key: true, unit: 'm' }), tag('temp', { key: true }), tag('other', { machine: 'washer' }),
  ]
  it('are those of the machine that have a curve, the important ones first', () => {
    expect(choices(all, 'press').map(({ name }) => name)).toEqual(['state', 'metres', 'temp', 'sp', 'beat'])
  })
  it('begin without states and counters', () => {
    expect(first(choices(all, 'press'))).toEqual(['temp'])
  })
})
describe('stages of a job', () => {
  it('are those that have begun, the running one first', () => {
    const [done, runs, waits] = [operation('pretreat', 'done', true), operation('print', 'running', true), operation('fix', 'waiting', false)]
    expect(stageOf([done, runs, waits], null)?.stage).toBe('print')
    expect(stageOf([done, runs, waits], 'pretreat')?.stage).toBe('pretreat')
    expect(stageOf([done, runs, waits], 'fix')?.stage).toBe('print')
    expect(stageOf([waits], null)).toBeNull()
  })
})
describe('the mark', () => {
  const x = [10, 20, 30]
  it('stands on the point before it', () => {
    expect([5, 10, 29, 99].map((at) => placeOf(x, at))).toEqual([-1, 0, 1, 2])
  })
  it('is moved by keys and stays on the curve', () => {
    expect(moved(x, 20, 'ArrowLeft')).toBe(10)
    expect(moved(x, null, 'ArrowRight')).toBe(30)
    expect(moved(x, 10, 'PageDown')).toBe(10)
    expect(moved(x, 10, 'End')).toBe(30)
    expect(moved(x, 10, 'a')).toBeNull()
    expect(moved([], null, 'Home')).toBeNull()
  })
})
it('a curve without any value is none', () => {
  const curve = { tag: tag('temp'), step_s: 0, seconds: [1, 2], low: [null, null], mean: [null, null], high: [null, null] }
  expect(known(overTime(curve))).toBe(false)
  expect(known(overTime({ ...curve, mean: [null, 3] }))).toBe(true)
})
it('marks of an axis can be told apart', () => {
  expect([0.25, 0.5, 1, 20, 0.002].map(digits)).toEqual([2, 1, 0, 0, 3])
  const noon = new Date(2026, 10, 25, 12, 30, 5).getTime() / 1000
  expect(tick(noon, 3600, 'de')).toBe('12:30')
  expect(tick(noon, 5, 'de')).toBe('12:30:05')
  expect(tick(new Date(2026, 10, 25).getTime() / 1000, 3600, 'de')).toBe('25. Nov.')
})
