/** Keys of the app, alone (`?`) or as a pair (`g l`); never while somebody types. */
const PAIR_MS = 1200
const TYPED = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]'

export function pressed(actions: Readonly<Record<string, () => void>>): (event: KeyboardEvent) => void {
  let first = ''
  let firstAt = 0
  return (event) => {
    const typing = event.target instanceof Element && event.target.matches(TYPED)
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return
    const pair = event.timeStamp - firstAt < PAIR_MS ? `${first} ${event.key}` : ''
    const action = actions[pair] ?? actions[event.key]
    first = event.key
    firstAt = event.timeStamp
    if (!action) return
    event.preventDefault()
    action()
  }
}
