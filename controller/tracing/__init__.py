"""Where goods come from and where they went: lots, rolls, what is in the machines, and the way back from each.

What people record (deliveries, what was filled into a tank, where a roll was sewn to the next) is only ever added to.
What follows from it is worked out by pure functions each time somebody asks: `genealogy` gives the touches of a job,
and both directions of a trace read the same touches.
"""
