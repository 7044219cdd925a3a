"""Job orders at the press over a real socket, without our own drivers: by the standard's types and methods alone."""

import asyncio

import pytest
from asyncua import ua

from drivers.isa95_types import NAMESPACE, JobState, ReturnStatus, structures
from simulators.packml import State, Verb

ACCEPTED, UNABLE = ReturnStatus.NO_ERROR, ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER
INVALID, UNKNOWN = ReturnStatus.INVALID_JOB_ORDER_STATUS, ReturnStatus.UNKNOWN_JOB_ORDER_ID


class Receiver:
    """A client of the receiver and of the results."""

    def __init__(self, tags):
        self.tags, self.client = tags, tags.client

    async def open(self):
        self.index = await self.client.get_namespace_index(NAMESPACE)
        self.types = structures(self.index)
        opcua = self.tags.profile.opcua
        root = f"ns={await self.client.get_namespace_index(opcua.namespace)};s={opcua.root}.JobManagement"
        self.control = self.client.get_node(f"{root}.JobOrderControl")
        self.results = self.client.get_node(f"{root}.JobOrderResults")
        return self

    def order(self, order_id, **parameters):
        make = self.types["ISA95ParameterDataType"]
        types = {int: ua.VariantType.UInt32, str: ua.VariantType.String, float: ua.VariantType.Float}
        given = [make(ID=name, Value=ua.Variant(value, types[type(value)])) for name, value in parameters.items()]
        return self.types["ISA95JobOrderDataType"](JobOrderID=order_id, JobOrderParameters=given)

    async def call(self, verb, argument):
        method = await self.control.get_child(f"{self.index}:{verb}")
        comment = ua.Variant([], ua.VariantType.LocalizedText, is_array=True)
        request = ua.CallMethodRequest(self.control.nodeid, method.nodeid, [ua.Variant(argument), comment])
        (result,) = await self.client.uaclient.call([request])
        (status,) = result.OutputArguments
        assert result.StatusCode.is_good() == (status.Value == ACCEPTED)
        return ReturnStatus(status.Value)

    async def list(self):
        node = await self.control.get_child(f"{self.index}:JobOrderList")
        return {pair.JobOrder.JobOrderID: pair.State[0].StateNumber for pair in await node.read_value()}

    async def state(self, order_id, wanted):
        async with asyncio.timeout(30):
            while (await self.list()).get(order_id) != wanted:
                await self.tags.all()
        return await self.response(order_id)

    async def response(self, order_id):
        method = await self.results.get_child(f"{self.index}:RequestJobResponseByJobOrderID")
        response, status = await self.results.call_method(method, order_id)
        assert status == ACCEPTED
        return response


def job(receiver, order_id, raster, rows, **more):
    parameters = {"RasterPath": str(raster.path), "RasterSha256": raster.sha256, "TotalRows": rows, "StartRow": 0}
    return receiver.order(order_id, **parameters | more)


def test_store_and_start_alone_prints_the_job(machine, raster):
    async def scenario():
        seen = []

        class Told:
            def event_notification(self, event):
                seen.append((event.JobOrder.JobOrderID, event.JobState[0].StateNumber))

        async with machine("press") as (_, press):
            receiver = await Receiver(press).open()
            subscription = await press.client.create_subscription(50, Told())
            kind = press.client.get_node(ua.NodeId(1006, receiver.index))
            await subscription.subscribe_events(receiver.results, kind)
            order = job(receiver, "winter-12", raster, 9000, RasterPath=raster.path.as_uri())
            assert await receiver.call("StoreAndStart", order) == ACCEPTED
            assert await receiver.call("StoreAndStart", order) == ACCEPTED  # its answer might have been lost
            response = await receiver.state("winter-12", JobState.ENDED)
            assert {data.ID: data.Value.Value for data in response.JobResponseData}["Row"] == 9000
            assert response.StartTime <= response.EndTime
            assert (await press.all())["state"] == State.COMPLETE
            assert await receiver.call("Clear", "winter-12") == ACCEPTED
            assert await receiver.list() == {}
            async with asyncio.timeout(5):
                while len(seen) < 5:
                    await press.all()
            await subscription.delete()
            return seen

    seen = asyncio.run(scenario())
    way = [JobState.NOT_ALLOWED_TO_START, JobState.ALLOWED_TO_START, JobState.RUNNING, JobState.ENDED, JobState.ENDED]
    assert seen == [("winter-12", state) for state in way]


