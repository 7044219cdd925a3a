import asyncio
import json

from simulators.packml import State, Verb


def test_what_a_machine_shows_is_written_down(machine, tmp_path):
    path = tmp_path / "published"

    async def main():
        async with machine("padder", extra=("--published", str(path))) as (process, tags):
            await tags.write({"ticket": 7, "length_m": 5.0})
            assert await tags.command(Verb.RESET) == 1
            await tags.reach(State.IDLE)
            shown = await tags.all()
            await process.kill()
            await process.start()
            await tags.close()
            await tags.open(process.endpoint)
            return shown, await tags.all()

    shown, again = asyncio.run(main())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    whole = [line for line in lines if len(line) == len(lines[0])]
    assert len(whole) == 2  # once per power-up
    before = {}
    for line in lines[: lines.index(whole[1])]:
        before |= line
    assert {name: before[name] for name in ("ticket", "length_m", "command_ack")} == {
        name: shown[name] for name in ("ticket", "length_m", "command_ack")
    }
    states = [line["state"] for line in lines if "state" in line]
    # how long Resetting lasts is the plant's clock's affair
    assert [state for state in states if state != State.RESETTING] == [State.STOPPED, State.IDLE, State.ABORTED]
    assert whole[1]["state"] == again["state"] == State.ABORTED
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
