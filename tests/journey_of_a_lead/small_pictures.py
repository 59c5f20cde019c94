"""Makes the screenshots of a folder small: 256 colours are enough for them. Run by `make tour`, with Pillow."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image


def shrink(picture: Path) -> None:
    """Writes the picture again with a palette, if it has none yet."""
    with Image.open(picture) as opened:
        if opened.mode == "P":
            return
        small = opened.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(picture, optimize=True)


for each in sorted(Path(sys.argv[1]).glob("*.png")):
    shrink(each)
