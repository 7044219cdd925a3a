"""Worker processes: one is ready before it is needed, and all end when they shall."""

import multiprocessing
import os
import time

from controller.workers import Workers


def test_a_process_is_begun_for_the_next_task_while_all_others_have_work() -> None:
    def own() -> int:
        return len(set(multiprocessing.active_children()) - others)

    others, workers = set(multiprocessing.active_children()), Workers(2, "json")
    try:
        busy = workers.submit(time.sleep, 600)
        workers.begin()
        assert own() == 2, "the second is on its way though nobody waits for it yet"
        workers.submit(os.getpid).result(timeout=60)
        assert not busy.done()
        workers.begin()
        assert own() == 2, "there are never more than asked for"
    finally:
        workers.stop()
    assert own() == 0, "what was under way is not waited for"
