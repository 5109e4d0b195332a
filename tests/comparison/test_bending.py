"""The skin between two prints, bent to fit their partners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_prints import finger, impression, template

from fpverify.comparison import similarities
from fpverify.comparison.bending import Bend
from fpverify.comparison.overlap import RIGID, SETTINGS, overlap_similarities
from fpverify.comparison.prepared import prepare_template
from fpverify.vocabulary import Template


def pairs(count: int) -> np.ndarray:
    return np.stack([np.arange(count)] * 2, 1)


def places(rng: np.random.Generator, count: int = 30) -> np.ndarray:
    return rng.uniform(20, 170, count) + 1j * rng.uniform(20, 170, count)


def bulged(z: np.ndarray) -> np.ndarray:
    away = (z - (95 + 95j)) / 40
    return z + 2.0 * away.real**2 - 1.5j * away.real * away.imag + 3 - 2j


def test_a_displacement_of_its_own_kind_is_found() -> None:
    rng = np.random.default_rng(1)
    laid = places(rng, 200)
    bend, _ = Bend.fit([laid], [bulged(laid)], [(pairs(200), np.ones(200, np.float32))])
    moved, _ = bend.moved(0, laid)
    assert np.abs(moved - bulged(laid)).max() < 0.3
    assert np.abs(laid - bulged(laid)).max() > 5


def test_what_a_pair_says_of_its_own_place_is_what_the_others_leave_out() -> None:
    rng = np.random.default_rng(2)
    laid = places(rng)
    there = bulged(laid) + rng.normal(0, 1, 30) + 1j * rng.normal(0, 1, 30)
    strengths = rng.uniform(0.2, 1, 30).astype(np.float32)
    bend, (own,) = Bend.fit([laid], [there], [(pairs(30), strengths)])
    without = np.delete(np.arange(30), 7)
    weight = np.zeros(30, np.float32)
    weight[without] = strengths[without]
    again = refitted(laid, there, weight, complex(bend.middle[0]))
    moved, _ = bend.moved(0, laid)
    assert moved[7] - own[7] == pytest.approx(again[7], abs=1e-6)


def refitted(laid: np.ndarray, there: np.ndarray, weight: np.ndarray, middle: complex) -> np.ndarray:
    """Ridge regression by the book, for comparison."""
    u, v = (laid - middle).real / 40, (laid - middle).imag / 40
    basis = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], 1)
    prior = np.diag([0.02, 0.3, 0.3, 1, 1, 1])
    numbers = np.linalg.solve(basis.T @ (weight[:, None] * basis) + prior, basis.T @ (weight * (there - laid)))
    return laid + basis @ numbers


def test_directions_turn_with_the_skin() -> None:
    laid = places(np.random.default_rng(3), 300)
    turned = (laid - 95 - 95j) * np.exp(0.1j) + 95 + 95j
    bend, _ = Bend.fit([laid], [turned], [(pairs(300), np.ones(300, np.float32))])
    _, turns = bend.moved(0, laid)
    assert turns * 2 * np.pi == pytest.approx(0.1, abs=0.01)


def pressed(print_: Template) -> Template:
    """The same print with its skin pushed aside, by up to 16 px at the corners."""
    minutiae = print_.minutiae
    z = minutiae.x_px + 1j * minutiae.y_px
    moved = z + 2.5 * ((z - (95 + 95j)) / 40).real ** 2 + 1.5j * ((z - (95 + 95j)) / 40).imag ** 2
    return template(moved.real, moved.imag, minutiae.angle_rad, print_.descriptors)


def test_pressed_skin_costs_less_when_it_may_bend_and_strangers_gain_nothing() -> None:
    rigid, bent, strange = [], [], []
    for seed in range(12):
        one, other = (prepare_template(each) for each in (finger(seed), pressed(impression(finger(seed), seed))))
        stranger = prepare_template(finger(seed + 100))
        rigid.append(overlap_similarities(one, [other])[0])
        bent.append(overlap_similarities(one, [other], SETTINGS["bent"])[0])
        strange.append(overlap_similarities(one, [stranger], SETTINGS["bent"])[0])
    assert np.mean(bent) > 1.15 * np.mean(rigid)
    assert max(strange) < min(bent) / 2


def test_skin_is_bent_only_where_partners_ask_for_it() -> None:
    one, other = (prepare_template(each) for each in (finger(3), pressed(impression(finger(3), 3))))
    rigid, bent = similarities(one, [other]), similarities(one, [other], alignment="bent")
    assert rigid == overlap_similarities(one, [other], RIGID)
    assert bent == overlap_similarities(one, [other], SETTINGS["bent"]) > rigid
    assert overlap_similarities(one, [other], replace(SETTINGS["bent"], bent_from=1e6)) == rigid


def test_two_prints_are_as_alike_either_way_round() -> None:
    prints = [prepare_template(impression(finger(seed), number)) for seed in range(3) for number in range(2)]
    for one in prints:
        found = overlap_similarities(one, prints, SETTINGS["bent"])
        assert found.tolist() == [overlap_similarities(other, [one], SETTINGS["bent"])[0] for other in prints]
