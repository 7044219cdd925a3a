"""OPC UA nodes of ISA-95 Job Control (OPC 10031-4) and of a machine's job management (OPC 40001-3), built in Python.

Numbers of types, fields and methods' arguments are those of the companion specifications, so that a client that knows
them needs nothing else. Only what an instance uses is built: types, the receiver's states, no texts.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from asyncua import Node, Server, ua
from asyncua.common.manage_nodes import create_data_type, create_encoding

from drivers.isa95_types import NAMESPACE, STRUCTURES, TRANSITIONS, JobState, JobVerb, definition, structures

__all__ = ["JobNodes", "build"]

MACHINERY_JOBS = "http://opcfoundation.org/UA/Machinery/Jobs/"

_RECEIVER_TYPE, _PROVIDER_TYPE, _EVENT_TYPE, _MANAGEMENT_TYPE = 1002, 1003, 1006, 1003
_FIRST_TRANSITIONS = 11
_BY_ORDER = (JobVerb.STORE, JobVerb.STORE_AND_START, JobVerb.UPDATE)

Method = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True)
class JobNodes:
    """What the behaviour needs of the nodes: the namespace's index, two lists, and where events come from."""

    index: int
    job_order_list: Node
    response_list: Node
    events: tuple[Any, ...]


async def build(
    server: Server,
    root: Node,
    capacity: int,
    call: Callable[[JobVerb], Method],
    by_id: Method,
    by_state: Method,
) -> JobNodes:
    """Build types and instance below a machine's root object.

    Parameters
    ----------
    server : Server
        It does not listen yet.
    root : Node
        The machine's object; its node ID is a string.
    capacity : int
        MaxDownloadableJobOrders.
    call : Callable
        Gives the implementation of a receiver's method.
    by_id, by_state : Callable
        RequestJobResponseByJobOrderID and …ByJobOrderState.
    """
    index = await server.register_namespace(NAMESPACE)
    jobs_index = await server.register_namespace(MACHINERY_JOBS)
    structures(index)
    await _data_types(server, index)
    receiver_type, provider_type, event_type = await _object_types(server, index)
    management_type = await server.nodes.base_object_type.add_object_type(
        _numeric(_MANAGEMENT_TYPE, jobs_index), ua.QualifiedName("JobManagementType", jobs_index)
    )

    async def below(parent: Node, name: str, namespace: int, kind: Node) -> Node:
        node = ua.NodeId(ua.String(f"{parent.nodeid.Identifier}.{name}"), parent.nodeid.NamespaceIndex)
        return await parent.add_object(node, ua.QualifiedName(name, namespace), kind.nodeid, instantiate_optional=False)

    management = await below(root, "JobManagement", jobs_index, management_type)
    receiver = await below(management, "JobOrderControl", jobs_index, receiver_type)
    results = await below(management, "JobOrderResults", jobs_index, provider_type)

    async def variable(parent: Node, name: str, data_type: ua.NodeId, value: ua.Variant) -> Node:
        node = ua.NodeId(ua.String(f"{parent.nodeid.Identifier}.{name}"), parent.nodeid.NamespaceIndex)
        return await parent.add_variable(node, ua.QualifiedName(name, index), value, datatype=data_type)

    async def method(parent: Node, name: str, work: Method, takes: list[Any], gives: list[Any]) -> None:
        node = ua.NodeId(ua.String(f"{parent.nodeid.Identifier}.{name}"), parent.nodeid.NamespaceIndex)
        await parent.add_method(node, ua.QualifiedName(name, index), work, takes, gives)

    nothing = ua.Variant([], ua.VariantType.ExtensionObject, is_array=True)
    order_list = await variable(receiver, "JobOrderList", _numeric(3015, index), nothing)
    await variable(
        receiver,
        "MaxDownloadableJobOrders",
        _numeric(ua.ObjectIds.UInt16),
        ua.Variant(capacity, ua.VariantType.UInt16),
    )
    response_list = await variable(results, "JobOrderResponseList", _numeric(3013, index), nothing)

    status = _argument("ReturnStatus", _numeric(ua.ObjectIds.UInt64))
    comment = _argument("Comment", _numeric(ua.ObjectIds.LocalizedText), array=True)
    order = _argument("JobOrder", _numeric(3008, index))
    order_id = _argument("JobOrderID", _numeric(ua.ObjectIds.String))
    for verb in JobVerb:
        await method(receiver, verb.value, call(verb), [order if verb in _BY_ORDER else order_id, comment], [status])
    response = _argument("JobResponse", _numeric(3013, index))
    responses = _argument("JobResponses", _numeric(3013, index), array=True)
    wanted = _argument("JobOrderState", _numeric(3006, index), array=True)
    await method(results, "RequestJobResponseByJobOrderID", by_id, [order_id], [response, status])
    await method(results, "RequestJobResponseByJobOrderState", by_state, [wanted], [responses, status])
    events = [await server.get_event_generator(event_type, source.nodeid) for source in (results, server.nodes.server)]
    for generator in events:
        generator.event.SourceNode, generator.event.SourceName = results.nodeid, "JobOrderResults"
    return JobNodes(index, order_list, response_list, tuple(events))


