"""A simulated operator for demonstrations and tests: walks to the machine, then says yes to every question."""

import asyncio

from controller import Actor, Controller

OPERATOR = Actor("simulated operator", "operator")


async def simulated_operator(controller: Controller, walk_s: float) -> None:
    """Answer each open question with its first answer, `walk_s` seconds after it is seen, until cancelled."""
    while True:
        seen = controller.book.store.feed.version
        for question in controller.desk.questions(OPERATOR):
            await asyncio.sleep(walk_s)
            if question.id in {still_open.id for still_open in controller.desk.questions(OPERATOR)}:
                controller.desk.answer(OPERATOR, question.id or 0, question.answers[0])
        await controller.book.store.feed.wait(seen, timeout_s=5.0)
