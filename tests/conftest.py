"""What all tests share."""

from hypothesis import settings

# How long an example takes says how busy the machine is: speed is measured by the benches.
settings.register_profile("foulard", deadline=None)
settings.load_profile("foulard")
