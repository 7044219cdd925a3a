"""Job orders at the press: the methods of ISA-95 Job Control, and what the press does about the orders by itself.

It stands beside the machine's tags and uses the machine as its panel would: by a command and its token. An order that
is allowed to start is reset and started as soon as the machine is ready for it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from asyncua import Node, Server, ua

from drivers.isa95_types import JobState, JobVerb, ReturnStatus
from drivers.profile import Profile
from simulators.job_messages import JobMessages
from simulators.job_nodes import JobNodes, Method, build
from simulators.job_orders import Answer, Change, Entry, JobOrder, at_hand, follow, needs, reached, take
from simulators.job_orders import ticket_of as number_of
from simulators.nodes import camel
from simulators.packml import State, Verb
from simulators.plc import Order
from simulators.retained import Memory

__all__ = ["JobControl"]

CAPACITY = 8
ACCEPTED = 1
MACHINE_S = 1.5  # a client's call waits for the machine at most so long


class JobControl:
    """The press's job orders.

    Parameters
    ----------
    profile : Profile
        Its job tags are the parameters of an order, by the names of their nodes.
    memory : Memory
        Where orders are kept over a power cut.
    refusal : Callable
        What is wrong with an order on the face of it, from the machine.
    """

    def __init__(self, profile: Profile, memory: Memory, refusal: Callable[[Order], str | None]) -> None:
        self._tags = {str(tag.node): tag for tag in profile.job_tags if tag.name != "ticket"}
        done = [tag for tag in profile.tags.values() if tag.access == "r" and tag.group == "job"]
        self._results = {str(tag.node): tag for tag in done if tag.type != "string" and tag.name != "active_ticket"}
        self._memory, self._refusal = memory, refusal
        self._entries = tuple(_recalled(item) for item in (memory.load() or {"entries": []})["entries"])
        self._reason = ""
        self._said: tuple[str, int] = ("", 0)  # message and token of the machine when the reason was given
        self._tried: tuple[int, str] = (0, "")  # token and order of the last command the press gave itself
        self._values: Mapping[str, Any] = {}
        self._news = asyncio.Event()
        self._giving, self._showing = asyncio.Lock(), asyncio.Lock()

    async def build(self, server: Server, root: Node, inputs: dict[str, Any]) -> None:
        """Build the nodes; ``inputs`` are the machine's writable tags."""
        self._server, self._inputs = server, inputs
        self._nodes: JobNodes = await build(server, root, CAPACITY, self._method, self._by_id, self._by_state)
        self._messages = JobMessages(self._nodes.index, self._tags, self._results)
        self._load_next()
        await self._show()

    def told(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Values to publish, with the reason of a method's last refusal until the machine says something newer."""
        if self._said != (values["message"], values["command_ack"]):
            self._refuse("", values)
        return {**values, "message": self._reason} if self._reason else values

    def _refuse(self, reason: str, values: Mapping[str, Any]) -> None:
        self._reason, self._said = reason, (values["message"], values["command_ack"])

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Follow the machine, whose values are these, and let it go on by itself where it may."""
        self._values = values
        self._news.set()
        self._news = asyncio.Event()
        results = {name: values[tag.name] for name, tag in self._results.items()}
        await self._commit(follow(self._entries, State(values["state"]), values["active_ticket"], results))
        await self._go_on()

    async def _go_on(self) -> None:
        """Reset and start what is allowed to start; take the permission back from an order the machine refused."""
        entry, state = at_hand(self._entries), State(self._values["state"])
        if entry is None or entry.state is not JobState.ALLOWED_TO_START or self._pending():
            return
        token, order_id = self._tried
        answered = order_id == entry.order.id and self._values["command_ack"] == token
        if answered and self._values["command_result"] != ACCEPTED:
            self._tried = (0, "")
            self._refuse(self._values["message"] or "the machine is under local control", self._values)
            await self._commit(take(self._entries, JobVerb.REVOKE_START, entry.order.id, CAPACITY))
        elif state in (State.STOPPED, State.COMPLETE):
            self._tried = self._issue(Verb.RESET), entry.order.id
        elif state is State.IDLE and self._values["active_ticket"] == number_of(entry.order.id):
            self._tried = self._issue(Verb.START), entry.order.id

    def _pending(self) -> bool:
        return self._inputs["command_token"] != self._values["command_ack"]

    def _issue(self, verb: Verb) -> int:
        token = self._inputs["command_token"] % 0xFFFF + 1
        self._inputs.update(command=int(verb), command_token=token)
        return token

    async def _give(self, verb: Verb) -> str:
        """Give the machine a command as its panel would; why it was not taken, or nothing."""
        try:
            async with asyncio.timeout(MACHINE_S), self._giving:
                while self._pending():
                    await self._news.wait()
                token = self._issue(verb)
                while self._values["command_ack"] != token:
                    await self._news.wait()
        except TimeoutError:
            return "the machine does not answer"
        if self._values["command_result"] == ACCEPTED:
            return ""
        return f"the machine does not take {verb.name.lower()} while {State(self._values['state']).name.lower()}"

    def _method(self, verb: JobVerb) -> Method:
        async def call(_parent: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodResult:
            if len(arguments) != 2:
                return _bad(ua.StatusCodes.BadArgumentsMissing)
            try:
                order = self._messages.understood(arguments[0].Value)
            except TypeError:
                return _bad(ua.StatusCodes.BadInvalidArgument)
            except ValueError as error:
                answer = Answer(self._entries, ReturnStatus.INVALID_REQUEST, str(error))
            else:
                answer = await self._taken(verb, order)
            if not self._values:
                await self._news.wait()
            self._refuse(answer.reason, self._values)
            if answer.reason:
                await self._news.wait()  # so that the reason can be read when the answer is there
            return _answer(answer.status)

        return call

    async def _taken(self, verb: JobVerb, order: JobOrder | str) -> Answer:
        if not self._values:
            await self._news.wait()
        answer = take(self._entries, verb, order, CAPACITY)
        if answer.status is not ReturnStatus.NO_ERROR:
            return answer
        if isinstance(order, JobOrder):
            if answer.changes and (reason := self._refusal(self._order(order))):
                return Answer(self._entries, ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER, reason)
            return await self._commit(answer)
        now, active = State(self._values["state"]), self._values["active_ticket"]
        command = needs(self._entries, verb, order, now, active)
        if command is not None:
            if reason := await self._give(command):
                return Answer(self._entries, ReturnStatus.INVALID_JOB_ORDER_STATUS, reason)
            if reached(self._entries, verb, order):
                return Answer(self._entries)
        return await self._commit(take(self._entries, verb, order, CAPACITY))

    def _job(self, order: JobOrder) -> dict[str, Any]:
        """The machine's job tags for an order; a raster by URI is one by path."""
        job = {tag.name: "" if tag.type == "string" else 0 for tag in self._tags.values()}
        job |= {self._tags[name].name: value for name, value in order.parameters.items()}
        if str(path := job.get("raster_path", "")).startswith("file:"):
            job["raster_path"] = url2pathname(urlsplit(str(path)).path)
        return {**job, "ticket": number_of(order.id)}

    def _order(self, order: JobOrder) -> Order:
        job = self._job(order)
        return Order(**{field.name: job[field.name] for field in fields(Order) if field.name in job})

    async def _commit(self, answer: Answer) -> Answer:
        before, self._entries = self._entries, tuple(_stamped(entry, answer.changes) for entry in answer.entries)
        if list(map(_seen, before)) != list(map(_seen, self._entries)):
            self._store()
            self._load_next()
            await self._show()
        for change in answer.changes:
            await self._tell(change)
        return answer

    def _store(self) -> None:
        self._memory.store({"entries": [asdict(entry) for entry in self._entries]})

    def _load_next(self) -> None:
        """Lay the order that Reset would load into the machine's job tags."""
        entry = at_hand(self._entries)
        if entry is not None:
            self._inputs.update(self._job(entry.order))
        elif any(self._inputs["ticket"] == number_of(over.order.id) for over in self._entries):
            self._inputs["ticket"] = 0

    async def _show(self) -> None:
        async with self._showing:
            orders = [self._messages.order_and_state(entry) for entry in self._entries]
            responses = [self._messages.response(entry) for entry in self._entries]
            for node, values in ((self._nodes.job_order_list, orders), (self._nodes.response_list, responses)):
                variant = ua.Variant(values, ua.VariantType.ExtensionObject, is_array=True)
                now = ua.DateTime.now(UTC)
                data = ua.DataValue(variant, SourceTimestamp=now, ServerTimestamp=now)
                await self._server.write_attribute_value(node.nodeid, data)

    async def _tell(self, change: Change) -> None:
        for generator in self._nodes.events:
            generator.event.JobOrder = self._messages.order(change.entry.order)
            generator.event.JobState = self._messages.state(change.entry)
            generator.event.JobResponse = self._messages.response(change.entry)
            generator.event.Severity = 100
            await generator.trigger(message=f"{change.entry.order.id}: {camel(change.entry.state.name)}")

    async def _by_id(self, _parent: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodResult:
        if len(arguments) != 1:
            return _bad(ua.StatusCodes.BadArgumentsMissing)
        entry = next((entry for entry in self._entries if entry.order.id == arguments[0].Value), None)
        status = ReturnStatus.UNKNOWN_JOB_ORDER_ID if entry is None else ReturnStatus.NO_ERROR
        return _answer(status, ua.Variant(self._messages.response(entry)))

    async def _by_state(self, _parent: ua.NodeId, *arguments: ua.Variant) -> ua.CallMethodResult:
        if len(arguments) != 1 or not arguments[0].Value:
            return _bad(ua.StatusCodes.BadArgumentsMissing)
        number = getattr(arguments[0].Value[0], "StateNumber", None)
        found = [self._messages.response(entry) for entry in self._entries if entry.state == number]
        return _answer(ReturnStatus.NO_ERROR, ua.Variant(found, ua.VariantType.ExtensionObject, is_array=True))


def _recalled(item: Mapping[str, Any]) -> Entry:
    results = tuple((name, value) for name, value in item["results"])
    kept = {name: item[name] for name in ("sub", "started_at", "ended_at")}
    return Entry(JobOrder(**item["order"]), JobState(item["state"]), results=results, **kept)


def _stamped(entry: Entry, changes: Sequence[Change]) -> Entry:
    """Note when an order began and when it was over."""
    entered = {change.entry.state for change in changes if change.entry.order.id == entry.order.id}
    now = datetime.now(UTC).isoformat()
    if JobState.RUNNING in entered and not entry.started_at:
        entry = replace(entry, started_at=now)
    return replace(entry, ended_at=now) if entered & {JobState.ENDED, JobState.ABORTED} else entry


def _seen(entry: Entry) -> Entry:
    """What a change is told of; results grow all the time."""
    return replace(entry, results=())


def _bad(code: int) -> ua.CallMethodResult:
    return ua.CallMethodResult(StatusCode=ua.StatusCode(ua.UInt32(code)))


def _answer(status: ReturnStatus, *values: ua.Variant) -> ua.CallMethodResult:
    """ReturnStatus after the values; a refusal is uncertain, not bad, so that ReturnStatus arrives (B.2)."""
    code = ua.StatusCodes.Good if status is ReturnStatus.NO_ERROR else ua.StatusCodes.Uncertain
    outputs = [*values, ua.Variant(int(status), ua.VariantType.UInt64)]
    return ua.CallMethodResult(StatusCode=ua.StatusCode(ua.UInt32(code)), OutputArguments=outputs)
