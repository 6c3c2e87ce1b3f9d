"""The colours of drawings under every kind of colour vision, on white and on the dark ground.

Seen colours by the matrices of Machado, Oliveira and Fernandes (2009) at full severity; distances
in CIE L*a*b* (1976), contrasts as WCAG 2 has them.
"""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from clinlib.report.figures import COLOURS, HATCHES, MARKERS

SEEN = {
    "all cones": np.eye(3),
    "without L": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "without M": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "without S": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
DARK = "#121212"  # the ground of the dark theme


def linear(colour):
    """Linear RGB of a colour, (3,) in 0 to 1."""
    parts = np.array(to_rgb(colour))
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """L*, a*, b* of linear RGB under D65."""
    x, y, z = (
        np.cbrt(part) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in XYZ @ rgb / [0.95047, 1.0, 1.08883]
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def nearest(colours, seen):
    """The smallest distance between two of the colours as they are seen."""
    points = [lab(np.clip(np.array(seen) @ linear(each), 0, 1)) for each in colours]
    return min(np.linalg.norm(one - other) for one, other in combinations(points, 2))


def test_the_distance_is_that_of_known_colours():
    white, red = lab(np.ones(3)), lab(linear("#ff0000"))
    assert white == pytest.approx([100, 0, 0], abs=0.02)
    assert red == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    # a classical pair that readers without M cones confuse
    assert nearest(["#d62728", "#7f6000"], SEEN["without M"]) < 15
    assert nearest(["#d62728", "#7f6000"], SEEN["all cones"]) > 40


@pytest.mark.parametrize("vision", SEEN)
def test_colours_are_told_apart_the_first_four_best(vision):
    assert nearest(COLOURS, SEEN[vision]) > 15
    assert nearest(COLOURS[:4], SEEN[vision]) > 20


@pytest.mark.parametrize("ground", ["#ffffff", DARK])
def test_colours_stand_out_from_both_grounds(ground):
    for colour in COLOURS:
        low, high = sorted(linear(each) @ XYZ[1] for each in (colour, ground))
        assert (high + 0.05) / (low + 0.05) > 3, colour


def test_each_colour_has_a_marker_and_a_hatching_of_its_own():
    assert len(set(MARKERS)) == len(set(HATCHES)) == len(COLOURS)
