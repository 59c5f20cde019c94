"""A tracker store that lives as long as one request: it hands Rasa the request's state and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

from parley_rasa.flow_policy import STATE_SLOT

# Set by the turn channel. Each request runs in its own task, hence in its own context.
request_state: ContextVar[dict[str, Any] | None] = ContextVar("request_state")


class RequestTrackerStore(TrackerStore):
    """Named in endpoints.yml. A state outside a request is an error, not an empty conversation."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(domain, event_broker)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker:
        """Returns a tracker that listens and holds the request's state, so that Rasa starts no session."""
        tracker = self.init_tracker(sender_id)
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        tracker.slots[STATE_SLOT].value = request_state.get()
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        request_state.set(tracker.get_slot(STATE_SLOT))

    async def keys(self) -> Iterable[str]:
        return []
