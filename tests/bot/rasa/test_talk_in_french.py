"""How French is read in a talk: yes and no, refusals, questions back, choices, what is taken back."""

from __future__ import annotations

import time

import pytest

from parley_rasa.choice_matching import match_choice
from parley_rasa.offered_times import asks_for_times, is_any_time
from parley_rasa.question_talk import asks_about_messages, asks_about_question, has_none, refuses
from parley_rasa.talk_words.fr import WORDS
from parley_rasa.typed_answers import normalise, read_agreement, read_yes_no, taken_back, without_turning_off

GOALS = [
    {"value": "demo", "label": "Je voudrais voir une démo", "also": ["une démo", "le voir"]},
    {"value": "pricing", "label": "Je cherche les tarifs", "also": ["prix", "tarifs"]},
    {"value": "looking", "label": "Je regarde seulement", "also": ["non", "rien", "par curiosité"]},
]
SIZES = [
    {"value": "1-9", "label": "De 1 à 9 personnes"},
    {"value": "10-49", "label": "De 10 à 49 personnes"},
    {"value": "50-249", "label": "De 50 à 249 personnes"},
    {"value": "250+", "label": "250 personnes ou plus"},
]
PROBLEMS = [
    {"value": "invoices", "label": "Les factures", "also": ["facture", "factures"]},
    {"value": "bank", "label": "La banque ou les connexions", "also": ["banque", "import"]},
    {"value": "blocked", "label": "Je ne peux plus travailler", "also": ["on ne peut plus travailler", "urgent"]},
]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("J'ai l'année d'avant", "j ai l annee d avant"),
        ("D’accord !", "daccord"),
        ("Qu'est-ce que c'est ?", "qu est ce que c est"),
        ("aujourd'hui", "aujourdhui"),
        ("quelqu'un", "quelquun"),
        ("don't, it's o'clock", "dont its oclock"),
    ],
)
def test_a_word_that_lost_its_last_letter_stands_by_itself(text, words):
    assert normalise(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "oui",
        "Oui !",
        "ouais",
        "oui, s'il vous plaît",
        "bien sûr",
        "volontiers",
        "avec plaisir",
        "j'accepte",
        "oui je suis d'accord",
        "tout à fait",
        "je veux bien",
        "allez-y",
        "oui allez-y",
    ],
)
def test_clear_words_are_a_yes_that_binds(text):
    assert (read_yes_no(text, "fr"), read_agreement(text, "fr")) == (True, True)


@pytest.mark.parametrize("text", ["d'accord", "ok", "ok d'accord", "ça marche", "parfait", "pourquoi pas", "oui ?"])
def test_what_may_only_mean_i_see_is_a_yes_but_binds_nobody(text):
    assert (read_yes_no(text, "fr"), read_agreement(text, "fr")) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "non",
        "Non merci.",
        "nan",
        "pas du tout",
        "surtout pas",
        "non, pas maintenant",
        "je ne préfère pas",
        "ça ne m'intéresse pas",
        "non, je ne veux pas d'e-mails",
        "non, n'envoyez rien",
        "certainement pas",
        "sans façon",
        "ah non merci",
        "mdr non",
        "je ne suis pas d'accord",
    ],
)
def test_clear_words_are_a_no(text):
    assert read_yes_no(text, "fr") is False


@pytest.mark.parametrize(
    "text",
    [
        "oui mais pas trop souvent",
        "non mais plus tard peut-être",
        "oui et non",
        "si on veut",
        "non, pas de problème",
        "je ne sais pas",
        "pas encore",
        "on ne reçoit pas les paiements à temps",
        "peut-être",
        "ouistiti",
        "nous sommes dix",
    ],
)
def test_anything_else_is_neither(text):
    assert read_yes_no(text, "fr") is None


@pytest.mark.parametrize(
    "text",
    [
        "passer",
        "je passe",
        "skip",
        "je préfère ne pas le dire",
        "je préfère pas donner mon mail",
        "je ne veux pas donner mon numéro",
        "j'aime autant pas",
        "ça ne vous regarde pas",
        "c'est pas vos oignons",
        "c'est privé",
        "aucune idée",
        "je sais pas trop",
        "jsp",
        "on ne sait pas encore",
        "on peut passer cette question ?",
        "je suis obligé de répondre ?",
        "pas d'e-mail",
        "rien de spécial",
        "c'est obligatoire ?",
        "je préfère garder ça pour moi",
    ],
)
def test_an_answer_is_declined_in_many_ways(text):
    assert refuses(text, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "on ne sait pas qui a payé",
        "je ne veux plus relancer les gens",
        "je ne veux pas être contacté",
        "on ne veut pas perdre de temps",
        "stop",
        "plus de mails svp",
        "Pascal",
        "la semaine prochaine",
        "personne ne paie à temps",
        "on passe trop de temps à recopier",
        "laissez-moi tranquille",
        "passer à la facture électronique",
        "",
    ],
)
def test_an_answer_or_a_stop_is_no_refusal_to_answer(text):
    assert not refuses(text, "fr")


