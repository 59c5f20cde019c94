"""Talks as tests/bot has them: most requests about one's data are made in one."""

from __future__ import annotations

from tests.bot.conftest import dialogue, stage

__all__ = ["dialogue", "stage"]
