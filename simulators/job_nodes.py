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
from simulators.nodes import camel, number, numeric, state_machine_type, typed, under

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
        numeric(_MANAGEMENT_TYPE, jobs_index), ua.QualifiedName("JobManagementType", jobs_index)
    )

    async def below(parent: Node, name: str, namespace: int, kind: Node) -> Node:
        return await typed(parent, under(parent, name), ua.QualifiedName(name, namespace), kind.nodeid)

    management = await below(root, "JobManagement", jobs_index, management_type)
    receiver = await below(management, "JobOrderControl", jobs_index, receiver_type)
    results = await below(management, "JobOrderResults", jobs_index, provider_type)

    async def variable(parent: Node, name: str, data_type: ua.NodeId, value: ua.Variant) -> Node:
        return await parent.add_variable(under(parent, name), ua.QualifiedName(name, index), value, datatype=data_type)

    async def method(parent: Node, name: str, work: Method, takes: list[Any], gives: list[Any]) -> None:
        await parent.add_method(under(parent, name), ua.QualifiedName(name, index), work, takes, gives)

    nothing = ua.Variant([], ua.VariantType.ExtensionObject, is_array=True)
    order_list = await variable(receiver, "JobOrderList", numeric(3015, index), nothing)
    await variable(
        receiver,
        "MaxDownloadableJobOrders",
        numeric(ua.ObjectIds.UInt16),
        ua.Variant(capacity, ua.VariantType.UInt16),
    )
    response_list = await variable(results, "JobOrderResponseList", numeric(3013, index), nothing)

    status = _argument("ReturnStatus", numeric(ua.ObjectIds.UInt64))
    comment = _argument("Comment", numeric(ua.ObjectIds.LocalizedText), array=True)
    order = _argument("JobOrder", numeric(3008, index))
    order_id = _argument("JobOrderID", numeric(ua.ObjectIds.String))
    for verb in JobVerb:
        await method(receiver, verb.value, call(verb), [order if verb in _BY_ORDER else order_id, comment], [status])
    response = _argument("JobResponse", numeric(3013, index))
    responses = _argument("JobResponses", numeric(3013, index), array=True)
    wanted = _argument("JobOrderState", numeric(3006, index), array=True)
    await method(results, "RequestJobResponseByJobOrderID", by_id, [order_id], [response, status])
    await method(results, "RequestJobResponseByJobOrderState", by_state, [wanted], [responses, status])
    events = [await server.get_event_generator(event_type, source.nodeid) for source in (results, server.nodes.server)]
    for generator in events:
        generator.event.SourceNode, generator.event.SourceName = results.nodeid, "JobOrderResults"
    return JobNodes(index, order_list, response_list, tuple(events))


def _argument(name: str, data_type: ua.NodeId, *, array: bool = False) -> ua.Argument:
    rank = ua.ValueRank.OneDimension if array else ua.ValueRank.Scalar
    return ua.Argument(
        Name=name, DataType=data_type, ValueRank=ua.Int32(rank), ArrayDimensions=[ua.UInt32(0)] if array else []
    )


async def _data_types(server: Server, index: int) -> None:
    for name, (identifier, encoding, _) in STRUCTURES.items():
        node = await create_data_type(
            server.nodes.base_structure_type, numeric(identifier, index), ua.QualifiedName(name, index)
        )
        await create_encoding(node, numeric(encoding, index), ua.QualifiedName("Default Binary", 0))
        await node.write_data_type_definition(definition(name, index))


async def _object_types(server: Server, index: int) -> tuple[Node, Node, Node]:
    receiver = await state_machine_type(
        server.get_node(ua.ObjectIds.FiniteStateMachineType),
        numeric(_RECEIVER_TYPE, index),
        "ISA95JobOrderReceiverObjectType",
        {state: (5034 + state, 6070 + state) for state in JobState},
    )
    for (before, after), order in TRANSITIONS.items():
        name = ua.QualifiedName(f"From{camel(before.name)}To{camel(after.name)}", index)
        later = order > _FIRST_TRANSITIONS  # added to the specification later, with numbers of their own
        where = numeric(order + (5072 if later else 5040), index)
        node = await typed(receiver, where, name, numeric(ua.ObjectIds.TransitionType))
        await number(node, numeric(order + (5997 if later else 6076), index), "TransitionNumber", order)
        await node.add_reference(numeric(5034 + before, index), ua.ObjectIds.FromState)
        await node.add_reference(numeric(5034 + after, index), ua.ObjectIds.ToState)
    provider = await server.nodes.base_object_type.add_object_type(
        numeric(_PROVIDER_TYPE, index), ua.QualifiedName("ISA95JobResponseProviderObjectType", index)
    )
    event = await server.nodes.base_event_type.add_object_type(
        numeric(_EVENT_TYPE, index), ua.QualifiedName("ISA95JobOrderStatusEventType", index)
    )
    for name, identifier, data_type in (
        ("JobOrder", 6047, 3008),
        ("JobState", 6048, 3006),
        ("JobResponse", 6049, 3013),
    ):
        await event.add_property(
            numeric(identifier, index),
            ua.QualifiedName(name, index),
            ua.Variant(None, ua.VariantType.ExtensionObject),
            datatype=numeric(data_type, index),
        )
    return receiver, provider, event