@pytest.mark.parametrize(
    "text", ["j'ai pas de mail", "je n'ai pas d'adresse e-mail", "nous n'avons pas d'entreprise", "j'en ai pas"]
)
def test_who_has_none_says_so(text):
    assert has_none(text, "fr")


@pytest.mark.parametrize("text", ["je n'ai pas le temps", "on n'a pas de visibilité sur la trésorerie", "j'ai un mail"])
def test_who_lacks_something_else_does_not_say_that_there_is_none(text):
    assert not has_none(text, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "pourquoi ?",
        "pk",
        "c koi",
        "c koi le rapport ?",
        "c'est à quel sujet ?",
        "hein ?",
        "comment ça",
        "pourquoi vous me demandez ça ?",
        "pourquoi vous voulez mon adresse ?",
        "pourquoi avez-vous besoin de mon nom",
        "à quoi ça sert ?",
        "qu'est-ce que ça veut dire",
        "je comprends pas la question",
        "quelle est la différence ?",
        "c'est quoi la différence entre les deux",
        "vous allez en faire quoi ?",
        "que dois-je mettre ici ?",
        "aide",
        "c'est vraiment nécessaire ?",
        "???",
    ],
)
def test_a_question_about_the_question_is_told(text):
    assert asks_about_question(text, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "pourquoi vous me contactez",
        "pourquoi est-ce que je reçois ce message",
        "combien ça coûte",
        "comment ça marche",
        "que savez-vous de moi",
        "à quoi sert votre outil",
        "pourquoi c'est si cher",
        "",
        "Quentin",
    ],
)
def test_another_question_is_not_about_the_one_asked(text):
    assert not asks_about_question(text, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "c'est souvent ?",
        "combien de mails par mois ?",
        "quel genre de messages",
        "je peux me désinscrire après ?",
        "vous m'enverrez quoi ?",
        "et si je dis non ?",
    ],
)
def test_questions_about_the_messages_are_told(text):
    assert asks_about_messages(text, "fr")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("une démo svp", "demo"),
        ("la demo", "demo"),
        ("le premier", "demo"),
        ("la deuxième option", "pricing"),
        ("le 3", "looking"),
        ("je prends le dernier", "looking"),
        ("les tarifs s'il vous plaît", "pricing"),
        ("tarrifs", "pricing"),
        ("c'est juste par curiosité", "looking"),
    ],
)
def test_a_choice_is_named_by_label_place_or_ordinal(text, value):
    match = match_choice(text, GOALS, language="fr")
    assert match is not None and match.value == value


@pytest.mark.parametrize(
    "text",
    ["pas les tarifs", "je ne veux pas de démo", "ni démo ni prix", "démo ou tarifs", "les deux", "le cinquième"],
)
def test_a_choice_that_is_turned_down_or_not_there_is_not_chosen(text):
    assert match_choice(text, GOALS, language="fr") is None


def test_both_of_two_are_not_neither():
    events = [{"value": "first", "label": "Le jeudi"}, {"value": "neither", "label": "Aucun des deux"}]
    assert match_choice("les deux", events, language="fr") is None
    assert match_choice("aucun des deux", events, language="fr").value == "neither"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on est une soixantaine", "50-249"),
        ("deux", "1-9"),
        ("vingt-cinq", "10-49"),
        ("nous sommes douze", "10-49"),
        ("entre 10 et 20", "10-49"),
        ("plus de 300", "250+"),
        ("une bonne centaine de personnes", "50-249"),
        ("mille", "250+"),
    ],
)
def test_an_amount_in_words_picks_the_range_it_lies_in(text, value):
    match = match_choice(text, SIZES, language="fr")
    assert match is not None and match.value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("l'import de la banque ne marche plus", "bank"),
        ("les factures ne partent pas", "invoices"),
        ("on ne peut plus travailler, c'est grave", "blocked"),
    ],
)
def test_what_does_not_work_is_named_all_the_same(text, value):
    match = match_choice(text, PROBLEMS, language="fr")
    assert match is not None and match.value == value


@pytest.mark.parametrize("text", ["pas la banque", "ce n'est pas la banque", "ni les factures ni la banque"])
def test_what_is_turned_down_is_not_named(text):
    assert match_choice(text, PROBLEMS, language="fr") is None


@pytest.mark.parametrize(
    ("text", "value", "restated"),
    [
        ("pardon, nous sommes 12", "12", True),
        ("non, je voulais dire Anaïs", "Anaïs", True),
        ("je me suis trompée, c'est Dubois", "Dubois", True),
        ("en fait Tremblay", "Tremblay", False),
        ("non, plutôt mardi", "mardi", False),
        ("désolé, on est 40", "40", True),
        ("je voulais dire Jean", "Jean", True),
        ("oups, mettez 3", "3", True),
    ],
)
def test_what_takes_something_back_is_told_from_what_stands_in_its_place(text, value, restated):
    taken = taken_back(text, "fr")
    assert taken is not None
    assert (taken.value, taken.restated) == (value, restated)


