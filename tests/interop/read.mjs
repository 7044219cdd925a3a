// Reads nodes of an OPC UA server with node-opcua, a stack that shares no code with ours.
// node read.mjs ENDPOINT NAMESPACE_URI IDENTIFIER… prints {identifier: {value, type, status}} as JSON.
import { AttributeIds, DataType, MessageSecurityMode, OPCUAClient, SecurityPolicy } from 'node-opcua-client'

const [endpoint, namespace, ...identifiers] = process.argv.slice(2)
const client = OPCUAClient.create({
  endpointMustExist: false,
  securityMode: MessageSecurityMode.None,
  securityPolicy: SecurityPolicy.None,
  connectionStrategy: { maxRetry: 1 },
})
await client.connect(endpoint)
const session = await client.createSession()
const index = (await session.readNamespaceArray()).indexOf(namespace)
const nodes = identifiers.map((name) => ({ nodeId: `ns=${index};s=${name}`, attributeId: AttributeIds.Value }))
const values = await session.read(nodes)
const answer = values.map((read, at) => [
  identifiers[at],
  { value: read.value.value, type: DataType[read.value.dataType], status: read.statusCode.name },
])
await session.close()
await client.disconnect()
process.stdout.write(JSON.stringify(Object.fromEntries(answer)) + '\n')
