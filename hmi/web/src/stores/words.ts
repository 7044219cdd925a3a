/** Which word stands for the state of a machine and of the whole line. Pure. */
import type { JobView, MachineView } from '@/api/types'

export type Look = 'running' | 'moving' | 'waiting' | 'stopped' | 'fault' | 'unknown'

const LOOKS: Record<string, Look> = {
  execute: 'running',
  starting: 'moving',
  completing: 'moving',
  resetting: 'moving',
  clearing: 'moving',
  stopping: 'moving',
  aborting: 'moving',
  holding: 'moving',
  unholding: 'moving',
  suspending: 'moving',
  unsuspending: 'moving',
  held: 'waiting',
  suspended: 'waiting',
  idle: 'stopped',
  stopped: 'stopped',
  complete: 'stopped',
  aborted: 'fault',
}

export const look = (machine: Pick<MachineView, 'state' | 'link'>): Look =>
  machine.link === 'lost' ? 'unknown' : (LOOKS[machine.state.toLowerCase()] ?? 'unknown')

/** Key of the word for a machine: its PackML state, or that nobody knows it. */
export const stateKey = (machine: Pick<MachineView, 'state' | 'link'>): string =>
  machine.link === 'lost' || !(machine.state.toLowerCase() in LOOKS) ? 'unknown' : machine.state.toLowerCase()

export type LineWord = 'none' | 'fault' | 'held' | 'running' | 'operator' | 'ready' | 'unknown'

export function lineWord(machines: readonly MachineView[], openQuestions: number): LineWord {
  if (machines.length === 0) return 'none'
  const looks = machines.map(look)
  if (looks.includes('fault')) return 'fault'
  if (looks.includes('waiting')) return 'held'
  if (looks.includes('running') || looks.includes('moving')) return 'running'
  if (openQuestions > 0) return 'operator'
  return looks.every((one) => one === 'unknown') ? 'unknown' : 'ready'
}

export const running = (machines: readonly MachineView[]): number =>
  machines.filter((machine) => look(machine) === 'running').length

const ACTIVE = ['running', 'held', 'cancelling']
const QUEUED = ['to_approve', 'queued', 'ripping', 'parked']

/** Whose turn it is among jobs that wait, as the controller has it: what is begun, priority, due date, age. */
export function byTurn(a: JobView, b: JobView): number {
  const begun = Number(b.status === 'ripping') - Number(a.status === 'ripping')
  const due = (job: JobView) => (job.due_at ? new Date(job.due_at).getTime() : Number.MAX_SAFE_INTEGER)
  return begun || b.priority - a.priority || due(a) - due(b) || a.id - b.id
}

/** Jobs as the pages group them: on the line, waiting (whose turn it is first), finished (newest first). */
export function groups(jobs: readonly JobView[]): { active: JobView[]; waiting: JobView[]; finished: JobView[] } {
  const upwards = (a: JobView, b: JobView) => a.id - b.id
  return {
    active: jobs.filter((job) => ACTIVE.includes(job.status)).sort(upwards),
    waiting: jobs.filter((job) => QUEUED.includes(job.status)).sort(byTurn),
    finished: jobs.filter((job) => !ACTIVE.includes(job.status) && !QUEUED.includes(job.status)).sort((a, b) => b.id - a.id),
  }
}

export type Freshness = 'connecting' | 'live' | 'stale' | 'lost'
export const STALE_S = 3
export const LOST_S = 8

/** By the age of the data, never by the state of a socket. */
export function freshness(ageS: number | null, serverClosing: boolean): Freshness {
  if (serverClosing) return 'lost'
  if (ageS === null) return 'connecting'
  if (ageS >= LOST_S) return 'lost'
  return ageS >= STALE_S ? 'stale' : 'live'
}
