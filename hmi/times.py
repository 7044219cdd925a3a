"""Times as people give them on the command line."""

from datetime import UTC, datetime

from hmi.errors import BadInput

TIME = "ISO 8601, UTC if it names no zone"


def time_of(option: str, text: str) -> datetime | None:
    """Return the time that an option gives; None if it is left out.

    Raises
    ------
    BadInput
        It is no time.
    """
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        msg = f"{option} {text!r:.40} is no time: give it as 2026-11-25 or 2026-11-25T09:30:00Z"
        raise BadInput(msg) from error
