"""Tell whether a word is the name of a place rather than of a company. Pure; knows countries and large cities."""

from __future__ import annotations

from functools import lru_cache

from parley_rasa.typed_answers import normalise

_LANGUAGES = ("en", "es", "fr", "de")
_CITIES = (
    "munich|münchen|köln|cologne|frankfurt|stuttgart|düsseldorf|leipzig|hannover|nürnberg|bremen|dresden|dortmund|essen|graz"
    "|salzburg|linz|innsbruck|basel|bern|genf|genève|geneva|lausanne|wien|zürich|mailand|rom|hamburg|barcelona|valencia|sevilla"
    "|bilbao|málaga|zaragoza|granada|medellín|cali|guadalajara|puebla|quito|córdoba|rosario|londres|london|paris|berlín|roma"
    "|ciudad de méxico|nueva york|new york city|lyon|marseille|toulouse|bordeaux|lille|nantes|nice|strasbourg|rennes"
    "|montpellier|grenoble|liège|anvers|gand|bruxelles|montréal|québec|manchester|birmingham|leeds|liverpool|glasgow|edinburgh"
    "|bristol|cardiff|belfast|oxford|cambridge|san francisco|seattle|boston|austin|dallas|houston|miami|atlanta"
    "|philadelphia"
    "|washington|san diego|las vegas|portland|milan|milano|naples|barcelone|séville|lisbonne|lissabon|lisboa"
    "|bayern|bavaria"
    "|texas|california|florida|cataluña|andalucía|bretagne|normandie|ny|nyc|uk|usa|la|sf|the uk|the us|mexico"
)


def is_place(name: str) -> bool:
    """Tell whether a name is that of a country, a large city or the like."""
    return normalise(name) in _places()


@lru_cache(maxsize=1)
def _places() -> frozenset[str]:
    """List the places that time zones are named after, the countries of the world and some more, once."""
    # Loading the lists takes a while, and few turns name a company.
    from zoneinfo import available_timezones

    from babel.core import Locale

    zones = {zone.rsplit("/", maxsplit=1)[-1].replace("_", " ") for zone in available_timezones() if "/" in zone}
    countries = {
        str(name)
        for language in _LANGUAGES
        for code, name in Locale.parse(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }
    return frozenset(normalise(name) for name in {*zones, *countries, *_CITIES.split("|")})
