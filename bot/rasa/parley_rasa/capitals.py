"""Character classes for names that begin with a capital letter, of any of the alphabets that have one. Data only."""

from __future__ import annotations

UPPER = "".join(chr(code) for code in range(0x41, 0x530) if chr(code).isupper())
"""Latin, Greek and Cyrillic capitals, to stand within the brackets of a character class."""
TITLE = r"(?:(?:Dr|Prof|Mr|Mrs|Ms|M|Mme|Mlle|Sr|Sra|Hr|Fr)\.\s+)?"
"""What may stand before a name and ends with a dot that ends no sentence."""
COMPANY = rf"([{UPPER}0-9][\w&.'’-]*(?:\s+(?:(?:&|and|of|de|the|und|y|et|e)\s+)?[{UPPER}0-9&][\w&.'’-]*){{0,5}})"
"""The name of a company, in words with capitals, as one group."""
