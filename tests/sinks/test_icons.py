"""The six faces: told apart by shape alone, by colour alone, at every size, on light and dark."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Final

import pytest
from PIL import Image, ImageChops

from tools.draw_icons import ASSETS, ICO_SIZES, draw_all
from traywatch.core.overview import IconState
from traywatch.sinks import icons

PAIRS: Final = list(combinations(IconState, 2))
BARS: Final = {"white": (255, 255, 255), "black": (0, 0, 0), "dark": (46, 52, 64)}
Triple = tuple[float, float, float]


# ------------------------------------------------------------------ the images themselves


@pytest.mark.parametrize("size", icons.SIZES)
@pytest.mark.parametrize("state", IconState)
def test_every_icon_is_rgba_of_its_size_with_clear_corners(state: IconState, size: int) -> None:
    icon = icons.draw(state, size)
    assert (icon.mode, icon.size) == ("RGBA", (size, size))
    corners = [(x, y) for x in (0, size - 1) for y in (0, size - 1)]
    for corner in corners:
        assert alpha(icon).getpixel(corner) < 128  # type: ignore[operator]


def test_an_icon_is_drawn_once() -> None:
    assert icons.draw(IconState.DEGRADED, 22) is icons.draw(IconState.DEGRADED, 22)


@pytest.mark.parametrize("size", icons.SIZES)
@pytest.mark.parametrize("state", set(IconState) - {IconState.DEGRADED})
def test_silhouettes_stand_in_the_middle(state: IconState, size: int) -> None:
    """The triangle alone is not the same upside down."""
    shape = alpha(icons.draw(state, size))
    left, top, right, bottom = shape.getbbox() or (0, 0, 0, 0)
    assert (left, top) == (size - right, size - bottom)


@pytest.mark.parametrize("size", icons.SIZES)
def test_straight_edges_lie_on_whole_pixels(size: int) -> None:
    """A faint row beside a full one is what makes an icon look blurred."""
    for state in (IconState.MAINTENANCE, IconState.MAJOR_OUTAGE):
        shape = alpha(icons.draw(state, size))
        _, top, _, _ = shape.getbbox() or (0, 0, 0, 0)
        assert shape.getpixel((size // 2, top)) == 255
        assert shape.getpixel((top, size // 2)) == 255
    foot = alpha(icons.draw(IconState.DEGRADED, size))
    _, _, _, bottom = foot.getbbox() or (0, 0, 0, 0)
    assert foot.getpixel((size // 2, bottom - 1)) == 255


# ------------------------------------------------------------------ told apart by shape


@pytest.mark.parametrize("size", icons.SIZES)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_shape_alone_tells_states_apart(one: IconState, other: IconState, size: int) -> None:
    shapes = [alpha(icons.draw(state, size, template=True)) for state in (one, other)]
    assert covered(ImageChops.difference(*shapes)) > 0.1


@pytest.mark.parametrize("state", IconState)
def test_a_template_is_black_and_has_its_sign_cut_out(state: IconState) -> None:
    template, icon = icons.draw(state, 32, template=True), icons.draw(state, 32)
    assert template.convert("RGB").getextrema() == ((0, 0), (0, 0), (0, 0))
    if state is not IconState.UNREADABLE:  # its sign stands in the empty middle anyway
        assert covered(alpha(template)) < covered(alpha(icon)) - 0.05


# ------------------------------------------------------------------ told apart by colour

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear RGB.
EYES: Final[dict[str, tuple[Triple, Triple, Triple]]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_colour_alone_tells_states_apart_for_every_eye(
    one: IconState, other: IconState, eyes: str
) -> None:
    first, second = (lab(icons.colour(state), EYES[eyes]) for state in (one, other))
    distance = sum((a - b) ** 2 for a, b in zip(first, second, strict=True)) ** 0.5
    assert distance > 15, "CIE 1976: 2.3 is just noticeable"


@pytest.mark.parametrize("bar", BARS)
@pytest.mark.parametrize("state", IconState)
def test_every_state_stands_out_on_light_and_dark_bars(state: IconState, bar: str) -> None:
    """WCAG 2.1, 1.4.11: 3 to 1 for what carries meaning."""
    shown = Image.new("RGBA", (22, 22), (*BARS[bar], 255))
    shown.alpha_composite(icons.draw(state, 22))
    pixels = [shown.getpixel((x, y)) for x in range(22) for y in range(22)]
    clear = [p for p in pixels if contrast(p[:3], BARS[bar]) >= 3]  # type: ignore[index]
    assert len(clear) / len(pixels) > 0.12


# ------------------------------------------------------------------ the files


def test_the_shipped_files_are_what_the_recipe_draws(tmp_path: Path) -> None:
    draw_all(tmp_path)
    drawn = {file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file()}
    shipped = {file.relative_to(ASSETS) for file in (ASSETS / "icons").rglob("*") if file.is_file()}
    assert drawn == shipped
    for name in drawn:
        with Image.open(tmp_path / name) as new, Image.open(ASSETS / name) as old:
            difference = ImageChops.difference(new.convert("RGBA"), old.convert("RGBA"))
            # Another Pillow may round an edge pixel otherwise.
            assert max(high for _, high in difference.getextrema()) <= 8, name  # type: ignore[misc]


def test_each_size_in_the_windows_icon_is_drawn_for_itself() -> None:
    with Image.open(ASSETS / "icons" / "traywatch.ico") as file:
        for size in ICO_SIZES:
            image = file.ico.getimage((size, size))  # type: ignore[attr-defined]
            assert same(image.convert("RGBA"), icons.draw_mark(size)), size


# ------------------------------------------------------------------ measures


def alpha(image: Image.Image) -> Image.Image:
    return image.getchannel("A")


def covered(mask: Image.Image) -> float:
    """The part of the icon a mask covers, 0 to 1."""
    histogram = mask.histogram()
    return sum(value * count for value, count in enumerate(histogram)) / 255 / sum(histogram)


def same(one: Image.Image, other: Image.Image) -> bool:
    return ImageChops.difference(one, other).getbbox() is None


def linear(value: float) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def luminance(colour: tuple[int, ...]) -> float:
    red, green, blue = map(linear, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: tuple[int, ...], eyes: tuple[Triple, Triple, Triple]) -> Triple:
    """CIE L*a*b* (D65) of a colour as these eyes see it."""
    light = [linear(value) for value in colour]
    seen = [min(1.0, max(0.0, sum(a * b for a, b in zip(r, light, strict=True)))) for r in eyes]
    red, green, blue = seen
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
