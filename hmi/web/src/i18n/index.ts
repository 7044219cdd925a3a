import { createI18n } from 'vue-i18n'
import de from './de.json'
import en from './en.json'

export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

export const i18n = createI18n({ legacy: false, locale: 'en', fallbackLocale: 'en', messages: { en, de } })

export function choose(language: Language): void {
  i18n.global.locale.value = language
}
