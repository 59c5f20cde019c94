"""What people call those who work with them, by language, without accents and in lower case. Data only."""

from __future__ import annotations

from dataclasses import dataclass

ADJECTIVES = (
    "full|time|part|other|more|less|staff|active|current|permanent|feste[nr]?|angestellte|weitere|andere|mas|otros"
    "|otras"
    "|autres|a|tiempo|completo"
)


@dataclass(frozen=True)
class PeopleWords:
    """Regular expressions over words and digits.

    Attributes:
        counted: nouns after a number of people.
        we_are: words before a number that counts the speakers.
        group: words before a number that says how large the group is.
        alone: the speaker and nobody else.
    """

    counted: str
    we_are: str
    group: str
    alone: str


HEDGES = (
    "between|entre|zwischen|about|around|roughly|approximately|approx|circa|ca|some|just|only|maybe|nearly|almost"
    "|currently|actually|now|up|to"
    "|over|more|than|etwa|ungefahr|rund|knapp|gut|nur|gerade|derzeit|momentan|aktuell|insgesamt|uber|mehr|als|so"
    "|unos|unas|alrededor|de|aproximadamente|casi|solo|actualmente|ahora|mas|como|en total"
    "|environ|a peu pres|a|peu|pres|presque|seulement|actuellement|quelque|plus|autour"
)
UNITS = (
    "[ap]m|o clock|days?|weeks?|months?|years?|hours?|minutes?|percent|euros?|eur|dollars?|pounds?|k|times|offices?"
    "|companies"
    "|products?"
    "|tage?n?|wochen?|monate?n?|jahre?n?|stunden?|minuten?|prozent|uhr|standorte|filialen|produkte|mal"
    "|dias?|semanas?|mes|meses|anos?|horas?|minutos?|por ciento|oficinas|tiendas|productos|veces"
    "|jours?|semaines?|mois|ans?|annees?|heures?|pour cent|bureaux|magasins|produits|fois|h"
)
PEOPLE = {
    "en": PeopleWords(
        "people|persons?|poeple|ppl|employees?|staff|workers|users|heads|folks|colleagues|guys|lads|men|women|members"
        "|desks|seats|fte|of us",
        "we are|were|we have|there are|we employ|we ve got|weve got|there re",
        "(?:team|company|firm|group|staff|office|business|shop|agency) of|team size(?: is)?|headcount(?: is)?(?: of)?",
        "(?:its )?(?:just|only) me|(?:i am|im) alone|(?:i am|im) on my own|one man show|solo founder|i work alone",
    ),
    "de": PeopleWords(
        "personen|leute[n]?|mitarbeiter(?:innen|n|in)?|mitarbeitende[nr]?|angestellten?|beschaftigten?|kollegen"
        "|kolleginnen|kopfe|menschen|mann|teammitglieder|ma|kopfig(?:es|e|en)?|fte|vollzeitkrafte|nutzer(?:innen)?",
        "wir sind|sind wir|wir waren|wir beschaftigen|bei uns arbeiten",
        "(?:team|firma|unternehmen|betrieb|gruppe|abteilung|buro|agentur) (?:von|mit|aus)|team ?grosse(?: ist| von)?",
        "nur ich|ich (?:bin|arbeite) (?:ganz )?allein|ich allein|einzelunternehmer(?:in)?|ein mann betrieb|solo",
    ),
    "es": PeopleWords(
        "personas?|empleados?|empleadas?|trabajador(?:es|as|a)?|companeros|companeras|colaboradores|usuarios|gente"
        "|miembros|puestos|socios",
        "somos|seremos|trabajamos|en el equipo hay",
        "(?:equipo|empresa|plantilla|grupo|negocio|oficina|agencia|departamento) de|tamano del equipo(?: es)?(?: de)?",
        "(?:soy |solo |solamente )+yo|yo sol[oa]|trabajo sol[oa]|soy autonom[oa]|estoy sol[oa]",
    ),
    "fr": PeopleWords(
        "personnes?|employes?|employees?|salaries?|salariees?|collaborateurs?|collaboratrices?|collegues|gens|membres"
        "|utilisateurs|effectifs?|postes|tetes",
        "nous sommes|on est|nous serons|on sera|nous employons",
        "(?:equipe|entreprise|societe|boite|groupe|agence|service|pme) de|effectif (?:est )?de"
        "|taille de l equipe(?: est)?",
        "(?:juste|seulement|uniquement|rien que) moi|je suis (?:toute? )?seule?|moi seule?|je travaille seule?"
        "|auto entrepreneur|autoentrepreneur",
    ),
}
GERMAN_TOGETHER = {
    word: number
    for number, words in enumerate(
        ("zweit", "dritt", "viert", "funft", "sechst", "siebt|siebent", "acht", "neunt", "zehnt", "elft", "zwolft",
         "dreizehnt", "vierzehnt", "funfzehnt", "sechzehnt", "siebzehnt", "achtzehnt", "neunzehnt", "zwanzigst"),
        start=2,
    )
    for word in words.split("|")
}  # fmt: skip
"""The word after "zu": "wir sind zu dritt"."""
