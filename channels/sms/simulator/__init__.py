"""A Twilio on this machine that speaks the real protocol: for trying texts without an account, and for tests.

Listens on loopback only and writes to nobody.
"""

from channels.sms.simulator.phone import simulate, simulated_account
from channels.sms.simulator.server import LocalTwilio
from channels.sms.simulator.state import Answer, Number, Sent, Service

__all__ = ["Answer", "LocalTwilio", "Number", "Sent", "Service", "simulate", "simulated_account"]
