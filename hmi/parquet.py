"""An export as Parquet; the only module that wants pyarrow, which is an extra."""

import csv
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import BinaryIO

import pyarrow as pa
from pyarrow import parquet

_NAMES = pa.dictionary(pa.int32(), pa.string())

SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("s", tz="UTC")),
        ("machine", _NAMES),
        ("tag", _NAMES),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("unit", _NAMES),
        ("quality", _NAMES),
    ]
)
"""Columns as in the CSV; value and text are null where there is none."""


def write(file: BinaryIO, lines: Iterator[str], batch: int) -> int:
    """Write the lines of an export in CSV as Parquet.

    Parameters
    ----------
    file
        Open for writing.
    lines
        The heading first; held are no more than one batch of them.
    batch
        Rows of one row group.

    Returns
    -------
    int
        Rows written.
    """
    rows, count = csv.reader(lines), 0
    next(rows, None)
    with parquet.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        while some := list(islice(rows, batch)):
            writer.write_table(pa.Table.from_arrays(_columns(some), schema=SCHEMA))
            count += len(some)
    return count


def _columns(rows: list[list[str]]) -> list[pa.Array]:
    times, machines, tags, values, texts, units, qualities = zip(*rows, strict=True)
    missing = [value == "" for value in values]
    bad = [quality == "bad" for quality in qualities]
    return [
        pa.array([datetime.fromisoformat(time) for time in times], SCHEMA.field("time").type),
        pa.array(machines).dictionary_encode(),
        pa.array(tags).dictionary_encode(),
        pa.array([None if no else float(value) for value, no in zip(values, missing, strict=True)], pa.float64()),
        pa.array([None if wrong or not no else text for text, no, wrong in zip(texts, missing, bad, strict=True)]),
        pa.array(units).dictionary_encode(),
        pa.array(qualities).dictionary_encode(),
    ]
