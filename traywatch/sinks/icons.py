"""The six faces of the tray icon, drawn with Pillow.

What holds true: every state differs in *shape* (silhouette and sign) as well as in colour, so that
it is told apart without colour, by the colour-blind, and where macOS shows only the alpha channel;
every image is RGBA; and each size is drawn for itself with its edges on whole pixels, never scaled
from another.

    operational   disc, tick             partial outage  diamond, one half empty
    maintenance   square, wrench         major outage    octagon, cross
    degraded      triangle, exclamation  unreadable      ring, question mark
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from PIL import Image, ImageChops, ImageDraw

from traywatch.core.overview import IconState

SIZES: Final = (16, 22, 24, 32, 48, 64)
"""The sizes trays ask for, in pixels: Windows 16/24/32, XEmbed and StatusNotifierItem 22 and up."""

_FINE: Final = 8
"""How many times finer than the result a shape is drawn before its pixels are averaged."""

_Colour = tuple[int, int, int]
_Point = tuple[float, float]
_Draw = Callable[["_Canvas"], None]


class _Canvas:
    """A mask to draw on, in units of the finished icon's pixels; origin top left."""

    def __init__(self, size: int, inset: float = 0.0) -> None:
        self.size = size
        self.inset = inset
        """How far the silhouette's edge is to lie within its full extent, for the rim."""
        self.edge = size // 16 + inset
        """Where a shape that fills the icon begins; without inset a whole pixel."""
        self.reach = size / 2 - self.edge
        """From the middle to that edge."""
        self._image = Image.new("L", (size * _FINE, size * _FINE))
        self._pen = ImageDraw.Draw(self._image)

    def at(self, x: float, y: float) -> _Point:
        """A point given from the middle (0, 0) to the shape's edges (-1 and 1)."""
        return self.size / 2 + x * self.reach, self.size / 2 + y * self.reach

    def polygon(self, points: Sequence[_Point], ink: int = 255) -> None:
        """A filled polygon."""
        across = _pixels([x for x, _ in points])
        down = _pixels([y for _, y in points])
        self._pen.polygon(list(zip(across, down, strict=True)), fill=ink)

    def disc(self, centre: _Point, radius: float, ink: int = 255) -> None:
        """A filled circle. Pillow's boxes include their last pixel, hence the one."""
        (x, y), r = centre, radius
        corners = ((x - r) * _FINE, (y - r) * _FINE, (x + r) * _FINE - 1, (y + r) * _FINE - 1)
        self._pen.ellipse(corners, fill=ink)

    def box(self, left: float, top: float, right: float, bottom: float, corner: float) -> None:
        """A filled rectangle with round corners."""
        corners = (left * _FINE, top * _FINE, right * _FINE - 1, bottom * _FINE - 1)
        self._pen.rounded_rectangle(corners, corner * _FINE, fill=255)

    def stroke(self, points: Sequence[_Point], width: float, ink: int = 255) -> None:
        """A line through the points with round ends and joints."""
        for (x1, y1), (x2, y2) in pairwise(points):
            length = math.hypot(x2 - x1, y2 - y1)
            dx, dy = (y2 - y1) / length * width / 2, (x1 - x2) / length * width / 2
            one_side = (x1 + dx, y1 + dy), (x2 + dx, y2 + dy)
            other_side = (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)
            self.polygon((*one_side, *other_side), ink)
        for point in points:
            self.disc(point, width / 2, ink)

    def mask(self) -> Image.Image:
        """The coverage of each pixel of the finished icon, 0 to 255."""
        return self._image.resize((self.size, self.size), Image.Resampling.BOX)


def _pixels(edges: Sequence[float]) -> list[int]:
    """Positions of a polygon's corners along one axis as Pillow wants them.

    It fills the pixel a corner lies in: a corner on the far side lies in the pixel before its
    edge, or shapes bleed into the next pixel of the icon.
    """
    middle = (min(edges) + max(edges)) / 2
    return [round(edge * _FINE) - (edge > middle) for edge in edges]


