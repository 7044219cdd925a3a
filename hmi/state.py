"""What every route needs: the controller, the accounts, the stream; and answers that are given once."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from fastapi import Request

from controller import Actor, Controller
from hmi.accounts import Accounts
from hmi.events import EventRing
from hmi.settings import Settings

View = TypeVar("View")

KEPT_ANSWERS = 500
"""How many answers are kept for a client that sends the same request again."""


@dataclass
class App:
    """The running application behind the routes.

    Attributes
    ----------
    settings, controller, accounts, ring
        As their types say.
    metrics_token
        What Prometheus shows; kept in the data folder.
    samples, sample_pictures
        Sample designs and their small pictures by name.
    """

    settings: Settings
    controller: Controller
    accounts: Accounts
    ring: EventRing
    metrics_token: str
    samples: dict[str, Path]
    sample_pictures: dict[str, Path]
    _answers: OrderedDict[tuple[str, str], Any] = field(default_factory=OrderedDict)

    def replay(self, actor: Actor, key: str) -> Any:
        """Return the answer this actor already got for this key, or None."""
        return self._answers.get((actor.name, key))

    def once(self, actor: Actor, key: str, act: Callable[[], View]) -> View:
        """Do `act` and keep its answer; the same key from the same actor gets the same answer without a second act."""
        known = self.replay(actor, key)
        if known is not None:
            return cast("View", known)
        answer = act()
        self._answers[actor.name, key] = answer
        while len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        return answer


def app_of(request: Request) -> App:
    """Return the application a request came to."""
    return cast("App", request.app.state.foulard)
