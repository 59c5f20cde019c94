"""How Spanish is read in a talk: yes and no, refusals, questions back, choices, what is taken back."""

from __future__ import annotations

import time

import pytest

from parley_rasa.choice_matching import match_choice
from parley_rasa.offered_times import asks_for_times, is_any_time
from parley_rasa.question_talk import asks_about_messages, asks_about_question, has_none, refuses
from parley_rasa.talk_words.es import WORDS
from parley_rasa.typed_answers import read_agreement, read_yes_no, taken_back, without_turning_off

GOALS = [
    {"value": "demo", "label": "Quiero ver una demo", "also": ["una demo", "verlo"]},
    {"value": "pricing", "label": "Busco precios", "also": ["precio", "tarifas"]},
    {"value": "looking", "label": "Solo estoy mirando", "also": ["no", "nada", "curiosidad"]},
]


@pytest.mark.parametrize(
    "text", ["sí", "si", "Sí, por favor", "claro que sí", "acepto", "estoy de acuerdo", "por supuesto"]
)
def test_clear_words_are_a_yes_that_binds(text):
    assert (read_yes_no(text, "es"), read_agreement(text, "es")) == (True, True)


@pytest.mark.parametrize("text", ["vale", "ok", "dale", "venga", "bueno", "perfecto", "órale", "exacto", "¿sí?"])
def test_what_may_only_mean_i_see_is_a_yes_but_binds_nobody(text):
    assert (read_yes_no(text, "es"), read_agreement(text, "es")) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No, gracias",
        "para nada",
        "claro que no",
        "mejor no",
        "por ahora no",
        "no me interesa",
        "ni hablar",
        "no quiero recibir correos",
        "no, no acepto",
        "nunca",
        "pues no",
        "no me envíen publicidad, gracias",
    ],
)
def test_clear_words_are_a_no(text):
    assert read_yes_no(text, "es") is False


@pytest.mark.parametrize(
    "text",
    [
        "no sé",
        "no entiendo",
        "no llegan los correos",
        "si me llaman antes",
        "sí pero no",
        "siempre",
        "no quiero teclear más",
        "no recibimos los pagos a tiempo",
        "quizás",
        "nos interesa",
        "no quiero perder tiempo con recordatorios",
    ],
)
def test_anything_else_is_neither(text):
    assert read_yes_no(text, "es") is None


@pytest.mark.parametrize(
    "text",
    [
        "saltar",
        "paso",
        "prefiero no decirlo",
        "no quiero dar mi teléfono",
        "no se lo voy a decir",
        "no es asunto suyo",
        "¿y a usted qué le importa?",
        "eso es privado",
        "ni idea",
        "no lo sé todavía",
        "nada en especial",
        "sin empresa",
        "podemos saltar esta pregunta",
        "no sé qué poner",
        "tengo que decirlo?",
        "preferiría no dar mi correo",
    ],
)
def test_an_answer_is_declined_in_many_ways(text):
    assert refuses(text, "es")


@pytest.mark.parametrize(
    "text",
    [
        "no quiero teclear cada factura",
        "no queremos dejar facturas sin cobrar",
        "no sabemos quién ha pagado",
        "Nadia",
        "no quiero que me contacten",
        "no queremos dar de alta a cada cliente a mano",
        "Paso Robles",
        "la semana que viene",
        "no tengo tiempo de mandar recordatorios",
        "baja",
        "no podemos ver los pagos",
    ],
)
def test_an_answer_or_a_stop_is_no_refusal_to_answer(text):
    assert not refuses(text, "es")


@pytest.mark.parametrize(
    "text", ["no tengo correo", "no usamos email", "es que no tengo teléfono", "no tengo ninguna empresa"]
)
def test_who_has_none_says_so(text):
    assert has_none(text, "es")


@pytest.mark.parametrize("text", ["no tengo tiempo", "no tenemos control de los cobros", "tengo correo"])
def test_who_lacks_something_else_does_not_say_that_there_is_none(text):
    assert not has_none(text, "es")


