"""When next: the gate, the outbox and its delivery, journeys and the due pump."""
