"""Text messages (SMS and MMS) over Twilio: webhooks in, REST out."""
