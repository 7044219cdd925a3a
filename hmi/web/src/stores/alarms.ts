/** Alarms as the pages group them. The order is the server's: unacknowledged first, then by priority, the newest first. */
import type { AlarmView } from '@/api/types'

export const PRIORITIES = ['urgent', 'high', 'medium', 'low'] as const

export const unacknowledged = (alarms: readonly AlarmView[]): AlarmView[] => alarms.filter((alarm) => alarm.unacknowledged)

/** The most urgent priority among alarms, or null without one. */
export function highest(alarms: readonly AlarmView[]): AlarmView['priority'] | null {
  return PRIORITIES.find((priority) => alarms.some((alarm) => alarm.priority === priority)) ?? null
}

export interface AlarmGroups {
  unacknowledged: AlarmView[]
  acknowledged: AlarmView[]
  shelved: AlarmView[]
  removed: AlarmView[]
  suppressed: AlarmView[]
}

export function alarmGroups(alarms: readonly AlarmView[]): AlarmGroups {
  const of = (states: string) => alarms.filter((alarm) => states.includes(alarm.state))
  return {
    unacknowledged: of('BDE'),
    acknowledged: of('CF'),
    shelved: of('G').sort((a, b) => (a.shelved_until ?? '').localeCompare(b.shelved_until ?? '')),
    removed: of('I'),
    // what is there, and only not told, comes before what could not be told anyway
    suppressed: of('H').sort((a, b) => Number(b.active) - Number(a.active)),
  }
}

export interface Burst {
  machine: string
  alarms: AlarmView[]
}

/** By machine, the one with the most urgent alarm first; in each the first of a burst leads. */
export function byMachine(alarms: readonly AlarmView[]): Burst[] {
  const machines = [...new Set(alarms.map((alarm) => alarm.machine))]
  return machines.map((machine) => ({
    machine,
    alarms: alarms.filter((alarm) => alarm.machine === machine).sort((a, b) => Number(b.first) - Number(a.first)),
  }))
}
