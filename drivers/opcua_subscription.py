"""Make and end a subscription over OPC UA; what speaks against it is ``Refused``, or LinkLost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from asyncua import Client, ua
from asyncua.common.subscription import OverflowPolicy, Subscription

from drivers.opcua_errors import lost

__all__ = ["Refused", "refusals", "subscribe", "unsubscribe"]

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
