"""The page that tells what the API can do: all of it, to everybody, without a script and for everybody to read."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from admin.api.openapi import create_document
from admin.app import ENDPOINTS
from admin.reference.page import write_page

AXE = Path(__file__).resolve().parents[2] / "channels" / "web" / "widget" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def page():
    return LexborHTMLParser(write_page(create_document(ENDPOINTS)))


def test_every_operation_stands_on_it_with_who_may_call_it(page):
    shown = [re.sub(r"\s+", " ", head.text().strip()) for head in page.css("main article h3:has(.method)")]
    assert sorted(shown) == sorted(f"{one.method} {one.path}" for one in ENDPOINTS)
    assert len(page.css("p.who")) == len(ENDPOINTS)
    assert not [one for one in page.css("p.who") if one.text().strip() == "For"]


def test_every_link_leads_to_one_place(page):
    places = Counter(one.attributes["id"] for one in page.css("[id]"))
    assert {name: count for name, count in places.items() if count > 1} == {}
    links = [one.attributes["href"] for one in page.css("a")]
    assert {link for link in links if not link.startswith("#")} == {"/api/v1/openapi.json"}
    assert {link[1:] for link in links if link.startswith("#")} <= places.keys()


def test_what_a_description_says_is_text():
    evil = "<script>alert(1)</script>"
    operation = {
        "operationId": evil, "summary": evil, "x-permission": evil, "responses": {"200": {"description": evil}},
        "parameters": [{"name": evil, "schema": {"enum": [evil], "pattern": evil}, "description": f"`{evil}`"}],
    }  # fmt: skip
    schema = {"type": evil, "format": evil, "description": evil, "properties": {evil: {"$ref": f"#/x/{evil}"}}}
    document = {
        "info": {"title": evil},
        "paths": {f"/api/v1/{evil}": {"get": operation}},
        "components": {"schemas": {evil: schema}},
    }
    assert "<script" not in write_page(document)


async def test_everybody_is_given_it_with_a_policy_that_allows_no_script(admin):
    answer = await admin.get("/api/v1/docs")
    assert (answer.status, answer.content_type) == (200, "text/html")
    rules = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert rules == {
        "default-src": "'none'", "style-src": "'self'", "base-uri": "'none'", "form-action": "'none'",
        "frame-ancestors": "'none'",
    }  # fmt: skip
    text = await answer.text()
    assert "<script" not in text
    assert "style=" not in text
    assert (await admin.get("/api/v1/docs.css")).content_type == "text/css"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
async def test_it_is_for_everybody_to_read(admin, browser, scheme, width):
    context = await browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )  # fmt: skip
    tab = await context.new_page()
    await tab.goto(str(admin.client.make_url("/api/v1/docs")))
    assert await tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await tab.evaluate(AXE.read_text("utf-8"))
    run = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})"
    found = await tab.evaluate(f"{run}.then(found => found.violations.map(one => [one.id, one.nodes[0].html]))")
    assert found == []
    await context.close()
