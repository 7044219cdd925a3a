"""OPC UA nodes with numbers and types of our choice; asyncua's own ways number children by themselves."""

from collections.abc import Mapping
from enum import IntEnum

from asyncua import Node, ua

__all__ = ["camel", "number", "numeric", "state_machine_type", "typed", "under"]


def numeric(identifier: int, index: int = 0) -> ua.NodeId:
    """Numeric node ID."""
    return ua.NodeId(ua.Int32(identifier), ua.Int16(index))


def under(parent: Node, name: str) -> ua.NodeId:
    """String node ID of something below a node with a string node ID: ``parent.name``."""
    return ua.NodeId(ua.String(f"{parent.nodeid.Identifier}.{name}"), ua.Int16(parent.nodeid.NamespaceIndex))


async def typed(
    parent: Node, nodeid: ua.NodeId, name: ua.QualifiedName, kind: ua.NodeId, reference: int = ua.ObjectIds.HasComponent
) -> Node:
    """Add an object of a type without the type's children."""
    item = ua.AddNodesItem(
        ParentNodeId=parent.nodeid,
        ReferenceTypeId=numeric(reference),
        RequestedNewNodeId=nodeid,
        BrowseName=name,
        NodeClass=ua.NodeClass.Object,
        NodeAttributes=ua.ObjectAttributes(DisplayName=ua.LocalizedText(name.Name)),
        TypeDefinition=kind,
    )
    (result,) = await parent.session.add_nodes([item])
    result.StatusCode.check()
    return Node(parent.session, nodeid)


async def number(node: Node, nodeid: ua.NodeId, name: str, value: int) -> Node:
    """Add a property of the standard with a number."""
    return await node.add_property(nodeid, ua.QualifiedName(name, 0), ua.Variant(int(value), ua.VariantType.UInt32))


async def state_machine_type(
    parent: Node, nodeid: ua.NodeId, name: str, states: Mapping[IntEnum, tuple[int, int]]
) -> Node:
    """Add a type of state machine with its states: number of the state's object and of its StateNumber."""
    index = nodeid.NamespaceIndex
    kind = await parent.add_object_type(nodeid, ua.QualifiedName(name, index))
    for state, (identifier, state_number) in states.items():
        label = ua.QualifiedName(camel(state.name), index)
        node = await typed(kind, numeric(identifier, index), label, numeric(ua.ObjectIds.StateType))
        await number(node, numeric(state_number, index), "StateNumber", state)
    return kind


def camel(name: str) -> str:
    """``NOT_EXECUTING`` as the companion specifications write it: ``NotExecuting``."""
    return "".join(part.title() for part in name.split("_"))
