"""A Twilio on this machine that carries out calls as the real one does: for trying calls without an account, and for
tests.

Listens on loopback only and calls nobody.
"""

from channels.voice.simulator.phone import simulate, simulated_account
from channels.voice.simulator.server import LocalTwilio, Person
from channels.voice.simulator.state import Answer, Input, Number, PhoneCall, Pickup

__all__ = ["Answer", "Input", "LocalTwilio", "Number", "Person", "PhoneCall", "Pickup", "simulate", "simulated_account"]
