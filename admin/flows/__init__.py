"""Flows and journeys as they are edited: drafts, checks, talks with a draft, publishing, where people drop off."""
