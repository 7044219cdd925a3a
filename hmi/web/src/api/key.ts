/** A random key for one write. `crypto.randomUUID` is missing on plain http in a plant network, this is not. */
export function freshKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
