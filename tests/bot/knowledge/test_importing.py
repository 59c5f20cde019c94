"""Taking in what others keep: web pages, tables and Markdown become articles that say the same."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.importing.drafted import file_name
from bot.knowledge.importing.files import plan_import
from bot.knowledge.importing.pages import escape, read_page
from flows.errors import FlowsRefused
from flows.knowledge import parse_article
from flows.markdown_blocks import find_html, read_blocks

PAGE = """<!doctype html><html lang="de-at"><head><title>Help – Northwind</title>
<link rel="canonical" href="https://northwind.example/help/refunds"><script>track("x")</script></head>
<body><nav><a href="/">Home</a></nav><header>Northwind</header>
<main><h1>Geld zurück</h1><p>Innerhalb von <b>zehn Tagen</b>,
auf <a href="https://x.example">dieselbe Karte</a>.</p>
<h2>Was Sie brauchen</h2><ul><li>die Rechnung</li><li><p>die Nummer</p><ul><li>mit Jahr</li></ul></li></ul>
<table><tr><th>Plan</th><th>Tage</th></tr><tr><td>Team</td><td>5</td></tr></table>
<div>1. kein <span>Listenpunkt</span><br>und *kein* Markup</div><pre>a &lt; b</pre>
<form><button>Senden</button></form></main><footer>Impressum</footer></body></html>"""


def test_of_a_page_the_main_text_stays_and_nothing_else():
    page = read_page(PAGE)
    assert (page.title, page.link, page.language) == ("Geld zurück", "https://northwind.example/help/refunds", "de-AT")
    assert [(block.kind, block.text) for block in read_blocks(page.markdown)] == [
        ("paragraph", "Innerhalb von zehn Tagen, auf dieselbe Karte."),
        ("heading", "Was Sie brauchen"),
        ("item", "die Rechnung"),
        ("item", "die Nummer"),
        ("item", "mit Jahr"),
        ("row", "Plan: Team; Tage: 5"),
        ("paragraph", "1. kein Listenpunkt und *kein* Markup"),
        ("code", "a < b"),
    ]


def test_a_page_without_a_main_part_loses_its_head_and_menus():
    page = read_page("<title>T</title><body><header>Logo</header><nav>Menu</nav><p>Said.</p><footer>End</footer>")
    assert (page.title, page.markdown, page.link, page.language) == ("T", "Said.", None, None)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_no_text_is_taken_for_markup(text):
    written = escape(text)
    assert find_html(written) is None
    assert "".join("".join(block.text for block in read_blocks(written)).split()) == "".join(text.split())


def write(folder, **files: str) -> None:
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")


def test_a_table_gives_an_article_for_each_title_with_the_questions_it_answers(tmp_path):
    write(tmp_path, faq_csv=(
        "Question;Answer;Title;Link\n"
        "When is it paid?;Within ten days.;Refunds;https://x.example/r\n"
        'Where to?;"<p>To the <b>same</b> card.</p>";Refunds;\n'
        '"Is there an app?";"Yes, on\nphones";;\n'
    ))  # fmt: skip
    refunds, app = plan_import(tmp_path / "faq.csv", {})
    assert (refunds.name, app.name) == ("refunds.md", "is_there_an_app.md")
    read = parse_article(refunds.text, refunds.name, [])
    assert read.about.questions == ("When is it paid?", "Where to?")
    assert read.about.link == "https://x.example/r"
    assert [block.text for block in read_blocks(read.body)] == [
        "When is it paid?", "Within ten days.", "Where to?", "To the same card.",
    ]  # fmt: skip
    assert parse_article(app.text, app.name, []).text == "Yes, on phones"


@pytest.mark.parametrize(
    ("table", "line", "rule"),
    [
        ("frage,antwort\na,b\n", 1, "table.columns"),
        ("question,answer\na,b\nc,\n", 3, "table.empty"),
        ('question,answer\na,"b\n', 2, "table.format"),
        ("question,answer,link\na,b,http://x.example\n", 2, "model.string_pattern_mismatch"),
        ("question,answer,language\na,b,german\n", 2, "model.string_pattern_mismatch"),
    ],
)
def test_a_fault_in_a_table_names_its_line(tmp_path, table, line, rule):
    write(tmp_path, faq_csv=table)
    with pytest.raises(FlowsRefused) as refused:
        plan_import(tmp_path / "faq.csv", {})
    assert [(one.file, one.line, one.rule) for one in refused.value.faults] == [("faq.csv", line, rule)]


def test_markdown_is_taken_as_it_stands_or_gets_its_title_from_its_first_heading(tmp_path):
    done = "---\ntitle: Done\n---\nReady.\n"
    write(tmp_path, done_md=done, guide_md="# The guide\n\nDo *this*.\n", plain_page_md="Only text.\n")
    planned = {one.name: one for one in plan_import(tmp_path, {"done.md": done, "the_guide.md": "old"}, language="en")}
    assert planned["done.md"].text == done
    assert planned["the_guide.md"].text == "---\ntitle: The guide\nlanguage: en\n---\nDo *this*.\n"
    assert yaml.safe_load(planned["plain_page.md"].text.split("---")[1])["title"] == "Plain page"
    assert {name: one.change for name, one in planned.items()} == {
        "done.md": "same", "the_guide.md": "changed", "plain_page.md": "new",
    }  # fmt: skip


def test_every_file_that_cannot_be_read_is_named_and_nothing_is_taken_in(tmp_path):
    write(tmp_path, empty_html="<main></main>", fine_md="Text.\n", odd_md="a <b>b</b>\n")
    (tmp_path / "latin.md").write_bytes("é".encode("latin-1"))
    with pytest.raises(FlowsRefused) as refused:
        plan_import(tmp_path, {})
    assert {(one.file, one.rule) for one in refused.value.faults} == {
        ("empty.html", "import.empty"), ("odd.md", "article.markup"), ("latin.md", "file.encoding"),
    }  # fmt: skip


def test_an_empty_folder_and_a_picture_are_refused(tmp_path):
    write(tmp_path, logo_png="x")
    for path, rule in ((tmp_path, "import.nothing"), (tmp_path / "logo.png", "import.kind")):
        with pytest.raises(FlowsRefused) as refused:
            plan_import(path, {})
        assert rule in {one.rule for one in refused.value.faults}


def test_names_of_files_are_plain_and_nobody_elses():
    assert file_name("Größe & Übersicht: 3. Teil?", set()) == "grosse_ubersicht_3_teil.md"
    assert file_name("Plans", {"plans.md", "plans_2.md"}) == "plans_3.md"
    assert file_name("料金", set()) == "article.md"
