"""Draws every icon file that is shipped: ``python -m tools.draw_icons [FOLDER]``.

    icons/hicolor/NxN/apps/traywatch-STATE.png  the six states, for trays that look them up by name
    icons/traywatch.png, .ico, .icns            the program's own icon: Linux, Windows, macOS

The drawing itself is in ``traywatch.sinks.icons``; a test compares these files with it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from traywatch.core.overview import IconState
from traywatch.sinks import icons

ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
ICO_SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 256)
"""Windows at 100 to 250 %, small and large."""
ICNS_SIZES: Final = (16, 32, 64, 128, 256, 512, 1024)


def draw_all(assets: Path) -> None:
    """Write all files below ``assets``, over what is there."""
    folder = assets / "icons"
    for size in icons.SIZES:
        apps = folder / "hicolor" / f"{size}x{size}" / "apps"
        apps.mkdir(parents=True, exist_ok=True)
        for state in IconState:
            icons.draw(state, size).save(apps / f"traywatch-{state}.png", optimize=True)
    icons.draw_mark(256).save(folder / "traywatch.png", optimize=True)
    _draw_set(folder / "traywatch.ico", ICO_SIZES)
    _draw_set(folder / "traywatch.icns", ICNS_SIZES)


def _draw_set(file: Path, sizes: tuple[int, ...]) -> None:
    """One file with an image drawn for each size; the largest must come first for Pillow."""
    largest, *others = [icons.draw_mark(size) for size in sorted(sizes, reverse=True)]
    # Without "sizes" the ICO writer adds sizes of its own; the ICNS writer does not know the word.
    largest.save(file, append_images=others, sizes=[(size, size) for size in sizes])


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS)
