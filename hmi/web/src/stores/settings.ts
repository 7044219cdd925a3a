import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { choose, LANGUAGES, type Language } from '@/i18n'

export const THEMES = ['light', 'dark'] as const
export const DENSITIES = ['desk', 'panel'] as const

function remembered<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(`foulard.${key}`)
  return allowed.find((one) => one === value) ?? otherwise
}

/** Language, theme and density of this browser. */
export const useSettings = defineStore('settings', () => {
  const browser = LANGUAGES.find((one) => navigator.language.startsWith(one)) ?? 'en'
  const language = ref<Language>(remembered('language', LANGUAGES, browser))
  const theme = ref(remembered('theme', THEMES, 'light'))
  const density = ref(remembered('density', DENSITIES, matchMedia('(pointer: coarse)').matches ? 'panel' : 'desk'))

  watch(
    [language, theme, density],
    () => {
      const page = document.documentElement
      page.lang = language.value
      page.dataset.theme = theme.value
      page.dataset.density = density.value
      localStorage.setItem('foulard.language', language.value)
      localStorage.setItem('foulard.theme', theme.value)
      localStorage.setItem('foulard.density', density.value)
      choose(language.value)
    },
    { immediate: true },
  )
  return { language, theme, density }
})
