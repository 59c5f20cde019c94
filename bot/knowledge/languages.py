"""Which text search configuration of PostgreSQL a language is indexed and searched with. Detects no language."""

from __future__ import annotations

_CONFIGURATIONS = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian",
    "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
}  # fmt: skip


def configuration_of(language: str) -> str:
    """Give the configuration's name; `simple`, which knows no endings and no stop words, where there is none."""
    return _CONFIGURATIONS.get(language.partition("-")[0], "simple")
