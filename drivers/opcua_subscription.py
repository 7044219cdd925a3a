"""Make and end a subscription over OPC UA; what speaks against it is ``Refused``, or LinkLost."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import OverflowPolicy, Subscription

from drivers.connection import Requests
from drivers.errors import LinkLost
from drivers.opcua_errors import lost

__all__ = ["Refused", "Task", "follow", "refusals", "subscribe", "unsubscribe"]

Task = Callable[[Subscription], Coroutine[Any, Any, NoReturn]]
"""What goes on as long as a subscription is alive; it ends by Refused or LinkLost."""

LIFETIME_COUNT = 1000  # periods without a sign of us, after which the server forgets the subscription
KEEPALIVE_COUNT = 10

log = structlog.get_logger(__name__)


class Refused(Exception):
    """The server does not give the subscription; or it ended, or is starved."""


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turn the library's errors: a bad status or no answer to ``what`` is Refused, all else the loss of the link."""
    try:
        yield
    except ua.UaStatusCodeError as error:
        raise Refused(f"the server refuses {what}: {ua.StatusCode(error.code).name}") from error
    except TimeoutError as error:
        raise Refused(f"the server does not answer {what}") from error
    except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
        raise lost(error) from error


async def follow(
    requests: Requests, make: Coroutine[Any, Any, Subscription], overflow: asyncio.Event, *tasks: Task
) -> NoReturn:
    """Follow a subscription by some tasks until one of them ends.

    Parameters
    ----------
    requests : Requests
        Of the connection.
    make : Coroutine
        Makes the subscription.
    overflow : asyncio.Event
        Set when what it tells comes faster than it is taken.

    Raises
    ------
    Refused
        If it is the subscription that ended; it is ended at the server too.
    LinkLost
        If it is the link.
    """
    subscription = await requests.run(make)
    ended: list[Exception] = []
    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(task(subscription))
            group.create_task(_overflows(overflow))
    except* LinkLost as errors:
        ended[:0] = errors.exceptions
    except* Refused as errors:
        ended.extend(errors.exceptions)
    if isinstance(ended[0], Refused):
        await requests.run(unsubscribe(subscription))
    raise ended[0]


async def _overflows(overflow: asyncio.Event) -> NoReturn:
    await overflow.wait()
    raise Refused("it is told more than can be taken")


async def subscribe(client: Client, period_s: float, queue: int, overflown: Callable[[], None]) -> Subscription:
    """Make a subscription without items, to be called within ``refusals``.

    Parameters
    ----------
    client : Client
        The session.
    period_s : float
        Publishing interval.
    queue : int
        Most changes that may wait to be taken; ``overflown`` is called when there are more, and nothing is dropped.
    """
    parameters = ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=period_s * 1000,
        RequestedLifetimeCount=LIFETIME_COUNT,
        RequestedMaxKeepAliveCount=KEEPALIVE_COUNT,
        MaxNotificationsPerPublish=0,
        PublishingEnabled=True,
    )
    subscription = await client.create_subscription(parameters, queue_maxsize=queue, overflow=OverflowPolicy.DISCONNECT)
    subscription.set_overflow_disconnect_handler(overflown)
    return subscription


async def unsubscribe(subscription: Subscription) -> None:
    """End a subscription; one that the server has forgotten by itself is ended. LinkLost without a sound answer."""
    try:
        await subscription.delete()
    except ua.UaError as error:
        log.debug("subscription was gone", reason=str(error))
    except Exception as error:  # as above
        raise lost(error) from error
