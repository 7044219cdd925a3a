import { expect, it, vi } from 'vitest'
import { pressed } from '@/widgets/keyboard'

const key = (name: string, at: number, more: Partial<KeyboardEvent> = {}) =>
  ({ key: name, timeStamp: at, target: null, ctrlKey: false, metaKey: false, altKey: false, preventDefault: () => {}, ...more }) as KeyboardEvent

it('knows single keys and pairs in time', () => {
  vi.stubGlobal('Element', class {})
  const help = vi.fn()
  const line = vi.fn()
  const press = pressed({ '?': help, 'g l': line })
  press(key('?', 0))
  press(key('g', 100))
  press(key('l', 500))
  expect([help.mock.calls.length, line.mock.calls.length]).toEqual([1, 1])
  press(key('g', 1000))
  press(key('l', 4000))
  press(key('?', 5000, { ctrlKey: true }))
  expect([help.mock.calls.length, line.mock.calls.length]).toEqual([1, 1])
})