def _numeric(number: int, index: int = 0) -> ua.NodeId:
    return ua.NodeId(ua.Int32(number), ua.Int16(index))


def _argument(name: str, data_type: ua.NodeId, *, array: bool = False) -> ua.Argument:
    rank = ua.ValueRank.OneDimension if array else ua.ValueRank.Scalar
    return ua.Argument(
        Name=name, DataType=data_type, ValueRank=ua.Int32(rank), ArrayDimensions=[ua.UInt32(0)] if array else []
    )


async def _data_types(server: Server, index: int) -> None:
    for name, (number, encoding, _) in STRUCTURES.items():
        node = await create_data_type(
            server.nodes.base_structure_type, _numeric(number, index), ua.QualifiedName(name, index)
        )
        await create_encoding(node, _numeric(encoding, index), ua.QualifiedName("Default Binary", 0))
        await node.write_data_type_definition(definition(name, index))


async def _object_types(server: Server, index: int) -> tuple[Node, Node, Node]:
    machine_type = server.get_node(ua.ObjectIds.FiniteStateMachineType)
    receiver = await machine_type.add_object_type(
        _numeric(_RECEIVER_TYPE, index), ua.QualifiedName("ISA95JobOrderReceiverObjectType", index)
    )
    for state in JobState:
        node = await _typed(receiver, _state(state, index), _camel(state.name), ua.ObjectIds.StateType)
        await _number(node, 6070 + state, "StateNumber", state)
    for (before, after), number in TRANSITIONS.items():
        name = f"From{_camel(before.name)}To{_camel(after.name)}"
        later = number > _FIRST_TRANSITIONS  # added to the specification later, with numbers of their own
        node = await _typed(
            receiver, _numeric(number + (5072 if later else 5040), index), name, ua.ObjectIds.TransitionType
        )
        await _number(node, number + (5997 if later else 6076), "TransitionNumber", number)
        await node.add_reference(_state(before, index), ua.ObjectIds.FromState)
        await node.add_reference(_state(after, index), ua.ObjectIds.ToState)
    provider = await server.nodes.base_object_type.add_object_type(
        _numeric(_PROVIDER_TYPE, index), ua.QualifiedName("ISA95JobResponseProviderObjectType", index)
    )
    event = await server.nodes.base_event_type.add_object_type(
        _numeric(_EVENT_TYPE, index), ua.QualifiedName("ISA95JobOrderStatusEventType", index)
    )
    for name, number, data_type in (("JobOrder", 6047, 3008), ("JobState", 6048, 3006), ("JobResponse", 6049, 3013)):
        await event.add_property(
            _numeric(number, index),
            ua.QualifiedName(name, index),
            ua.Variant(None, ua.VariantType.ExtensionObject),
            datatype=_numeric(data_type, index),
        )
    return receiver, provider, event


async def _typed(parent: Node, nodeid: ua.NodeId, name: str, kind: int) -> Node:
    """Add an object of a standard type without its optional children, which asyncua would number itself."""
    item = ua.AddNodesItem(
        ParentNodeId=parent.nodeid,
        ReferenceTypeId=_numeric(ua.ObjectIds.HasComponent),
        RequestedNewNodeId=nodeid,
        BrowseName=ua.QualifiedName(name, nodeid.NamespaceIndex),
        NodeClass=ua.NodeClass.Object,
        NodeAttributes=ua.ObjectAttributes(DisplayName=ua.LocalizedText(name)),
        TypeDefinition=_numeric(kind),
    )
    (result,) = await parent.session.add_nodes([item])
    result.StatusCode.check()
    return Node(parent.session, nodeid)


async def _number(node: Node, nodeid: int, name: str, value: int) -> None:
    where = _numeric(nodeid, node.nodeid.NamespaceIndex)
    await node.add_property(where, ua.QualifiedName(name, 0), ua.Variant(int(value), ua.VariantType.UInt32))


def _state(state: JobState, index: int) -> ua.NodeId:
    return _numeric(5034 + state, index)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
