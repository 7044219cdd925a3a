// Serves the tags of a device profile with node-opcua and answers its command hand-shake, so that our drivers meet a
// server that shares no code with ours. stdin, first line: {port, namespace, root, tags: [{name, node, type, access, value}],
// security?: {certificate, key, uri, folder, trusted, user, password, policies}, conditions?: [ConditionName]}; each further
// line makes a condition come or go: {condition, active}.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import { DataType, MessageSecurityMode, NodeId, SecurityPolicy, StatusCodes, Variant } from 'node-opcua-client'
import { OPCUAServer } from 'node-opcua-server'

const TYPES = {
  uint16: DataType.UInt16, int16: DataType.Int16, uint32: DataType.UInt32, int32: DataType.Int32,
  float32: DataType.Float, bool: DataType.Boolean, string: DataType.String,
}
const lines = createInterface({ input: process.stdin })
const given = lines[Symbol.asyncIterator]()
const { port, namespace: uri, root, tags, security, conditions = [] } = JSON.parse((await given.next()).value)

const server = new OPCUAServer({
  port,
  hostname: '127.0.0.1',
  ...security ? await secured(security) : {
    securityModes: [MessageSecurityMode.None],
    securityPolicies: [SecurityPolicy.None],
  },
})
await server.initialize()
const { addressSpace } = server.engine
const namespace = addressSpace.registerNamespace(uri)
const { objects } = addressSpace.rootFolder
const machine = namespace.addObject({ organizedBy: objects, browseName: root, eventSourceOf: objects.server })
if (conditions.length) addressSpace.installAlarmsAndConditionsService()
const alarms = Object.fromEntries(conditions.map((conditionName) => [conditionName, namespace.instantiateAlarmCondition(
  'AlarmConditionType', { browseName: conditionName, conditionName, componentOf: machine, conditionOf: machine,
    conditionSource: machine, inputNode: NodeId.nullNodeId })]))
const values = Object.fromEntries(tags.map(({ name, value }) => [name, value]))
for (const { name, node, type, access } of tags) {
  namespace.addVariable({
    componentOf: machine,
    browseName: node,
    nodeId: `s=${root}.${node}`,
    dataType: TYPES[type],
    minimumSamplingInterval: 50,
    accessLevel: access === 'rw' ? 'CurrentRead | CurrentWrite' : 'CurrentRead',
    userAccessLevel: access === 'rw' ? 'CurrentRead | CurrentWrite' : 'CurrentRead',
    value: {
      get: () => new Variant({ dataType: TYPES[type], value: values[name] }),
      set: (variant) => {
        if (access !== 'rw') return StatusCodes.BadNotWritable
        values[name] = variant.value
        if (name === 'command_token') obey()
        return StatusCodes.Good
      },
    },
  })
}
setInterval(() => { values.machine_heartbeat = (values.machine_heartbeat + 1) % 65536 }, 200)
await server.start()
process.stdout.write(`ready opc.tcp://127.0.0.1:${port}\n`)
obeyPerson()

async function obeyPerson() {
  for await (const line of given) {
    const { condition, active } = JSON.parse(line)
    const alarm = alarms[condition]
    if (active) alarm.activateAlarm()
    else alarm.deactivateAlarm()
    alarm.raiseNewCondition({ message: condition, severity: 500, quality: StatusCodes.Good, retain: active })
  }
  await server.shutdown(0)
  process.exit(0)
}

// PackML's Reset, Start and Stop; anything else is refused
function obey() {
  const states = { 1: 4, 2: 6, 3: 2 }
  const state = states[values.command]
  if (state) values.state = state
  values.command_result = state ? 1 : 2
  values.command_ack = values.command_token
}

// encrypted only, for one trusted certificate and one user
async function secured({ certificate, key, uri: applicationUri, folder, trusted, user, password, policies }) {
  const trust = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: false })
  await trust.initialize()
  for (const path of trusted) await trust.trustCertificate(readFileSync(path))
  return {
    serverInfo: { applicationUri },
    certificateFile: certificate,
    privateKeyFile: key,
    serverCertificateManager: trust,
    securityModes: [MessageSecurityMode.SignAndEncrypt],
    securityPolicies: policies.map((name) => SecurityPolicy[name]),
    allowAnonymous: false,
    userManager: { isValidUser: (name, word) => name === user && word === password },
  }
}
