import { describe, expect, it } from 'vitest'
import { alarmGroups, byMachine, highest, unacknowledged } from '@/stores/alarms'
import { reduceLine } from '@/stores/reduce'
import { alarm, event } from './fixtures'

describe('alarms', () => {
  const all = [
    alarm(1, { state: 'B', unacknowledged: true }), alarm(2, { state: 'D', priority: 'high', unacknowledged: true }),
    alarm(3, { state: 'C' }), alarm(4, { state: 'G', shelved_until: '2026-11-22T10:00:00Z' }),
    alarm(5, { state: 'G', shelved_until: '2026-11-22T09:00:00Z' }), alarm(6, { state: 'H' }),
    alarm(7, { state: 'H', active: true }), alarm(8, { state: 'I' }),
  ]
  it('stand in groups, what comes back first and what is there first', () => {
    const groups = alarmGroups(all)
    const ids = Object.values(groups).map((group: { id: number }[]) => group.map((one) => one.id))
    expect(ids).toEqual([[1, 2], [3], [5, 4], [8], [7, 6]])
  })
  it('are counted with the most urgent that nobody has seen', () => {
    expect(unacknowledged(all)).toHaveLength(2)
    expect(highest(unacknowledged(all))).toBe('high')
    expect(highest([])).toBeNull()
  })
  it('lead by the first of their machine', () => {
    const burst = [alarm(1), alarm(2, { machine: 'washer' }), alarm(3, { first: true })]
    expect(byMachine(burst).map((one) => one.alarms.map((each) => each.id))).toEqual([[3, 1], [2]])
  })
  it('are taken as a whole', () => {
    const line = { machines: [], questions: [], jobs: [], alarms: [alarm(1)], flood: 0 }
    expect(reduceLine(line, event('alarms', { alarms: [], flood: 11 }))).toEqual({ ...line, alarms: [], flood: 11 })
  })
})
