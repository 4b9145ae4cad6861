"""The shipped extractor is EfficientNet-Lite0, and what it measures orders damage."""

import keras
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.transform import resize

from poreops.cores.features import extractors
from poreops.cores.features.extractors import checked_name, efficientnet_lite0, extractor
from poreops.cores.features.scores import fid, squared_mmd
from poreops.errors import InputError
from poreops.synthetic.shale import SyntheticShaleConfig, synthetic_shale

pytestmark = pytest.mark.slow


def middle_square(picture):
    edge = min(picture.shape[:2])
    top, left = ((n - edge) // 2 for n in picture.shape[:2])
    square = picture[top : top + edge, left : left + edge, :3]
    return resize(square.astype(np.float32), (224, 224), anti_aliasing=True)


@pytest.mark.parametrize(
    ("photo", "classes"),
    [
        ("chelsea", {281, 282, 285}),  # tabby, tiger cat, Egyptian cat
        ("coffee", {967}),  # espresso
        ("rocket", {657, 812, 744}),  # missile, space shuttle, projectile
        ("camera", {872}),  # tripod
    ],
)
def test_photographs_are_recognised(photo, classes):
    picture = getattr(data, photo)()
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, -1)
    _, logits = efficientnet_lite0()(middle_square(picture)[None], training=False)
    assert int(np.argmax(logits)) in classes


def test_activations_are_those_that_the_weights_were_trained_with():
    """A photograph gives each batch norm inputs like its own running statistics."""
    model = efficientnet_lite0()
    norms = [layer for layer in model.layers if "_bn" in layer.name and layer.weights]
    assert len(norms) == 49
    probe = keras.Model(model.input, [norm.input for norm in norms])
    photos = [middle_square(getattr(data, name)()) for name in ("chelsea", "coffee", "rocket")]
    for norm, values in zip(norms, probe(np.stack(photos), training=False), strict=True):
        _, _, mean, variance = norm.get_weights()
        away = np.abs(np.mean(values, axis=(0, 1, 2)) - mean) / np.sqrt(variance + 1e-3)
        assert np.median(away) < 1, norm.name


def shale(count, seed, **changes):
    settings = {
        "images": count, "shape": 96, "pore_share": 0.05, "fractures": 100, "ores": 200, "noise": 6
    }  # fmt: skip
    return synthetic_shale(SyntheticShaleConfig(**(settings | changes)), seed)


def test_scores_order_noise_blur_and_another_material():
    network = extractor("efficientnet-lite0")
    assert (network.name, network.length) == ("efficientnet-lite0-1280", 1280)
    real, more = shale(40, 1), shale(40, 2)
    rng = np.random.default_rng(0)
    noisy = np.clip(more + rng.normal(0, 4, more.shape), 0, 255).astype(np.uint8)
    blurred = np.stack([gaussian_filter(image, 2.0) for image in more])
    other = (255 * rng.random((40, 96, 96)) > 128).astype(np.uint8) * 200 + 20
    sets = [network.features(images) for images in (real, more, noisy, blurred, other)]
    for distance in (fid, squared_mmd):
        found = [distance(sets[0], features) for features in sets[1:]]
        assert found == sorted(found)
        assert found[-1] > 1.2 * found[-2]


def test_features_do_not_depend_on_the_batch():
    network, images = extractor("efficientnet-lite0"), shale(18, 3)
    together = network.features(images)
    assert together.shape == (18, 1280)
    np.testing.assert_allclose(network.features(images[17:]), together[17:], rtol=1e-3, atol=1e-4)


def test_inception_without_its_weights_says_what_to_do(monkeypatch):
    def refused(**_):
        raise Exception("URL fetch failure on\nhttps://...")  # noqa: TRY002 - as Keras does

    monkeypatch.setattr(keras.applications, "InceptionV3", refused)
    extractors._inception.cache_clear()
    with pytest.raises(
        InputError, match="inception-v3 must fetch its weights once, got URL .* use"
    ):
        extractor("inception-v3")


def test_a_missing_package_says_what_to_install(monkeypatch):
    efficientnet_lite0.cache_clear()
    monkeypatch.setattr(extractors, "_LITE_PACKAGE", "no_such_package")
    with pytest.raises(InputError, match=r'pip install "poreops\[cores\]"'):
        efficientnet_lite0()
    with pytest.raises(
        InputError, match="one of efficientnet-lite0, inception-v3, wavelets, got 'vgg'"
    ):
        checked_name("vgg")
