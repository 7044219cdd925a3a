// Exercises an OPC UA server with node-opcua, a stack that shares no code with ours.
// stdin: {endpoint, security?, steps}; a node is [namespace URI, identifier]. stdout: one answer per step, as JSON.
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'
import {
  AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy, TimestampsToReturn,
  UserTokenType, Variant, VariantArrayType, constructEventFilter, resolveNodeId,
} from 'node-opcua-client'

const WAIT_MS = 20_000
let text = ''
for await (const part of process.stdin) text += part
const { endpoint, security, steps } = JSON.parse(text)

const client = OPCUAClient.create(security ? await secured(security) : {
  endpointMustExist: false,
  securityMode: MessageSecurityMode.None,
  securityPolicy: SecurityPolicy.None,
  connectionStrategy: { maxRetry: 1 },
})
await client.connect(endpoint)
const session = await client.createSession(
  security ? { type: UserTokenType.UserName, userName: security.user, password: security.password } : undefined)
const uris = await session.readNamespaceArray()
const subscription = await session.createSubscription2({ requestedPublishingInterval: 50, publishingEnabled: true })
const heard = []

const acts = { read, write, subscribe, watch, refresh, events, call }
const answers = []
for (const step of steps) answers.push(await acts[step.do](step))
await subscription.terminate()
await session.close()
await client.disconnect()
process.stdout.write(JSON.stringify(answers) + '\n')
process.exit(0)

async function secured({ certificate, key, folder, policy }) {
  const trust = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true })
  await trust.initialize()
  return {
    endpointMustExist: false,
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy[policy],
    connectionStrategy: { maxRetry: 1 },
    certificateFile: certificate,
    privateKeyFile: key,
    clientCertificateManager: trust,
  }
}

function id([uri, identifier]) {
  const kind = typeof identifier === 'number' ? 'i' : 's'
  return resolveNodeId(`ns=${uri ? uris.indexOf(uri) : 0};${kind}=${identifier}`)
}

async function read({ nodes }) {
  const found = await session.read(nodes.map((node) => ({ nodeId: id(node), attributeId: AttributeIds.Value })))
  return found.map(({ value, statusCode }) =>
    ({ value: value.value, type: DataType[value.dataType], status: statusCode.name }))
}

async function write({ node, type, value }) {
  const data = { value: new Variant({ dataType: DataType[type], value }) }
  return (await session.write({ nodeId: id(node), attributeId: AttributeIds.Value, value: data })).name
}

// values of a node until there were so many changes, or until it has a value
async function subscribe({ node, changes, until }) {
  const item = await subscription.monitor(
    { nodeId: id(node), attributeId: AttributeIds.Value }, { samplingInterval: 50, queueSize: 100 },
    TimestampsToReturn.Both)
  const values = []
  await within(new Promise((done) => item.on('changed', ({ value }) => {
    values.push(value.value)
    if (until === undefined ? values.length >= changes : value.value === until) done()
  })))
  await item.terminate()
  return values
}

// events of a node from now on; the step events gives them when there were so many
async function watch({ node, fields }) {
  const filter = constructEventFilter(fields.map(([uri, name]) => `${uri ? uris.indexOf(uri) : 0}:${name}`))
  const item = await subscription.monitor(
    { nodeId: id(node), attributeId: AttributeIds.EventNotifier },
    { samplingInterval: 0, queueSize: 100, discardOldest: false, filter }, TimestampsToReturn.Both)
  item.on('changed', (found) => heard.push(found.map(({ value }) => value)))
  return true
}

// the server tells all conditions that it retains once more, to this subscription
async function refresh() {
  const { statusCode } = await session.call({
    objectId: resolveNodeId('ConditionType'), methodId: resolveNodeId('ConditionType_ConditionRefresh'),
    inputArguments: [new Variant({ dataType: DataType.UInt32, value: subscription.subscriptionId })] })
  return statusCode.name
}

async function events({ count }) {
  await within((async () => { while (heard.length < count) await new Promise((done) => setTimeout(done, 20)) })())
  return heard
}

async function call({ object, method, inputs }) {
  const made = []
  for (const input of inputs) made.push(await argument(input))
  const { statusCode, outputArguments } = await session.call(
    { objectId: id(object), methodId: id(method), inputArguments: made })
  return { status: statusCode.name, outputs: (outputArguments ?? []).map(({ value }) => value) }
}

async function argument({ type, value, array, structure }) {
  if (structure) {
    value.jobOrderParameters = value.jobOrderParameters.map((parameter) =>
      ({ ...parameter, value: new Variant({ dataType: DataType[parameter.type], value: parameter.value }) }))
    return new Variant({ dataType: DataType.ExtensionObject, value: await session.constructExtensionObject(id(structure), value) })
  }
  return new Variant({ dataType: DataType[type], arrayType: array ? VariantArrayType.Array : VariantArrayType.Scalar, value })
}

async function within(work) {
  let timer
  const late = new Promise((_, failed) => { timer = setTimeout(() => failed(new Error('not in time')), WAIT_MS) })
  await Promise.race([work, late])
  clearTimeout(timer)
}
