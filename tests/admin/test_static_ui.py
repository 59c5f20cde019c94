"""The UI's files: served with a strict policy, and nothing but them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from admin.static_ui import CONTENT_SECURITY_POLICY, NONCE, find_file
from tests.admin.conftest import INDEX


@pytest.mark.parametrize("path", ["/admin/", "/admin/leads", "/admin/leads/0192", "/admin/index.html"])
async def test_every_page_of_the_app_is_its_index_and_always_asked_for_anew(admin, build, path):
    answer = await admin.get(path)
    (nonce,) = re.findall(r"style-src 'self' 'nonce-([\w-]{22})'", answer.headers["Content-Security-Policy"])
    assert (answer.status, await answer.text()) == (200, INDEX.replace(NONCE, nonce))
    assert answer.headers["Content-Security-Policy"].replace(f" 'nonce-{nonce}'", "") == CONTENT_SECURITY_POLICY
    assert "ETag" not in answer.headers
    assert nonce not in (await admin.get(path)).headers["Content-Security-Policy"], "each page has another"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_policy_allows_only_what_is_our_own():
    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == rules["form-action"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


async def test_a_hashed_asset_is_kept_for_long(admin, build):
    answer = await admin.get("/admin/assets/index-B4d5.js")
    assert (answer.status, await answer.text()) == (200, "console.log(1)")
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_an_asset_of_an_older_build_is_not_found_instead_of_a_page(admin, build):
    assert (await admin.get("/admin/assets/index-0000.js")).status == 404


async def test_without_its_slash_the_address_leads_there(admin, build):
    answer = await admin.client.get("/admin", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (308, "/admin/")


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "assets/..%2f..%2fsecret.txt",
        "assets/%2e%2e/%2e%2e/secret.txt",
        "..%5csecret.txt",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "%00",
        "x" * 5_000,
    ],
)
async def test_nothing_outside_the_build_is_served(admin, build, path):
    answer = await admin.client.get(URL(f"/admin/{path}", encoded=True))
    text = await answer.text()
    assert answer.status in (200, 404)
    assert "not for you" not in text
    assert "root:" not in text


async def test_a_link_that_leads_out_of_the_build_is_not_followed(admin, build):
    (build / "assets" / "out.txt").symlink_to(build.parent / "secret.txt")
    assert (await admin.get("/admin/assets/out.txt")).status == 404


@settings(max_examples=300)
@given(st.text(max_size=40) | st.lists(st.sampled_from(["..", ".", "/", "assets", "a", "\\", "~"])).map("/".join))
def test_any_path_names_a_file_of_the_build_or_none(path):
    from pathlib import Path

    build = Path(__file__).parent.resolve()
    file = find_file(build, path)
    assert file is None or build in file.parents


async def test_a_ui_that_is_not_built_says_what_to_do(admin):
    answer = await admin.get("/admin/leads")
    assert answer.status == 503
    assert "npm run build" in await answer.text()
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