@pytest.mark.parametrize(
    "text",
    [
        "¿por qué?",
        "por que me lo pregunta",
        "para qué lo necesitan?",
        "¿cómo?",
        "qué quiere decir",
        "no entiendo la pregunta",
        "¿para qué quieren mi teléfono?",
        "¿es necesario?",
        "qué pongo aquí",
        "cuál es la diferencia",
        "¿a qué se refiere?",
    ],
)
def test_a_question_about_the_question_is_told(text):
    assert asks_about_question(text, "es")


@pytest.mark.parametrize(
    "text",
    ["por qué me han escrito", "cuánto cuesta", "que me llamen", "como siempre", "para qué sirve northwind ledger"],
)
def test_another_question_is_not_about_the_one_asked(text):
    assert not asks_about_question(text, "es")


@pytest.mark.parametrize(
    "text",
    ["¿cada cuánto?", "qué tipo de correos son", "cuántos al mes", "puedo darme de baja luego?", "¿y si digo que no?"],
)
def test_questions_about_the_messages_are_told(text):
    assert asks_about_messages(text, "es")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("una demo por favor", "demo"),
        ("la primera", "demo"),
        ("la segunda opción", "pricing"),
        ("el 3", "looking"),
        ("quiero la última", "looking"),
        ("me quedo con la 2", "pricing"),
        ("las tarifas", "pricing"),
        ("prezios", "pricing"),
        ("por curiosidad", "looking"),
    ],
)
def test_a_choice_is_named_by_label_place_or_ordinal(text, value):
    match = match_choice(text, GOALS, language="es")
    assert match is not None and match.value == value


@pytest.mark.parametrize(
    "text", ["sin precios", "no quiero una demo", "ni demo ni precios", "demo o tarifas", "la quinta"]
)
def test_a_choice_that_is_turned_down_or_not_there_is_not_chosen(text):
    assert match_choice(text, GOALS, language="es") is None


@pytest.mark.parametrize(
    ("text", "value", "restated"),
    [
        ("perdón, somos 12", "12", True),
        ("no, quise decir Ana", "Ana", True),
        ("me equivoqué, es Ferrer", "Ferrer", True),
        ("en realidad Lindero", "Lindero", False),
        ("mejor por teléfono", "por teléfono", False),
        ("no, mejor el martes", "el martes", False),
        ("quería decir Juan", "Juan", True),
    ],
)
def test_what_takes_something_back_is_told_from_what_stands_in_its_place(text, value, restated):
    taken = taken_back(text, "es")
    assert taken is not None
    assert (taken.value, taken.restated) == (value, restated)


@pytest.mark.parametrize("text", ["perdón", "mejoramos", "Ana", ""])
def test_a_text_that_puts_nothing_in_place_of_anything_takes_nothing_back(text):
    assert taken_back(text, "es") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("desactive el correo", "correo"),
        ("quita los sms por favor", "sms"),
        ("no más correos", "correos"),
        ("sin telegram", "telegram"),
        ("no quiero recibir más sms", "sms"),
    ],
)
def test_what_is_turned_off_is_named(text, named):
    assert without_turning_off(text, "es") == named


@pytest.mark.parametrize("text", ["la primera que haya", "lo antes posible", "cualquiera", "me da igual", "la que sea"])
def test_any_time_will_do(text):
    assert is_any_time(text, "es")


@pytest.mark.parametrize("text", ["¿hay algo el viernes?", "tienen otra hora", "no queda algún hueco por la tarde"])
def test_who_asks_what_is_free_takes_none_yet(text):
    assert asks_for_times(text, "es")


@pytest.mark.parametrize(
    "text",
    [
        "¿cuánto cuesta?",
        "cuanto cuesta",
        "y dónde guardan los datos",
        "hola, tienen app?",
        "qué incluye",
        "puedo probarlo",
        "quiero saber si hay descuento",
        "perdón, una duda, es seguro",
        "como funciona",
    ],
)
def test_a_question_is_told_by_its_words(text):
    assert WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "que me llamen",
        "como siempre",
        "cuando puedan",
        "hay doce personas",
        "es Pedro",
        "somos diez",
        "quiero una demo",
    ],
)
def test_what_tells_something_is_no_question(text):
    assert not WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text", ["quiero una demo", "por favor mándeme la guía", "hola, necesito ayuda", "apúntenme al webinar"]
)
def test_a_request_is_told_by_its_words(text):
    assert WORDS.requesting.match(text)


