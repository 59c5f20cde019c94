"""A Telegram on this machine that speaks the real Bot API: for trying a bot without an account, and for tests.

Listens on loopback only and writes to nobody.
"""

from channels.telegram.simulator.person import Person
from channels.telegram.simulator.server import LocalTelegram
from channels.telegram.simulator.state import Answer, Chat, Shown, SimulatedBot
from channels.telegram.simulator.terminal import simulate, simulated_account

__all__ = [
    "Answer",
    "Chat",
    "LocalTelegram",
    "Person",
    "Shown",
    "SimulatedBot",
    "simulate",
    "simulated_account",
]
