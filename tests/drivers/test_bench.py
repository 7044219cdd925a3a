"""The bench of the drivers still runs against what it measures; its figures are `foulard bench machines`'s to give."""

import asyncio

from tests.bench.bench_machines import latencies


def test_the_bench_sees_changes_and_gives_commands(tmp_path):
    figures = asyncio.run(latencies(tmp_path, 0.5))
    assert figures["snapshots_measured"] > 0
    assert figures["commands_measured"] > 0
    assert 0 < figures["snapshot_p50_ms"] <= figures["snapshot_p99_ms"]
    assert 0 < figures["command_p50_ms"] <= figures["command_p99_ms"]
