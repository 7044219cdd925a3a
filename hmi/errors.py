"""What the person at the terminal can put right; each message is one line that says how."""

BAD_INPUT = 2
"""Exit code of whatever cannot be done as asked."""


class BadInput(ValueError):
    """What was asked cannot be done."""


class CannotStart(RuntimeError):
    """A port is taken, the disk is full, or a folder cannot be written."""
