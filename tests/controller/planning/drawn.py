"""Small problems of every kind, drawn by hypothesis, and the judge of plans: it knows nothing of how they are made."""

import json
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from controller.planning import Problem, Schedule, build, parse
from tests.controller.planning.instances import START, at


def problem_of(file: dict[str, Any]) -> Problem:
    return build(parse(json.dumps(file)))


@st.composite
def files(draw: st.DrawFn, jobs_max: int = 7, pins: bool = True, calendars: bool = True) -> dict[str, Any]:
    """Planning files of up to three stages and five machines, in which everything that can be asked for occurs."""
    stages = ["pad", "print", "steam"][: draw(st.integers(1, 3))]
    machines = []
    for stage in stages:
        for number in range(draw(st.integers(1, 2))):
            machine: dict[str, Any] = {"name": f"{stage}-{number}", "stage": stage}
            if draw(st.booleans()):
                machine["state"] = {"cloth": draw(st.sampled_from("abc"))}
            if calendars and draw(st.booleans()):
                machine["shifts"] = [{"from": "06:00", "to": draw(st.sampled_from(("10:00", "14:00")))}]
                machine["may_pause"] = draw(st.booleans())
            if calendars and draw(st.booleans()):
                begun = draw(st.integers(0, 400))
                machine["maintenance"] = [{"from": at(begun), "to": at(begun + draw(st.integers(1, 200)))}]
            machines.append(machine)
    jobs = []
    for number in range(draw(st.integers(1, jobs_max))):
        route = [stage for stage in stages if draw(st.integers(0, 4))] or stages[:1]
        operations = []
        for stage in route:
            able = [machine["name"] for machine in machines if machine["stage"] == stage]
            able = draw(st.lists(st.sampled_from(able), min_size=1, max_size=len(able), unique=True))
            operations.append({"stage": stage, "minutes": {name: draw(st.integers(1, 40)) for name in able}})
        jobs.append({
            "name": f"j{number}", "release": at(draw(st.integers(0, 100))), "due": at(draw(st.integers(0, 400))),
            "weight": draw(st.integers(0, 3)),
            "attributes": {"cloth": draw(st.sampled_from("abc")), "light": draw(st.integers(0, 3))},
            "operations": operations,
        })  # fmt: skip
    if pins and draw(st.booleans()):
        jobs[0]["operations"][0]["pin"] = {"machine": next(iter(jobs[0]["operations"][0]["minutes"]))}
    setups = [
        {
            "stage": draw(st.sampled_from(stages)),
            "attribute": "cloth",
            "minutes": draw(st.integers(0, 30)),
            "litres": 5,
        },
        {"stage": draw(st.sampled_from(stages)), "attribute": "light", "when": "rises", "by": 1, "minutes": 12},
        {"stage": stages[0], "attribute": "cloth", "minutes": {"a": {"b": draw(st.integers(0, 40))}, "b": {"c": 3}}},
    ]
    file: dict[str, Any] = {
        "start": START.isoformat(), "stages": stages, "machines": machines, "jobs": jobs, "setups": setups,
        "weights": {"dumped_l": draw(st.sampled_from((0, 0.5)))}, "horizon_days": 30,
    }  # fmt: skip
    if draw(st.booleans()):
        file["campaigns"] = [{"stage": stages[0], "attribute": "cloth", "minutes": 50}]
    if len(stages) > 1 and draw(st.booleans()):
        file["shelf_lives"] = [{"from": stages[0], "to": stages[-1], "hours": draw(st.sampled_from((0.5, 2, 24)))}]
    if pins and draw(st.booleans()):
        of = machines[0]["name"]
        there = [
            job["name"] for job in jobs if of in job["operations"][0]["minutes"] and "pin" not in job["operations"][0]
        ]
        if len(there) > 1:
            alone = [machine["stage"] for machine in machines].count(stages[0]) == 1
            file["pinned_orders"] = [
                {"machine": of, "jobs": draw(st.permutations(there[:3])), "first": alone and draw(st.booleans())}
            ]
    return file


def faults(file: dict[str, Any], problem: Problem, plan: Schedule) -> list[str]:
    """Whatever a plan breaks of what the file asks for. Read from the file, but for the calendars' minutes."""
    found, machines = [], {machine["name"]: machine for machine in file["machines"]}
    planned = sorted(one for sequence in plan.decisions.sequences for one in sequence)
    if planned != list(problem.operations):
        return ["not every operation is planned once"]
    number = 0
    for job in file["jobs"]:
        ready = START + timedelta(minutes=minute(job.get("release", file["start"])))
        for operation in job["operations"]:
            of = problem.machines[plan.machine[number]]
            start, end = (START + timedelta(minutes=when[number]) for when in (plan.start, plan.end))
            if of not in operation["minutes"]:
                found.append(f"{number} is on {of}")
            if start < ready:
                found.append(f"{number} begins before its cloth is there")
            found += faults_of_work(machines[of], problem, plan, number, operation["minutes"].get(of, 0))
            pin = operation.get("pin", {})
            if pin.get("machine", of) != of or ("start" in pin and at(plan.start[number]) != pin["start"]):
                found.append(f"{number} is not where it is pinned")
            ready, number = end, number + 1
    for of, sequence in enumerate(plan.decisions.sequences):
        free, family = 0, problem.first_family[of]
        for one in sequence:
            needed = problem.setup_min[of][family][problem.family[one]]
            if plan.setup_min[one] != needed or plan.setup_start[one] < free or plan.start[one] < plan.setup_end[one]:
                found.append(f"{one} is not set up for")
            if open_minutes(problem, of, plan.setup_start[one], plan.setup_end[one]) != needed:
                found.append(f"{one} is set up while the machine is closed")
            free, family = plan.end[one], problem.family[one]
    for order in file.get("pinned_orders", ()):
        of = problem.machines.index(order["machine"])
        names = [problem.jobs[problem.job[one]] for one in plan.decisions.sequences[of]]
        if [name for name in names if name in order["jobs"]] != list(order["jobs"]):
            found.append(f"{order} is not kept")
        if order.get("first") and names[: len(order["jobs"])] != list(order["jobs"]):
            found.append(f"{order} does not come first")
    return found


def faults_of_work(machine: dict[str, Any], problem: Problem, plan: Schedule, one: int, minutes: int) -> list[str]:
    start, end, of = plan.start[one], plan.end[one], plan.machine[one]
    if open_minutes(problem, of, start, end) != minutes:
        return [f"{one} works while {machine['name']} is closed, or not {minutes} min"]
    if not machine.get("may_pause") and end - start != minutes:
        return [f"{one} stands still in the middle on {machine['name']}"]
    return []


def open_minutes(problem: Problem, of: int, start: int, end: int) -> int:
    calendar = problem.calendars[of]
    return sum(max(min(end, close) - max(start, begin), 0)
               for begin, close in zip(calendar.opens, calendar.closes, strict=True))  # fmt: skip


def minute(when: str) -> int:
    return round((datetime.fromisoformat(when) - START).total_seconds() / 60)
