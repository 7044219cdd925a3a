import { defineStore } from 'pinia'
import { ref, watch } from 'vue'
import { choose, LANGUAGES, type Language } from '@/i18n'

export const THEMES = ['light', 'dark'] as const
export const DENSITIES = ['desk', 'panel'] as const

function remembered<T extends string>(key: string, allowed: readonly T[], otherwise: T): T {
  const value = localStorage.getItem(`foulard.${key}`)
  return allowed.find((one) => one === value) ?? otherwise
}

/** Language, theme, density and ink price of this browser. */
export const useSettings = defineStore('settings', () => {
  const browser = LANGUAGES.find((one) => navigator.language.startsWith(one)) ?? 'en'
  const language = ref<Language>(remembered('language', LANGUAGES, browser))
  const theme = ref(remembered('theme', THEMES, 'light'))
  const density = ref(remembered('density', DENSITIES, matchMedia('(pointer: coarse)').matches ? 'panel' : 'desk'))

  /** Price of a litre of ink; null until somebody here has said one. */
  const stored = Number.parseFloat(localStorage.getItem('foulard.inkPrice') ?? '')
  const inkPrice = ref<number | null>(stored >= 0 ? stored : null)
  watch(inkPrice, (price) => {
    if (price === null) localStorage.removeItem('foulard.inkPrice')
    else localStorage.setItem('foulard.inkPrice', String(price))
  })

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
  return { language, theme, density, inkPrice }
})
