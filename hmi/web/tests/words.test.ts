import { describe, expect, it } from 'vitest'
import { sampled, TREND_S, trended } from '@/stores/trends'
import { freshness, groups, lineWord, look, stateKey } from '@/stores/words'
import { job, machine } from './fixtures'

describe('state in words', () => {
  it('does not believe a machine it cannot hear', () => {
    const silent = machine('press', { state: 'Execute', link: 'lost' })
    expect(look(silent)).toBe('unknown')
    expect(stateKey(silent)).toBe('unknown')
  })
  it('tells the worst of the line first', () => {
    const at = (...states: string[]) => lineWord(states.map((state) => machine('m', { state })), 0)
    expect(at('Execute', 'Aborted', 'Held')).toBe('fault')
    expect(at('Execute', 'Held')).toBe('held')
    expect(at('Idle', 'Execute')).toBe('running')
    expect(at('Idle', 'Stopped')).toBe('ready')
    expect(lineWord([machine('m')], 1)).toBe('operator')
    expect(lineWord([], 0)).toBe('none')
  })
})

describe('freshness', () => {
  it('goes by the age of the data', () => {
    expect([null, 0.5, 3, 8].map((age) => freshness(age, false))).toEqual(['connecting', 'live', 'stale', 'lost'])
    expect(freshness(0, true)).toBe('lost')
  })
})

it('groups jobs: first come first in the queue, newest first when finished', () => {
  const jobs = [job(5), job(4, { status: 'ripping' }), job(3, { status: 'complete' }), job(2, { status: 'running' }), job(1, { status: 'failed' })]
  const { active, waiting, finished } = groups(jobs)
  expect([active, waiting, finished].map((group) => group.map((one) => one.id))).toEqual([[2], [4, 5], [3, 1]])
})

it('puts waiting jobs in the order in which their turn comes', () => {
  const due = (id: number, day: number) => job(id, { due_at: `2026-05-0${day}T00:00:00Z` })
  const jobs = [job(1), due(2, 4), due(3, 2), job(4, { priority: 1 }), job(5, { priority: -1, status: 'ripping' }), job(6, { status: 'parked' })]
  expect(groups(jobs).waiting.map((one) => one.id)).toEqual([5, 4, 3, 2, 1, 6])
  expect(groups([job(7, { status: 'cancelling' })]).active).toHaveLength(1)
})

describe('trends', () => {
  it('keep ten minutes', () => {
    let trend = sampled(undefined, 0, 1)
    for (let time = 1; time <= TREND_S + 5; time += 1) trend = sampled(trend, time, time)
    expect(trend.times[0]).toBe(5)
    expect(trend.times).toHaveLength(trend.values.length)
  })
  it('start anew after a pause longer than the window', () => {
    expect(sampled({ times: [0, 1], values: [1, 2] }, 5000, 3)).toEqual({ times: [5000], values: [3] })
  })
  it('are kept for the speed and one temperature', () => {
    const tag = (name: string, unit: string, key = true) => ({ name, title: name, value: 1, unit, decimals: 1, quality: 'good' as const, group: 'process', key })
    const tags = [tag('t0', '°C', false), tag('p', '%'), tag('v', 'm/min'), tag('t1', '°C'), tag('t2', '°C')]
    expect(trended(machine('press', { tags })).map((one) => one.name)).toEqual(['v', 't1'])
  })
})
