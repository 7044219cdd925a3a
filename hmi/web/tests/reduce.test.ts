import { describe, expect, it } from 'vitest'
import { reduceDetail, reduceLine, sequence, type LineState } from '@/stores/reduce'
import { detail, event, finding, job, machine, strip } from './fixtures'

const line: LineState = { machines: [machine('padder'), machine('press')], questions: [], jobs: [job(2), job(1)], alarms: [], flood: 0 }

describe('the line', () => {
  it('replaces the machines that changed, in their place', () => {
    const next = reduceLine(line, event('machines', { machines: [machine('padder', { state: 'Execute' })] }))
    expect(next.machines.map((one) => [one.name, one.state])).toEqual([['padder', 'Execute'], ['press', 'Idle']])
    expect(line.machines[0]?.state).toBe('Idle')
  })
  it('takes the open questions as a whole', () => {
    const question = { id: 1, machine: 'press', job_id: 1, kind: 'k', text: 'Ready?', answers: ['done'], asked_at: '2026-11-22T08:00:00Z' }
    const asked = reduceLine(line, event('questions', { questions: [question] }))
    expect(asked.questions).toHaveLength(1)
    expect(reduceLine(asked, event('questions', { questions: [] })).questions).toEqual([])
  })
  it('adds a new job on top and changes a known one', () => {
    const added = reduceLine(line, event('job', { job: job(3) }))
    expect(added.jobs.map((one) => one.id)).toEqual([3, 2, 1])
    const changed = reduceLine(added, event('job', { job: job(2, { status: 'running' }) }))
    expect(changed.jobs.map((one) => one.status)).toEqual(['queued', 'running', 'queued'])
  })
  it('is the same object after a heartbeat', () => {
    expect(reduceLine(line, event('beat'))).toBe(line)
  })
})

describe('the open job', () => {
  it('takes strips once each, in their order', () => {
    let open = detail(1)
    for (const index of [0, 2, 1, 2]) open = reduceDetail(open, event('strip', { job_id: 1, strip: strip(index) }))
    expect(open.strips.map((one) => one.index)).toEqual([0, 1, 2])
    expect(open.inspected_m).toBeCloseTo(3 * 0.1734)
  })
  it('lets a streak grow instead of counting it twice', () => {
    const grown = finding(5, { cls: 'streak', length_mm: 900, points: 4 })
    let open = reduceDetail(detail(1), event('finding', { job_id: 1, finding: finding(5, { cls: 'streak' }) }))
    open = reduceDetail(open, event('finding', { job_id: 1, finding: grown }))
    expect(open.finding_list).toEqual([grown])
    expect(open.findings).toBe(1)
  })
  it('does not hear what belongs to another job', () => {
    const open = detail(1)
    expect(reduceDetail(open, event('strip', { job_id: 2, strip: strip(0) }))).toBe(open)
    expect(reduceDetail(open, event('job', { job: job(2) }))).toBe(open)
  })
})

it('reads an event id', () => {
  expect(sequence('ab12:345')).toEqual({ epoch: 'ab12', seq: 345 })
})