def _arc(canvas: _Canvas, centre: _Point, radius: float, start: int, end: int) -> list[_Point]:
    """Points on a circle, radius as part of the shape, degrees clockwise from the right."""
    x, y = canvas.at(*centre)
    angles = (math.radians(a) for a in range(start, end + 1, 5))
    reach = radius * canvas.reach
    return [(x + reach * math.cos(a), y + reach * math.sin(a)) for a in angles]


# ---------------------------------------------------------------- silhouettes


def _disc(canvas: _Canvas) -> None:
    canvas.disc(canvas.at(0, 0), canvas.reach)


def _square(canvas: _Canvas) -> None:
    # A square as wide as a disc looks larger than it.
    near = canvas.edge + round(canvas.size / 40)
    far = canvas.size - near
    canvas.box(near, near, far, far, canvas.size / 7 - canvas.inset)


def _triangle(canvas: _Canvas) -> None:
    # As wide as the icon: a triangle fills only half its box.
    middle, corner = canvas.size / 2, canvas.size / 11
    half = middle - corner
    top, low = canvas.size / 16 + corner, canvas.size - canvas.size // 16 - corner
    points = [(middle, top), (middle + half, low), (middle - half, low)]
    canvas.polygon(points)
    canvas.stroke([*points, points[0]], 2 * (corner - canvas.inset))


def _diamond(canvas: _Canvas) -> None:
    # As wide as the icon, as the triangle is; its edges run at 45 degrees.
    middle = canvas.size / 2
    _pointed(canvas, middle - canvas.inset * math.sqrt(2), left=True)


def _pointed(canvas: _Canvas, reach: float, *, left: bool) -> None:
    middle = canvas.size / 2
    right_half = [(middle, middle - reach), (middle + reach, middle), (middle, middle + reach)]
    canvas.polygon([*right_half, (middle - reach, middle)] if left else right_half)


def _octagon(canvas: _Canvas) -> None:
    corner = math.tan(math.pi / 8)
    half = ((1, corner), (corner, 1), (-corner, 1), (-1, corner))
    canvas.polygon([canvas.at(x, y) for x, y in (*half, *((-x, -y) for x, y in half))])


def _ring(canvas: _Canvas) -> None:
    _disc(canvas)
    canvas.disc(canvas.at(0, 0), canvas.reach - canvas.size * 0.1, ink=0)


# ---------------------------------------------------------------- signs


def _tick(canvas: _Canvas) -> None:
    points = [canvas.at(-0.5, 0.05), canvas.at(-0.14, 0.42), canvas.at(0.52, -0.36)]
    canvas.stroke(points, canvas.size * 0.125)


def _wrench(canvas: _Canvas) -> None:
    head, width = canvas.at(0.26, -0.26), canvas.size * 0.14
    canvas.stroke([head, canvas.at(-0.5, 0.5)], width)
    canvas.disc(head, canvas.size * 0.2)
    canvas.stroke([canvas.at(0.34, -0.34), canvas.at(0.9, -0.9)], width, ink=0)


def _exclamation(canvas: _Canvas) -> None:
    width = 2 * round(canvas.size * 0.07)  # even, as every size is: it stands on whole pixels
    left, right = (canvas.size - width) / 2, (canvas.size + width) / 2
    top, foot = round(canvas.size * 0.29), round(canvas.size * 0.86)
    gap = max(1, round(canvas.size * 0.06))
    canvas.box(left, top, right, foot - width - gap, width / 4)
    canvas.box(left, foot - width, right, foot, width / 4)


def _half(canvas: _Canvas) -> None:
    _pointed(canvas, canvas.size * 0.34, left=False)


def _cross(canvas: _Canvas) -> None:
    arm, width = 0.4, canvas.size * 0.135
    canvas.stroke([canvas.at(-arm, -arm), canvas.at(arm, arm)], width)
    canvas.stroke([canvas.at(-arm, arm), canvas.at(arm, -arm)], width)


