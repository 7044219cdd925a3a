import { defineStore } from 'pinia'
import { ref } from 'vue'
import * as calls from '@/api/calls'
import { Refused } from '@/api/problem'
import type { SessionView } from '@/api/types'

export const useSession = defineStore('session', () => {
  const user = ref<SessionView | null>(null)
  const known = ref(false)

  /** Ask once who is signed in; a missing session is an answer, not a fault. */
  async function load(): Promise<void> {
    try {
      user.value = await calls.session()
    } catch (error) {
      if (!(error instanceof Refused && error.status === 401)) throw error
      user.value = null
    }
    known.value = true
  }
  async function signIn(name: string, password: string): Promise<void> {
    user.value = await calls.signIn(name, password)
    known.value = true
  }
  async function signOut(): Promise<void> {
    await calls.signOut()
    forget()
  }
  function forget(): void {
    user.value = null
  }
  const may = (permission: string): boolean => user.value?.permissions.includes(permission) ?? false

  return { user, known, load, signIn, signOut, forget, may }
})
