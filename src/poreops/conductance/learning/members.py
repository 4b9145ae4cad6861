"""The members that compete for the champion's place, under one interface."""

from typing import Literal

from poreops.conductance.learning.resnet import ResnetConfig

Member = Literal["coarse", "physics", "scalars", "image", "distance", "both"]
"""``coarse``: the coarse solve, nothing learned. ``physics``: an estimate on the conduit's own
voxels, corrected by boosted trees, with an interval; no network. ``scalars``: a perceptron on the
coarse solve and geometric scalars. ``image``: the published idea, images only. ``distance``: the
same with the distance to the wall. ``both``: the image with the field of the coarse solve corrects
the scalars."""

MEMBERS: tuple[Member, ...] = ("coarse", "physics", "scalars", "image", "distance", "both")
"""From the simple to the dear: of two that are about as good the earlier one is served."""

UNCORRECTED = "its own estimate"
"""Null of the member physics alone: what its trees correct."""


def member_network(stated: ResnetConfig, member: Member) -> ResnetConfig:
    """Return the network of a member, from the one that params.yaml states.

    Parameters
    ----------
    stated : its ``image`` is that of the members image and distance, its ``scalars`` those of
        scalars and both
    member : Member
    """
    seen = {
        "coarse": {"image": "none", "scalars": "coarse"},
        "physics": {"image": "none", "scalars": "coarse"},  # sees nothing that a network does
        "scalars": {"image": "none"},
        "image": {"scalars": "none"},
        "distance": {"image": f"{stated.image.partition('+')[0]}+distance", "scalars": "none"},
        "both": {"image": "occupancy+field"},
    }[member]
    return ResnetConfig(**(stated.model_dump() | seen))
