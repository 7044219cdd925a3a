// Serves the registers of a device profile with modbus-serial and answers its command hand-shake, so that our drivers
// meet a server that shares no code with ours. stdin, first line: {port, unit, places: {name: [kind, start]},
// input: {register: word}, holding: {register: word}}.
import { createInterface } from 'node:readline'
import { ServerTCP } from 'modbus-serial'

const lines = createInterface({ input: process.stdin })
const { value: first } = await lines[Symbol.asyncIterator]().next()
const { port, unit, places, input, holding } = JSON.parse(first)
const at = (name) => places[name][1]

function word(words, address) {
  if (words[address] === undefined) throw { modbusErrorCode: 2, msg: `no register ${address}` }
  return words[address]
}

const server = new ServerTCP({
  getInputRegister: (address) => word(input, address),
  getHoldingRegister: (address) => word(holding, address),
  setRegister: (address, value) => {
    word(holding, address)
    holding[address] = value
    if (address === at('command_token')) obey()
  },
}, { host: '127.0.0.1', port, unitID: unit })
setInterval(() => { input[at('machine_heartbeat')] = (input[at('machine_heartbeat')] + 1) % 65536 }, 200)
server.on('initialized', () => process.stdout.write(`ready modbus://127.0.0.1:${port}\n`))
lines.on('close', () => process.exit(0))

// PackML's Reset, Start and Stop; anything else is refused
function obey() {
  const states = { 1: 4, 2: 6, 3: 2 }
  const state = states[holding[at('command')]]
  if (state) input[at('state')] = state
  input[at('command_result')] = state ? 1 : 2
  input[at('command_ack')] = holding[at('command_token')]
}
