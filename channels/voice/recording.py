"""Ends the recording of a call that somebody objects to while it is going on."""

from __future__ import annotations

import aiohttp
import structlog
from twilio.base.exceptions import TwilioException

from channels.voice.client import Throttled, TwilioAPI
from channels.voice.settings import VoiceAccount

_log = structlog.get_logger(__name__)

_CURRENT = "Twilio.CURRENT"
"""What Twilio calls the recording that is being made."""


async def stop_recording(api: TwilioAPI, account: VoiceAccount, call_sid: str) -> bool:
    """Has Twilio stop; False when it could not be reached, and the call must end for the recording to."""
    try:
        async with api.client(account) as client:
            await client.calls(call_sid).recordings(_CURRENT).update_async(status="stopped")
    except (Throttled, TwilioException, aiohttp.ClientError, OSError, ValueError) as error:
        _log.error("recording_not_stopped", error=type(error).__name__)
        return False
    return True