@pytest.mark.parametrize("text", ["pardon", "nous sommes 12", "Enfinance", "Nono", ""])
def test_a_text_that_puts_nothing_in_place_of_anything_takes_nothing_back(text):
    assert taken_back(text, "fr") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("désactivez les e-mails", "emails"),
        ("coupez les sms svp", "sms"),
        ("plus de sms s'il vous plaît", "sms"),
        ("je ne veux plus recevoir de courriels", "courriels"),
        ("pas de telegram", "telegram"),
    ],
)
def test_what_is_turned_off_is_named(text, named):
    assert without_turning_off(text, "fr") == named


@pytest.mark.parametrize(
    "text",
    ["le plus tôt possible", "n'importe lequel", "peu importe", "le premier créneau disponible", "comme vous voulez"],
)
def test_any_time_will_do(text):
    assert is_any_time(text, "fr")


@pytest.mark.parametrize(
    "text", ["vous avez quelque chose vendredi ?", "y a-t-il un créneau l'après-midi", "d'autres ?"]
)
def test_who_asks_what_is_free_takes_none_yet(text):
    assert asks_for_times(text, "fr")


@pytest.mark.parametrize(
    "text",
    [
        "combien ça coûte ?",
        "combien ca coute",
        "bonjour, vous avez une appli",
        "et où sont les données",
        "ou sont vos serveurs",
        "est-ce que c'est sécurisé",
        "y a-t-il un essai gratuit",
        "je peux le tester",
        "c'est quoi le prix",
        "ça coûte combien",
        "peut-on importer un csv",
        "je voudrais savoir si c'est gratuit",
        "pour combien de temps on s'engage",
    ],
)
def test_a_question_is_told_by_its_words(text):
    assert WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "nous sommes dix",
        "il y a douze personnes chez nous",
        "que du papier",
        "je voudrais une démo",
        "Quentin",
        "c'est Paul",
        "on perd des heures à relancer",
        "je ne sais pas quand",
        "mardi ou jeudi",
    ],
)
def test_what_tells_something_is_no_question(text):
    assert not WORDS.asking.match(text)


@pytest.mark.parametrize(
    "text",
    [
        "je voudrais une démo",
        "svp envoyez-moi le guide",
        "bonjour, j'ai besoin d'aide",
        "inscrivez-nous au webinaire",
        "on aimerait un devis",
        "il me faut un rendez-vous",
    ],
)
def test_a_request_is_told_by_its_words(text):
    assert WORDS.requesting.match(text)


@pytest.mark.parametrize(
    "said",
    [
        "je veux parler a quelquun",
        "puis je parler avec un conseiller svp",
        "je prefere discuter avec une vraie personne",
        "je ne veux pas de rendez vous je veux parler a quelquun maintenant",
    ],
)
def test_who_wants_a_person_says_so(said):
    assert WORDS.wants_person.search(said)


@pytest.mark.parametrize("said", ["je dois en parler a mon chef", "je veux parler a un client qui ne paie pas"])
def test_who_speaks_of_somebody_else_wants_none_of_ours(said):
    assert not WORDS.wants_person.search(said)


@pytest.mark.parametrize(
    "said", ["laissez tomber", "annulez", "non laissez tomber", "oubliez ca", "tant pis", "on arrete la merci"]
)
def test_what_breaks_off_is_told(said):
    assert WORDS.cancels.fullmatch(said)


@pytest.mark.parametrize(
    "said", ["annuler mon contrat", "oubliez moi", "laissez moi tranquille", "on oublie de relancer les clients"]
)
def test_what_only_speaks_of_cancelling_breaks_off_nothing(said):
    assert not WORDS.cancels.fullmatch(said)


@pytest.mark.parametrize("said", ["au revoir", "bonne journée", "à bientôt", "c'est tout merci", "je vous laisse"])
def test_a_goodbye_has_its_words(said):
    assert WORDS.parting.search(said)


@pytest.mark.parametrize(
    "piece",
    ["non ", "pourquoi ", "je veux ", "la ", "je ne veux pas donner ", "pardon, ", "bonjour, ", "de la ",
     "parler a un ", "c'est ", "plus de la "],
)  # fmt: skip
def test_a_hostile_text_of_4000_characters_takes_no_time(piece):
    text = (piece * 4000)[:4000]
    started = time.perf_counter()
    match_choice(text, GOALS, language="fr")
    for cut in (text[:400], text):
        refuses(cut, "fr")
        has_none(cut, "fr")
        asks_about_question(cut, "fr")
        asks_about_messages(cut, "fr")
    read_yes_no(text, "fr")
    taken_back(text, "fr")
    without_turning_off(text, "fr")
    is_any_time(text, "fr")
    WORDS.asking.match(text)
    WORDS.requesting.match(text)
    WORDS.wants_person.search(text)
    WORDS.cancels.fullmatch(text)
    WORDS.cancels_named.fullmatch(text)
    WORDS.instead_of.fullmatch(text[:200])
    assert time.perf_counter() - started < 0.5
