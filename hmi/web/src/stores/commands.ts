import { defineStore } from 'pinia'
import { ref } from 'vue'
import { i18n } from '@/i18n'
import { Refused } from '@/api/problem'
import { useLine } from './line'
import { useSession } from './session'

export interface Command {
  id: number
  label: string
  at: Date
  state: 'pending' | 'accepted' | 'failed' | 'unconfirmed' | 'blocked'
  detail: string
}

const ANSWER_MS = 4000

/** Commands are sent once, never queued and never shown as done before the server says so. */
export const useCommands = defineStore('commands', () => {
  const { t } = i18n.global
  const line = useLine()
  const session = useSession()
  const last = ref<Command | null>(null)
  let count = 0

  /** Why a command cannot be given now, in words, or null. */
  function blocked(permission: string): string | null {
    if (line.lost) return t('why.lost')
    if (!session.may(permission)) return t('why.permission', { role: session.user?.role ?? '' })
    return null
  }
  function note(label: string, state: Command['state'], detail = ''): Command {
    count += 1
    const command: Command = { id: count, label, at: new Date(), state, detail }
    last.value = command
    return command
  }
  function settle(command: Command, state: Command['state'], detail = ''): void {
    if (last.value?.id === command.id) last.value = { ...command, state, detail }
  }
  function why(error: unknown): string {
    if (error instanceof Refused) return error.message || t('why.unreachable')
    return t('why.unreachable')
  }

  /** Give a command and wait for its acknowledgement; true when the server accepted it. */
  async function give(
    label: string,
    permission: string,
    call: (signal: AbortSignal) => Promise<unknown>,
    patienceMs = ANSWER_MS,
  ): Promise<boolean> {
    const reason = blocked(permission)
    if (reason) {
      note(label, 'blocked', reason)
      return false
    }
    const command = note(label, 'pending')
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), patienceMs)
    try {
      await call(patience.signal)
      settle(command, 'accepted')
      return true
    } catch (error) {
      if (patience.signal.aborted) settle(command, 'unconfirmed', t('why.unconfirmed'))
      else settle(command, 'failed', why(error))
      return false
    } finally {
      clearTimeout(timer)
    }
  }

  return { last, blocked, give, why }
})
