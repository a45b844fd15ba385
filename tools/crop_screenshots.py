"""Makes the README's pictures of what the desktop tests saw: ``python -m tools.crop_screenshots``.

The screen of the tests is large and mostly empty; what is to be seen lies in two of its corners.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
SEEN: Final = ROOT / ".build" / "screenshots" / "built-demo.png"
PICTURES: Final = {
    "menu.png": (0, 0, 340, 300),
    "toasts.png": (480, 0, 900, 240),
}
"""Left, top, right, bottom of each on that screen."""


def main() -> None:
    """Write them into ``docs``."""
    folder = ROOT / "docs"
    folder.mkdir(exist_ok=True)
    with Image.open(SEEN) as screen:
        for name, box in PICTURES.items():
            screen.crop(box).quantize(64).save(folder / name, optimize=True)


if __name__ == "__main__":
    main()
