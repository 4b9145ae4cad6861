"""One builder makes the published 3D ResNet50 and the compact networks, in 2D and 3D."""

import keras
import numpy as np
import porespy
import pytest
from pydantic import ValidationError

from poreops.conductance.learning.encoding import image_shape, scalar_count
from poreops.conductance.learning.members import member_network
from poreops.conductance.learning.resnet import ResnetConfig, resnet, with_unscaling
from poreops.conductance.learning.scaling import TargetScaling
from poreops.params import with_profile

TINY = {
    "image": "occupancy", "scalars": "physics", "stem_width": 4, "stem_kernel": 3,
    "stem_pool": True, "widths": (4, 8), "depths": (1, 1), "block": "basic",
    "pooling": "average", "dense": 8, "dropout": 0.1,
}  # fmt: skip


def profile(name, project):
    """The parameters of a profile of the project."""
    return with_profile(name, project / "params.yaml", project / "profiles").conductance


def inputs(config, ndim, count=3):
    rng = np.random.default_rng(1)
    found = [rng.integers(0, 3, (count, *image_shape(config.image, ndim)), dtype=np.uint8)]
    if columns := scalar_count(config.scalars):
        found.append(rng.normal(size=(count, columns)).astype(np.float32))
    return found


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("image", ["labels", "labels+distance", "occupancy", "occupancy+field"])
@pytest.mark.parametrize("scalars", ["none", "geometry", "physics"])
@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_every_input_gives_one_number(ndim, image, scalars, block):
    config = ResnetConfig(**(TINY | {"image": image, "scalars": scalars, "block": block}))
    model = resnet(config, ndim)
    assert model.output_shape == (None, 1)
    assert model.inputs[0].shape[1:] == image_shape(image, ndim)
    found = np.asarray(model(inputs(config, ndim)))
    assert found.shape == (3, 1)
    assert np.isfinite(found).all()


@pytest.mark.slow
def test_the_paper_profile_is_the_published_network(project):
    params = profile("paper", project)
    ours = resnet(member_network(params.network, "image"), 3)
    published = porespy.networks.create_model()
    assert ours.inputs[0].shape[1:] == published.inputs[0].shape[1:] == (64, 64, 64, 1)
    assert ours.count_params() == pytest.approx(published.count_params(), rel=0.005)
    kinds = [
        sum(isinstance(layer, keras.layers.Conv3D) for layer in model.layers)
        for model in (ours, published)
    ]
    assert kinds[0] == kinds[1]
    training = params.training
    assert (training.batch_size, training.learning_rate, training.epochs) == (16, 1e-4, 100)
    # and no search changes it
    assert params.search.use == "stated"


@pytest.mark.slow
def test_the_compact_network_is_a_hundredth_of_it(project):
    params = profile("default", project)
    for ndim in (2, 3):
        model = resnet(params.network, ndim)
        assert model.count_params() < 1_000_000
        assert model.count_params() < params.search.limits["parameters"]
        assert np.asarray(model(inputs(params.network, ndim))).shape == (3, 1)


def test_an_untrained_network_says_what_its_scalars_say():
    config = ResnetConfig(**TINY)
    model = resnet(config, 3)
    image, scalars = inputs(config, 3)
    estimate = keras.Model(model.inputs[1], model.get_layer("estimate").output)
    np.testing.assert_array_equal(
        np.asarray(model([image, scalars])), np.asarray(estimate(scalars))
    )


@pytest.mark.parametrize("kind", ["log", "minmax", "standard"])
def test_the_network_undoes_the_scaling_of_its_target(kind):
    size_factors = np.random.default_rng(2).lognormal(1.5, 0.8, size=500)
    scaling = TargetScaling.fit(kind, size_factors)
    scaled = keras.Input((1,))
    model = with_unscaling(keras.Model(scaled, scaled), scaling)
    back = np.asarray(model([scaling.scaled(size_factors)[:, None]]))[:, 0]
    np.testing.assert_allclose(back, size_factors, rtol=2e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"widths": (4, 8, 16)},
        {"dropout": 1.0},
        {"block": "plain"},
        {"width": 3},
        {"image": "none", "scalars": "none"},
    ],
)
def test_an_impossible_architecture_is_refused(change):
    with pytest.raises(ValidationError):
        ResnetConfig(**(TINY | change))


def test_flattening_keeps_the_places():
    config = ResnetConfig(**(TINY | {"pooling": "flatten"}))
    model = resnet(config, 3)
    assert model.get_layer("pool").output.shape == (None, 8 * 4**3)
    assert resnet(ResnetConfig(**TINY), 3).get_layer("pool").output.shape == (None, 8)
