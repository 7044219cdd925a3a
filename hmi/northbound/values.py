"""Values of the line as OPC UA data values: quality becomes a status code, the time of reading the source time."""

from datetime import UTC, datetime

from asyncua import ua

from drivers import Link, Quality, Tag, TagSpec

__all__ = ["data_value", "plain", "variant_type"]

_WHOLE = {
    "uint16": ua.VariantType.UInt16,
    "int16": ua.VariantType.Int16,
    "uint32": ua.VariantType.UInt32,
    "int32": ua.VariantType.Int32,
}


def variant_type(spec: TagSpec) -> ua.VariantType:
    """OPC UA type of a tag's value in its unit; what is scaled is a number with decimals."""
    if spec.type == "string":
        return ua.VariantType.String
    if spec.type == "bool":
        return ua.VariantType.Boolean
    return _WHOLE.get(spec.type, ua.VariantType.Double) if spec.scale == 1 else ua.VariantType.Double


def data_value(spec: TagSpec, tag: Tag | None, link: Link) -> ua.DataValue:
    """Give a tag as a client sees it.

    Good stays good; what is getting old is ``UncertainLastUsableValue``; what is bad has no value, and says whether the
    machine is out of reach (``BadNoCommunication``), gives nothing usable (``BadDeviceFailure``) or was never read
    (``BadWaitingForInitialData``).
    """
    kind = variant_type(spec)
    if tag is None or tag.time is None:
        code = ua.StatusCodes.BadNoCommunication if link is Link.LOST else ua.StatusCodes.BadWaitingForInitialData
        return _data(None, kind, code, None)
    if link is Link.LOST:
        return _data(None, kind, ua.StatusCodes.BadNoCommunication, tag.time)
    if tag.quality is Quality.BAD or tag.value is None:
        return _data(None, kind, ua.StatusCodes.BadDeviceFailure, tag.time)
    code = ua.StatusCodes.Good if tag.quality is Quality.GOOD else ua.StatusCodes.UncertainLastUsableValue
    value = float(tag.value) if kind is ua.VariantType.Double else tag.value
    return _data(value, kind, code, tag.time)


def plain(value: bool | int | float | str | list[str] | None, kind: ua.VariantType) -> ua.DataValue:
    """Give what the controller itself says; None: it says nothing now (``BadNoData``)."""
    code = ua.StatusCodes.BadNoData if value is None else ua.StatusCodes.Good
    return _data(value, kind, code, datetime.now(UTC))


def _data(value: object, kind: ua.VariantType, code: int, time: datetime | None) -> ua.DataValue:
    variant = ua.Variant() if value is None else ua.Variant(value, kind)
    at = None if time is None else ua.DateTime.fromtimestamp(time.timestamp(), UTC)
    return ua.DataValue(variant, ua.StatusCode(ua.UInt32(code)), SourceTimestamp=at)
