"""Hand a job over and run it by the methods of ISA-95 Job Control (OPC 10031-4), beside a machine's tags.

``JobConnection`` is a connection like any other: the profile's job tags are read from JobOrderList and written by
Store and Update, and commands that concern the job are its methods. Everything else goes to the tags.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, NoReturn

from asyncua import Client, ua

from drivers.connection import Connection, Requests, Take, poll, reading
from drivers.errors import CommandRefused, LinkLost, WriteRefused
from drivers.isa95_types import NAMESPACE, JobState, JobVerb, ReturnStatus, structures
from drivers.job_orders import JobOrder, Step, at_hand, hand_over, shown, told_status, verb_of
from drivers.machinery import Identification
from drivers.opcua import VARIANTS
from drivers.opcua_errors import lost
from drivers.packml import State, Verb
from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading

__all__ = ["JobConnection", "attach"]

_BY_ORDER = (JobVerb.STORE, JobVerb.UPDATE)
_NEEDED = {"JobOrderList", *JobVerb} - {JobVerb.STORE_AND_START, JobVerb.REVOKE_START}
ORDERS_PERIOD_S = 0.25  # a list of structures costs more than a value; hand-overs read it themselves
DEFAULT_CAPACITY = 1  # of a receiver that does not say how many orders it keeps


class JobConnection:
    """A connection whose job tags are a job order; see :class:`drivers.connection.Connection`.

    Parameters
    ----------
    tags : Connection
        To everything that is no job.
    client : Client
        The session behind it.
    profile : Profile
        Its job tags name the parameters.
    receiver : NodeId
        The object with the methods.
    nodes : mapping
        Its methods and variables by name.
    index : int
        Index of the companion specification's namespace on this server.
    """

    def __init__(
        self,
        tags: Connection,
        client: Client,
        profile: Profile,
        receiver: ua.NodeId,
        nodes: Mapping[str, ua.NodeId],
        index: int,
    ) -> None:
        self._tags, self._client, self._profile = tags, client, profile
        self._receiver, self._nodes = receiver, nodes
        self._requests = Requests()
        self._types = structures(index)
        self._job_tags = {str(tag.node): tag for tag in profile.job_tags}
        self._job_names = {tag.name for tag in profile.job_tags}

    async def read(self, names: Collection[str]) -> Mapping[str, Reading]:
        """Read tags; those of the job from the order at hand."""
        job = [name for name in names if name in self._job_names]
        if not job:
            return await self._tags.read(names)
        others = [name for name in names if name not in self._job_names]
        found, orders = await asyncio.gather(self._tags.read(others), self.orders())
        values = shown(self._profile, at_hand(orders))
        return {**found, **{name: _usable(self._profile, name, values[name]) for name in job}}

    @property
    def skew_s(self) -> float | None:
        """How far the machine's clock is ahead of ours, seconds."""
        return self._tags.skew_s

    async def watch(self, names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
        """Follow tags; those of the job by asking for the orders, which changes with every hand-over and state."""
        job = tuple(name for name in names if name in self._job_names)
        others = tuple(name for name in names if name not in self._job_names)
        following = [self._tags.watch(others, period_s, take)] if others else []
        if job:
            following.append(poll(self, job, max(period_s, ORDERS_PERIOD_S), take))
        lost: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as group:
                for each in following:
                    group.create_task(each)
        except* LinkLost as errors:
            lost.extend(errors.exceptions)
        raise lost[0]

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write tags, then hand over the job, if there is one among them."""
        others = {name: value for name, value in values.items() if name not in self._job_names}
        job = {name: value for name, value in values.items() if name in self._job_names}
        if others:
            await self._tags.write(others)
        if job:
            for step in hand_over(self._profile, await self.orders(), job, await self._capacity()):
                if refused := await self._call(step):
                    raise WriteRefused(refused)

    async def act(self, verb: Verb) -> bool:
        """Give a command by the job's method, if it is one; False: it is to be given by the tags."""
        found, orders = await asyncio.gather(self._tags.read(["state"]), self.orders())
        number = found["state"].value
        step = verb_of(verb, orders, State(number) if number in list(State) else None)
        if isinstance(step, bool):
            return step
        if refused := await self._call(step):
            raise CommandRefused(refused)
        return True

    async def identify(self) -> Identification | None:
        """Ask the machine who it is."""
        return await self._tags.identify()

    async def close(self, *, lost: bool) -> None:
        """End the session."""
        if not lost:
            await self._requests.ended()
        await self._tags.close(lost=lost)
        await self._requests.ended()

    async def orders(self) -> tuple[JobOrder, ...]:
        """Read the machine's job orders."""
        data = await self._read("JobOrderList")
        pairs = data.Value.Value if data.Value is not None else None
        kind = self._types["ISA95JobOrderAndStateDataType"]
        return tuple(order for pair in pairs or [] if isinstance(pair, kind) and (order := _order(pair)))

    async def _capacity(self) -> int:
        if "MaxDownloadableJobOrders" not in self._nodes:
            return DEFAULT_CAPACITY
        data = await self._read("MaxDownloadableJobOrders")
        return (data.Value.Value if data.Value is not None else None) or DEFAULT_CAPACITY

    async def _read(self, name: str) -> ua.DataValue:
        try:
            read = self._client.uaclient.read_attributes([self._nodes[name]], ua.AttributeIds.Value)
            (data,) = await self._requests.run(read)
        except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
            raise LinkLost(f"{name}: {lost(error)}") from error
        return data

    async def _call(self, step: Step) -> str:
        """Call a method; why it was refused, or nothing."""
        argument: Any = step.order.id
        if step.verb in _BY_ORDER:
            argument = self._types["ISA95JobOrderDataType"](
                JobOrderID=step.order.id,
                JobOrderParameters=[self._parameter(name, value) for name, value in step.order.parameters.items()],
            )
        no_comment = ua.Variant([], ua.VariantType.LocalizedText, is_array=True)
        request = ua.CallMethodRequest(self._receiver, self._nodes[step.verb], [ua.Variant(argument), no_comment])
        try:
            (result,) = await self._requests.run(self._client.uaclient.call([request]))
        except Exception as error:  # as in a read
            raise LinkLost(f"{step.verb}: {lost(error)}") from error
        status = result.OutputArguments[0].Value if result.OutputArguments else None
        if status == ReturnStatus.NO_ERROR and result.StatusCode.is_good():
            return ""
        why = told_status(status) if isinstance(status, int) else result.StatusCode.name
        return f"{step.verb} of job order {step.order.id}: {why}{await self._message()}"

    async def _message(self) -> str:
        if "message" not in self._profile.tags:
            return ""
        message = (await self._tags.read(["message"]))["message"].value
        return f": {message}" if message else ""

    def _parameter(self, name: str, value: TagValue) -> Any:
        variant = ua.Variant(value, VARIANTS[self._job_tags[name].type])
        return self._types["ISA95ParameterDataType"](ID=name, Value=variant)


async def attach(tags: Connection, client: Client, profile: Profile, root_index: int) -> JobConnection:
    """Find the receiver the profile names on a connected server; LinkLost says what is missing there."""
    assert profile.opcua is not None
    namespaces = await client.get_namespace_array()
    if NAMESPACE not in namespaces:
        raise LinkLost(f"the server has no namespace {NAMESPACE!r}; the profile says job.handover: isa95")
    index = namespaces.index(NAMESPACE)
    receiver = ua.NodeId(ua.String(f"{profile.opcua.root}.{profile.job.node}"), ua.Int16(root_index))
    references = await client.get_node(receiver).get_children_descriptions()
    nodes = {
        str(reference.BrowseName.Name): ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex)
        for reference in references
        if reference.BrowseName.NamespaceIndex == index
    }
    if missing := sorted(_NEEDED - set(nodes)):
        raise LinkLost(f"the object {receiver.Identifier} (job.node) has no {', '.join(missing)}")
    return JobConnection(tags, client, profile, receiver, nodes, index)


def _order(pair: Any) -> JobOrder | None:
    """Job order from its structure; None if its state is none of the standard's."""
    numbers = [int(state.StateNumber) for state in pair.State or []]
    if not numbers or numbers[0] not in list(JobState):
        return None
    parameters = {}
    for parameter in pair.JobOrder.JobOrderParameters or []:
        value = parameter.Value.Value if isinstance(parameter.Value, ua.Variant) else parameter.Value
        if isinstance(value, (bool, int, float, str)):
            parameters[str(parameter.ID)] = value
    return JobOrder(str(pair.JobOrder.JobOrderID), parameters, JobState(numbers[0]), sum(numbers[1:2]))


def _usable(profile: Profile, name: str, value: TagValue | None) -> Reading:
    try:
        raw = None if value is None else profile.tags[name].to_raw(value)
    except ValueError:
        raw = None
    return Reading(None, Quality.BAD) if raw is None else reading(profile.tags[name], raw)
