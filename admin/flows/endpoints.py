"""The endpoints of flows and journeys as they are edited, tried out and published."""

from __future__ import annotations

from admin.flows import editing, publishing, trying

ENDPOINTS = (*editing.ENDPOINTS, *trying.ENDPOINTS, *publishing.ENDPOINTS)