def _question(canvas: _Canvas) -> None:
    width = canvas.size * 0.115
    hook = _arc(canvas, (0, -0.17), 0.27, 190, 405)
    canvas.stroke([*hook, canvas.at(0, 0.2)], width)
    canvas.disc(canvas.at(0, 0.5), width * 0.62)


def _pulse(canvas: _Canvas) -> None:
    beat = ((-0.66, 0.06), (-0.3, 0.06), (-0.08, -0.46), (0.2, 0.5), (0.36, 0.06), (0.66, 0.06))
    canvas.stroke([canvas.at(x, y) for x, y in beat], canvas.size * 0.085)


# ---------------------------------------------------------------- faces


@dataclass(frozen=True, slots=True)
class _Face:
    """How one state looks."""

    fill: _Colour
    rim: _Colour
    """A darker edge, so that the shape stands out on a bar of its own colour."""
    ink: _Colour
    """The sign's colour."""
    silhouette: _Draw
    sign: _Draw
    hollow: bool = False
    """The sign stands in the empty middle instead of being cut out of the shape."""


_WHITE: Final = (255, 255, 255)
_FACES: Final = {
    IconState.OPERATIONAL: _Face((0, 150, 100), (0, 104, 70), _WHITE, _disc, _tick),
    IconState.MAINTENANCE: _Face((30, 120, 220), (16, 82, 160), _WHITE, _square, _wrench),
    IconState.DEGRADED: _Face((247, 201, 14), (166, 120, 0), (48, 34, 0), _triangle, _exclamation),
    IconState.PARTIAL_OUTAGE: _Face((232, 110, 0), (160, 70, 0), _WHITE, _diamond, _half),
    IconState.MAJOR_OUTAGE: _Face((200, 20, 45), (134, 8, 26), _WHITE, _octagon, _cross),
    IconState.UNREADABLE: _Face(
        (140, 146, 156), (140, 146, 156), (140, 146, 156), _ring, _question, hollow=True
    ),
}


_MARK: Final = _Face((44, 58, 92), (24, 32, 54), _WHITE, _square, _pulse)


def colour(state: IconState) -> _Colour:
    """The colour a state is known by (RGB)."""
    return _FACES[state].fill


@lru_cache(maxsize=64)
def draw(state: IconState, size: int, *, template: bool = False) -> Image.Image:
    """The icon of a state, ``size`` x ``size`` pixels, always RGBA. Cached: do not draw on it.

    template: black with the sign cut out, for macOS, which takes only the alpha channel.
    """
    return _template(_FACES[state], size) if template else _coloured(_FACES[state], size)


def draw_mark(size: int) -> Image.Image:
    """The program's own icon: of no state, as it stands beside good news and bad."""
    return _coloured(_MARK, size)


def _coloured(face: _Face, size: int) -> Image.Image:
    outer, sign = _mask(face.silhouette, size), _mask(face.sign, size)
    icon = Image.new("RGBA", (size, size), (*face.rim, 255))
    icon.paste((*face.fill, 255), mask=_mask(face.silhouette, size, inset=max(0.6, size / 28)))
    icon.paste((*face.ink, 255), mask=sign)
    icon.putalpha(ImageChops.lighter(outer, sign) if face.hollow else outer)
    return icon


def _template(face: _Face, size: int) -> Image.Image:
    outer, sign = _mask(face.silhouette, size), _mask(face.sign, size)
    icon = Image.new("RGBA", (size, size), (0, 0, 0, 255))
    icon.putalpha((ImageChops.lighter if face.hollow else ImageChops.subtract)(outer, sign))
    return icon


def _mask(shape: _Draw, size: int, inset: float = 0.0) -> Image.Image:
    canvas = _Canvas(size, inset)
    shape(canvas)
    return canvas.mask()
