import { expect, it } from 'vitest'
import de from '@/i18n/de.json'
import en from '@/i18n/en.json'

type Tree = { [key: string]: string | Tree }
const leaves = (tree: Tree, path = ''): [string, string][] =>
  Object.entries(tree).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : leaves(value, `${path}${key}.`),
  )
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

it('has the same keys in all languages', () => {
  expect(leaves(de).map(([key]) => key).sort()).toEqual(leaves(en).map(([key]) => key).sort())
})
it('fills the same places in all languages', () => {
  const german = new Map(leaves(de))
  for (const [key, text] of leaves(en)) expect([key, new Set(names(german.get(key) ?? ''))]).toEqual([key, new Set(names(text))])
})
it('leaves no text empty', () => {
  for (const [key, text] of [...leaves(en), ...leaves(de)]) expect([key, text.trim()]).not.toEqual([key, ''])
})
