"""Which addresses count as one when guesses are counted."""

from __future__ import annotations

import pytest

from admin.sessions.attempts import PER_ACCOUNT, TooManySignIns, count_attempt
from base.database import transaction


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("unix", "192.0.2.2", False),
    ],
)
async def test_addresses_of_one_household_are_counted_together(*, database, keys, now, first, second, one):
    async def attempt(address: str) -> None:
        async with transaction(database.sessions) as session:
            await count_attempt(session, keys, email="ada@example.com", address=address, now=now)

    for _ in range(PER_ACCOUNT):
        await attempt(first)
    if one:
        with pytest.raises(TooManySignIns):
            await attempt(second)
    else:
        await attempt(second)
