"""Weights for labelled rows, log-linear in the slices that they belong to, so that the slices get other shares."""

from __future__ import annotations

import numpy as np

from fsnb.errors import NotSupported
from fsnb.quality.scoring import Floats

STEPS, CLOSE, RIDGE = 100, 1e-10, 1e-9


def density_ratio(source: Floats, target: Floats) -> Floats:
    """Weights of the source's rows, of mean 1, such that the weighted share of each slice is the target's.

    `exp(theta * membership)`, normalised, by maximum likelihood (KLIEP: Sugiyama et al. 2008; in Mandoline
    "LL-KLIEP"): a convex problem, solved by Newton's method over the distinct patterns of membership.

    Parameters
    ----------
    source, target
        Rows by slices, 1 where a row is in a slice, else 0.
    """
    patterns, place, times = np.unique(source, axis=0, return_inverse=True, return_counts=True)
    counts: Floats = times.astype(float)
    theta, wanted = np.zeros(source.shape[1]), target.mean(axis=0)
    for _ in range(STEPS):
        mass = _mass(patterns, counts, theta)
        share = mass @ patterns
        gradient = wanted - share
        if np.abs(gradient).max(initial=0.0) < CLOSE:
            break
        theta = _step(patterns, counts, theta, gradient, wanted)
    else:
        if np.abs(gradient).max() > 1e-4:
            raise NotSupported(
                "reweighted: no weights give the reference the shares that the slices have now: some combination of "
                "slices has no labelled rows. Give fewer or wider slices."
            )
    ratio = _mass(patterns, counts, theta) / (counts / counts.sum())
    return ratio[place.reshape(-1)]


def _mass(patterns: Floats, counts: Floats, theta: Floats) -> Floats:
    """The weighted share of each pattern."""
    exponent = patterns @ theta
    mass = counts * np.exp(exponent - exponent.max(initial=0.0))
    return mass / mass.sum()


def _step(patterns: Floats, counts: Floats, theta: Floats, gradient: Floats, wanted: Floats) -> Floats:
    """A Newton step, halved until the likelihood does not fall."""
    mass = _mass(patterns, counts, theta)
    share = mass @ patterns
    curvature = (patterns * mass[:, None]).T @ patterns - np.outer(share, share)
    direction = np.linalg.lstsq(curvature + RIDGE * np.eye(len(theta)), gradient, rcond=None)[0]
    start, scale = _likelihood(patterns, counts, theta, wanted), 1.0
    while scale > 1e-8 and _likelihood(patterns, counts, theta + scale * direction, wanted) < start:
        scale /= 2
    return theta + scale * direction


def _likelihood(patterns: Floats, counts: Floats, theta: Floats, wanted: Floats) -> float:
    exponent = patterns @ theta
    top = exponent.max(initial=0.0)
    return float(wanted @ theta - top - np.log(np.average(np.exp(exponent - top), weights=counts)))


def effective_size(weights: Floats) -> float:
    """How many rows of equal weight would tell as much: `sum(w)^2 / sum(w^2)` (Kish 1965)."""
    return float(weights.sum() ** 2 / np.sum(weights**2)) if len(weights) else 0.0
