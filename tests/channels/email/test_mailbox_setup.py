"""What an operator is told of a mailbox and of the domain's records: from a real DNS server and a real IMAP server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from base.channel_contract import Finding
from base.errors import InvalidInput
from channels.email import setup
from channels.email.setup import EmailSetup
from outreach.accounts.service import Account
from tests.channels.email.dns_server import Records, name_server
from tests.channels.email.test_origin import key

DOMAIN = "northwind.example"
GOOD: Records = {
    DOMAIN: ["some-verification=1", "v=spf1 include:_spf.mail.example -all"],
    f"s1._domainkey.{DOMAIN}": [key()[1].decode()],
    f"_dmarc.{DOMAIN}": ["v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@northwind.example"],
}


def account(address: str = f"hello@{DOMAIN}", *, secrets: dict[str, str] | None = None, **settings: Any) -> Account:
    return Account(UUID(int=7), "email", "main", address, {"dkim_selector": "s1", **settings}, secrets or {})


async def findings(records: Records, *, of: Account | None = None, **server: Any) -> list[Finding]:
    """What is said of the domain; the first finding, which is about the mailbox, left out."""
    async with name_server(records, **server) as running:
        found = await EmailSetup(running.resolver()).check(of or account(), public_url="https://chat.example")
    return found[1:]


def levels(found: Sequence[Finding]) -> list[str]:
    return [one.level for one in found]


async def test_a_domain_in_order_is_in_order() -> None:
    found = await findings(GOOD)
    assert levels(found) == ["ok", "ok", "ok"]


async def test_a_domain_without_records_misses_all_three_and_is_told_what_to_publish() -> None:
    for records in ({}, {DOMAIN: [], f"_dmarc.{DOMAIN}": [], f"s1._domainkey.{DOMAIN}": []}):
        found = await findings(records)
        assert levels(found) == ["missing", "missing", "missing"]
        assert all(one.remedy for one in found)
        assert "v=spf1" in (found[0].remedy or "")
        assert f"_dmarc.{DOMAIN}" in (found[2].remedy or "")


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        (["v=spf1 -all"], "ok", "SPF"),
        (["V=SPF1 mx ~all"], "ok", "SPF"),
        (["v=spf1 include:a.example ?all"], "ok", "SPF"),
        (["v=spf1 redirect=_spf.example"], "ok", "SPF"),
        (["v=spf1 mx +all"], "missing", "anybody"),
        (["v=spf1 mx all"], "missing", "anybody"),
        (["v=spf1 all redirect=x.example"], "missing", "anybody"),
        (["v=spf1 -all", "v=spf1 mx -all"], "missing", "2 SPF"),
        (["v=spf10 -all", "spf1", "x v=spf1"], "missing", "no SPF"),
        (["v=spf1 include:firewall -all"], "ok", "SPF"),
    ],
)
async def test_spf(texts, level, words) -> None:
    spf = (await findings({**GOOD, DOMAIN: texts}))[0]
    assert (spf.level, words in spf.text) == (level, True)


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        ([f"v=DKIM1; k=rsa; p={'A' * 392}"], "ok", "can be checked"),
        (["p=AAAA"], "ok", "can be checked"),
        (["v=DKIM1; p="], "missing", "revoked"),
        (["v=DKIM1; p=; t=s"], "missing", "revoked"),
        (["v=DKIM1; p = "], "missing", "revoked"),
        (["v=DKIM1; k=rsa"], "missing", "no DKIM"),
        (["v=spf1 -all"], "missing", "no DKIM"),
    ],
)
async def test_dkim(texts, level, words) -> None:
    found = (await findings({**GOOD, f"s1._domainkey.{DOMAIN}": texts}))[1]
    assert (found.level, words in found.text) == (level, True)


async def test_without_a_selector_dkim_is_not_checked_and_that_is_said() -> None:
    found = (await findings(GOOD, of=account(dkim_selector=None)))[1]
    assert found.level == "warning"
    assert "dkim_selector" in (found.remedy or "")


@pytest.mark.parametrize(
    ("texts", "level", "words"),
    [
        (["v=DMARC1; p=reject"], "ok", "protects"),
        (["v=DMARC1;p=quarantine;sp=none"], "ok", "protects"),
        (["v=DMARC1; p=none"], "warning", "only to watch"),
        (["v=DMARC1; p = none; rua=mailto:a@b.example"], "warning", "only to watch"),
        (["v=DMARC1"], "warning", "only to watch"),
        (["v=DMARC1; p=reject", "v=DMARC1; p=none"], "missing", "2 DMARC"),
        (["dmarc"], "missing", "no DMARC"),
    ],
)
async def test_dmarc(texts, level, words) -> None:
    found = (await findings({**GOOD, f"_dmarc.{DOMAIN}": texts}))[2]
    assert (found.level, words in found.text) == (level, True)


@pytest.mark.parametrize(
    ("record", "level"),
    [("v=DMARC1; p=reject", "ok"), ("v=DMARC1; p=reject; sp=none", "warning"), ("v=DMARC1; p=none; sp=reject", "ok")],
)
async def test_below_a_domain_that_has_dmarc_what_it_says_of_those_below_holds(record, level) -> None:
    found = await findings({f"_dmarc.{DOMAIN}": [record]}, of=account(f"hello@news.mail.{DOMAIN}"))
    assert found[2].level == level


async def test_a_dns_that_does_not_answer_is_not_taken_for_records_that_are_missing(monkeypatch) -> None:
    names = frozenset({DOMAIN, f"s1._domainkey.{DOMAIN}", f"_dmarc.{DOMAIN}"})
    monkeypatch.setattr(setup, "_PATIENCE", 0.5)
    for server in ({"broken": names}, {"silent": True}):
        found = await findings(GOOD, **server)
        assert levels(found) == ["warning"] * 3
        assert all("gave no answer" in one.text for one in found)


async def test_what_is_checked_is_the_domain_that_mails_are_sent_from() -> None:
    of = account("answers@inbox.example", sends_from=DOMAIN)
    async with name_server(GOOD) as running:
        await EmailSetup(running.resolver()).check(of, public_url="https://chat.example")
    assert set(running.asked) == set(GOOD)


# The mailbox


async def checked(**settings: Any) -> Finding:
    of = account(**{"secrets": {"imap_password": "demopass"}, "imap_user": "demouser", "imap_tls": "no", **settings})
    async with name_server(GOOD) as running:
        return (await EmailSetup(running.resolver()).check(of, public_url="https://chat.example"))[0]


async def test_a_mailbox_that_can_be_read_says_how_many_mails_it_holds(imap_port) -> None:
    found = await checked(imap_host="127.0.0.1", imap_port=str(imap_port))
    assert found.level == "ok"
    assert "mails" in found.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"secrets": {"imap_password": "wrong"}}, "password"),
        ({"secrets": {}}, "password"),
        ({"secrets": {"imap_password": "pässwört"}}, "password"),
        ({"imap_user": "nobody"}, "user"),
        ({"imap_folder": "nowhere"}, "folder"),
        ({"imap_port": "1"}, "could not be reached"),
        ({"imap_host": "nowhere.invalid"}, "could not be reached"),
        ({"imap_tls": "yes"}, "encryption"),
        ({"imap_port": "many"}, "imap_port must be a number"),
    ],
)
async def test_a_mailbox_that_cannot_be_read_says_what_to_look_at(imap_port, wrong, words) -> None:
    found = await checked(**{"imap_host": "127.0.0.1", "imap_port": str(imap_port), **wrong})
    assert found.level == "missing"
    assert words in found.text
    assert "pässwört" not in found.text


async def test_a_mailbox_without_imap_is_told_how_mails_come_in_else() -> None:
    of = account(secrets={"hook_token": "secret-token"})
    async with name_server(GOOD) as running:
        mail = EmailSetup(running.resolver())
        found = await mail.check(of, public_url="https://chat.example")
        (how,) = await mail.set_webhook(of, public_url="https://chat.example")
    hook = f"https://chat.example/hooks/email/{of.id}/mail"
    assert [one.level for one in found] == ["warning", "ok", "ok", "ok", "ok"]
    assert hook in found[1].text
    assert hook in how.text
    assert not any("secret-token" in f"{one.text}{one.remedy}" for one in [*found, how])
    with_imap = account(imap_host="imap.example")
    (nothing_to_do,) = await mail.set_webhook(with_imap, public_url="https://chat.example")
    assert nothing_to_do.level == "ok"


async def test_what_is_told_is_checked_before_it_is_kept() -> None:
    mail = EmailSetup()
    assert await mail.prepare({"address": "Hello@Northwind.Example"}, public_url="") == ("hello@northwind.example", {})
    for told in ({"address": "hello"}, {"address": ""}, {"address": "a@b.example", "imap_port": "0"}):
        with pytest.raises(InvalidInput):
            await mail.prepare(told, public_url="")
    with pytest.raises(InvalidInput, match="port"):
        await mail.prepare({"address": "a@b.example", "imap_port": "imaps"}, public_url="")