def test_an_order_that_cannot_be_is_refused_with_its_reason(machine, raster):
    async def scenario():
        async with machine("press") as (_, press):
            receiver = await Receiver(press).open()

            async def refused(order, status):
                assert await receiver.call("Store", order) == status
                return (await press.all())["message"]

            assert "SHA-256" in await refused(job(receiver, "1", raster, 900, RasterSha256="12"), UNABLE)
            assert "no such raster" in await refused(job(receiver, "1", raster, 900, RasterPath="/no/where"), UNABLE)
            assert "below total_rows" in await refused(job(receiver, "1", raster, 900, StartRow=900), UNABLE)
            bad = ReturnStatus.INVALID_REQUEST
            assert "'Colour' is unknown" in await refused(job(receiver, "1", raster, 900, Colour="red"), bad)
            assert "is not a number" in await refused(job(receiver, "1", raster, 900, TotalRows="many"), bad)
            assert "JobOrderID has 0" in await refused(job(receiver, "", raster, 900), bad)
            assert await receiver.call("Start", "1") == UNKNOWN
            assert await receiver.list() == {}
            wrong = job(receiver, "1", raster, 900, RasterSha256="0" * 64)
            assert await receiver.call("StoreAndStart", wrong) == ACCEPTED
            values = await press.wait(lambda values: "0000" in values["message"])
            assert await receiver.list() == {"1": JobState.NOT_ALLOWED_TO_START}
            assert values["row"] == 0

    asyncio.run(scenario())


def test_pause_resume_stop_and_a_power_cut(machine, raster):
    async def scenario():
        async with machine("press", speed=50) as (process, press):
            receiver = await Receiver(press).open()
            assert await receiver.call("Store", job(receiver, "7", raster, 40_000_000)) == ACCEPTED
            assert await receiver.call("Pause", "7") == INVALID
            assert await press.command(Verb.RESET) == 1
            assert (await press.reach(State.IDLE))["active_ticket"] == 7
            assert await receiver.call("Start", "7") == ACCEPTED
            await press.wait(lambda values: values["row"] > 1000)
            assert await receiver.call("Pause", "7") == ACCEPTED
            await press.reach(State.HELD)
            assert await receiver.call("Resume", "7") == ACCEPTED
            await press.reach(State.EXECUTE)
            assert await receiver.list() == {"7": JobState.RUNNING}
            assert await receiver.call("Cancel", "7") == INVALID
            await process.kill()
            await press.close()
            await process.start()
            await press.open(process.endpoint)
            receiver = await Receiver(press).open()
            row = (await press.reach(State.ABORTED))["row"]
            await receiver.state("7", JobState.INTERRUPTED)
            assert await receiver.call("Resume", "7") == INVALID
            assert "does not take unhold while aborted" in (await press.all())["message"]
            assert await press.command(Verb.CLEAR) == 1
            await press.reach(State.STOPPED)
            assert await press.command(Verb.RESET) == 1
            assert (await press.reach(State.IDLE))["row"] == row
            assert await receiver.call("Resume", "7") == ACCEPTED
            await press.wait(lambda values: values["row"] > row)
            assert await receiver.call("Stop", "7") == ACCEPTED
            await press.reach(State.STOPPED)
            assert await receiver.list() == {"7": JobState.ENDED}
            assert await receiver.call("Resume", "7") == INVALID
            assert await press.command(Verb.RESET) == 4  # nothing is left to be loaded
            assert (await press.all())["message"].startswith("ticket is 0")
            assert await receiver.call("Clear", "7") == ACCEPTED
            assert await receiver.call("StoreAndStart", job(receiver, "8", raster, 500)) == ACCEPTED
            await receiver.state("8", JobState.ENDED)

    asyncio.run(scenario())


@pytest.mark.parametrize("verb", ["Store", "Start"])
def test_hostile_arguments_are_refused(machine, verb):
    async def scenario():
        async with machine("press") as (_, press):
            receiver = await Receiver(press).open()
            method = (await receiver.control.get_child(f"{receiver.index}:{verb}")).nodeid
            for arguments in ([], [ua.Variant(3)], [ua.Variant(3), ua.Variant(4)], [ua.Variant(None)] * 2):
                request = ua.CallMethodRequest(receiver.control.nodeid, method, arguments)
                (result,) = await press.client.uaclient.call([request])
                assert result.StatusCode.is_bad()
            assert await receiver.list() == {}

    asyncio.run(scenario())
