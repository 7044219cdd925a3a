"""Planning: which machine does what, when, and why; frozen data in, frozen data out.

A problem (`parse`, `build`) goes in, a plan (`solve`) comes out: the dispatch rules first, local search next, CP-SAT on
small windows where it is installed. `schedule` is the plain definition of what decisions mean; everything faster is
tested against it. Knows no database, no machine and no people.
"""
