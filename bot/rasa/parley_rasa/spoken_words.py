"""How people say the signs of an address and the digits of a number aloud, by language. Data only; reads no text."""

from __future__ import annotations

AT = {"en": "at", "es": "arroba", "fr": "arobase|arrobase|arobas|at", "de": "ät|at|klammeraffe|bei"}
DOT = {"en": "dot", "es": "punto", "fr": "point", "de": "punkt"}
SIGNS = {
    "en": {"underscore": "_", "dash": "-", "hyphen": "-", "minus": "-"},
    "es": {"guion bajo": "_", "guión bajo": "_", "guion": "-", "guión": "-"},
    "fr": {"tiret bas": "_", "underscore": "_", "tiret": "-"},
    "de": {"unterstrich": "_", "bindestrich": "-", "minus": "-", "strich": "-"},
}
"""Longer ones first."""
NO_LOCAL_PART = frozenset(
    "am is are was be me us look looking work works working here there live based not es soy estoy suis est bin ist wir"
    " aqui ici hier arbeite travaille trabajo".split()
)
"""Words before "at" that are no address: "I am at work.com"."""
FILLERS = frozenset(
    "my mail email e address phone number mobile cell tel telephone is its it s the to at on me you can reach here"
    " this sure ok okay yes thanks thank please hi hello use call im i m and so a work contact use that be would"
    " sorry actually no oh"
    " mi correo electrónico electronico numero número teléfono telefono móvil movil es el la mio mío aquí aqui tienes"
    " sí si claro vale gracias por favor hola llámame llamame puedes escribirme llamarme al"
    " mon mail adresse numéro numero portable téléphone est c l voici le la oui bien sûr merci bonjour appelez moi s"
    " il vous plaît plait écrivez j ai au d accord courriel"
    " meine mein e-mail adresse nummer handynummer telefonnummer handy telefon ist lautet die das hier ja klar gerne"
    " gern danke bitte hallo rufen sie mich an unter du kannst erreichen ich bin erreichbar also und".split()
)
"""Words around an address or a number that add nothing to it."""
DIGITS = {
    "en": ("zero oh o nought null", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "fr": ("zéro zero", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "de": ("null", "eins", "zwei zwo", "drei", "vier", "fünf fuenf", "sechs", "sieben", "acht", "neun"),
}
"""The words for 0 to 9, those of one digit with a blank between them."""
PLUS = "plus|más|mas"
TIMES = {"double": 2, "triple": 3, "doble": 2, "doppel": 2}
"""Words that say the next digit more than once."""
