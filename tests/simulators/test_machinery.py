"""A machine as OPC UA for Machinery shows it, read by browse names alone, as a client that knows the standard would."""

import asyncio

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from drivers.machinery import DI, MACHINERY, ItemState, OperationMode, of_packml
from simulators.machinery import Counters, count
from simulators.packml import State, Verb

seen = st.lists(st.tuples(st.sampled_from(State), st.floats(0, 3600)), max_size=20)


@given(seen)
def test_counters_never_go_back(steps):
    counters, plant_s = Counters(), 0.0
    for state, passed_s in steps:
        plant_s += passed_s
        after = count(counters, state, plant_s)
        assert after.power_on_s == pytest.approx(plant_s)
        assert 0 <= after.operation_s - counters.operation_s <= passed_s + 1e-6
        assert after.cycles - counters.cycles == (state is State.COMPLETE and counters.state != State.COMPLETE)
        counters = after
    assert count(counters, State.IDLE, plant_s - 5).power_on_s == counters.power_on_s  # a clock that was set back


def test_every_state_has_an_item_state_and_a_mode():
    assert of_packml(State.EXECUTE) == (ItemState.EXECUTING, OperationMode.PROCESSING)
    assert of_packml(State.STARTING) == (ItemState.EXECUTING, OperationMode.SETUP)
    assert of_packml(State.HELD) == (ItemState.NOT_EXECUTING, OperationMode.PROCESSING)
    assert of_packml(State.ABORTED) == (ItemState.OUT_OF_SERVICE, OperationMode.NONE)
    assert {of_packml(state)[0] for state in State} == set(ItemState) - {ItemState.NOT_AVAILABLE}


def test_identification_state_and_counters_of_a_running_machine(machine):
    async def scenario():
        async with machine("washer") as (process, washer):

            async def child(node, *path):
                return await node.get_child([f"{index}:{name}" for index, name in path])

            di = await washer.client.get_namespace_index(DI)
            own = await washer.client.get_namespace_index(MACHINERY)
            (found,) = await (await child(washer.client.nodes.objects, (own, "Machines"))).get_children()
            identity = await child(found, (di, "Identification"))
            assert (await identity.read_type_definition()).Identifier == 1012
            texts = {
                (await node.read_browse_name()).Name: await node.read_value() for node in await identity.get_children()
            }
            assert (texts["Manufacturer"].Text, texts["SerialNumber"]) == (
                "Foulard simulated plant",
                "SIM-open-width-washer",
            )
            assert texts["ProductInstanceUri"].startswith("urn:")

            async def number(name):
                state = await child(found, (own, "MachineryBuildingBlocks"), (own, name), (0, "CurrentState"))
                node = washer.client.get_node(await (await child(state, (0, "Id"))).read_value())
                assert (
                    await (await child(node, (0, "StateNumber"))).read_value()
                    == await (await child(state, (0, "Number"))).read_value()
                )
                assert (await node.read_browse_name()).Name == (await state.read_value()).Text
                return await (await child(state, (0, "Number"))).read_value()

            assert await number("MachineryItemState") == ItemState.NOT_EXECUTING
            await washer.write({"ticket": 5, "length_m": 5.0})
            await washer.run_through()
            assert await number("MachineryOperationMode") == OperationMode.PROCESSING
            assert await washer.command(Verb.ABORT) == 1
            await washer.reach(State.ABORTED)
            assert await number("MachineryItemState") == ItemState.OUT_OF_SERVICE
            counters = await child(found, (own, "MachineryBuildingBlocks"), (di, "OperationCounters"))
            values = {
                (await node.read_browse_name()).Name: await node.read_value() for node in await counters.get_children()
            }
            assert values["OperationCycleCounter"] == 1
            # as fast as computing allows, the plant's clock stands while the machine rests
            assert 0 < values["OperationDuration"] <= values["PowerOnDuration"]
            await process.kill()
            await washer.close()
            await process.start()
            await washer.open(process.endpoint)
            kept = await washer.client.get_node(counters.nodeid).get_child([f"{di}:OperationCycleCounter"])
            assert await kept.read_value() == 1
            with pytest.raises(ua.UaStatusCodeError):
                await kept.write_value(0, ua.VariantType.UInt32)

    asyncio.run(scenario())