@pytest.mark.parametrize(
    "said",
    ["quiero hablar con una persona", "puedo hablar con alguien de ventas", "prefiero hablar con un asesor por favor"],
)
def test_who_wants_a_person_says_so(said):
    assert WORDS.wants_person.search(said)


@pytest.mark.parametrize("said", ["quiero hablar con una persona que usa excel", "necesito hablar con mi jefe"])
def test_who_speaks_of_somebody_else_wants_none_of_ours(said):
    assert not WORDS.wants_person.search(said)


@pytest.mark.parametrize(
    "said", ["cancela", "dejalo", "olvidelo", "no mejor dejalo", "cancelar todo", "olvidate de eso"]
)
def test_what_breaks_off_is_told(said):
    assert WORDS.cancels.fullmatch(said)


@pytest.mark.parametrize("said", ["cancelar mi contrato", "deje el mensaje ayer", "no puedo cancelar facturas"])
def test_what_only_speaks_of_cancelling_breaks_off_nothing(said):
    assert not WORDS.cancels.fullmatch(said)


@pytest.mark.parametrize(
    "piece", ["no ", "por que ", "quiero ", "la ", "no quiero dar ", "perdón, ", "hola, ", "de la "]
)
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    match_choice(text, GOALS, language="es")
    read_yes_no(text, "es")
    taken_back(text, "es")
    without_turning_off(text, "es")
    is_any_time(text, "es")
    WORDS.asking.match(text)
    WORDS.requesting.match(text)
    WORDS.wants_person.search(text)
    WORDS.instead_of.fullmatch(text[:200])
    assert time.perf_counter() - started < 0.5


SIZES = [
    {"value": "1-9", "label": "De 1 a 9 personas"},
    {"value": "10-49", "label": "De 10 a 49 personas"},
    {"value": "50-249", "label": "De 50 a 249 personas"},
    {"value": "250+", "label": "250 personas o más"},
]
PROBLEMS = [
    {"value": "invoices", "label": "Facturas", "also": ["factura"]},
    {"value": "bank", "label": "Banco o conexiones", "also": ["banco", "importación"]},
    {"value": "blocked", "label": "No puedo trabajar", "also": ["no podemos trabajar", "urgente"]},
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("somos unos sesenta", "50-249"),
        ("dos", "1-9"),
        ("veinticinco", "10-49"),
        ("somos doce", "10-49"),
        ("entre 10 y 20", "10-49"),
        ("más de 300", "250+"),
        ("trabajamos aquí unas treinta personas entre la oficina y el almacén", "10-49"),
        ("mil", "250+"),
    ],
)
def test_an_amount_in_words_picks_the_range_it_lies_in(text, value):
    match = match_choice(text, SIZES, language="es")
    assert match is not None and match.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("la importación del banco no funciona desde ayer", "bank"),
        ("no se envían las facturas", "invoices"),
        ("es muy grave, no podemos trabajar", "blocked"),
    ],
)
def test_what_does_not_work_is_named_all_the_same(text, value):
    match = match_choice(text, PROBLEMS, language="es")
    assert match is not None and match.value == value


@pytest.mark.parametrize("text", ["no es el banco", "el banco no", "facturas no"])
def test_what_is_turned_down_is_not_named(text):
    assert match_choice(text, PROBLEMS, language="es") is None


def test_a_word_that_is_milder_in_a_chat_stops_all_messages_by_phone_only():
    assert "alto" in WORDS.stops_by_phone
    assert {"alto", "fin", "cancelar"}.isdisjoint(WORDS.stops)
    assert "baja" in WORDS.stops
