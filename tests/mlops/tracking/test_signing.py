"""A signature holds for these bytes and this key alone."""

import base64
import json

import pytest

from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking import package, signing


@pytest.fixture
def key(tmp_path):
    signing.make_key(tmp_path / "key.pem")
    return tmp_path / "key.pem"


@pytest.fixture
def public(key):
    return key.with_name("key.pem.pub")


@pytest.fixture
def signed(save_model, key):
    folder = save_model()
    signing.sign(folder, "conductance", key)
    return folder


def test_a_signed_package_is_that_of_the_key(signed, public, tmp_path):
    signing.check_signature(signed, "m", public)
    other = signing.make_key(tmp_path / "other.pem")
    with pytest.raises(InputError, match="must be signed by the key"):
        signing.check_signature(signed, "m", other)


def test_a_private_key_is_for_its_owner_and_is_not_replaced(key):
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(InputError, match="must not replace another file"):
        signing.make_key(key)


def test_a_changed_file_breaks_it_even_with_a_new_manifest(signed, public):
    (signed / "artifacts/weight.txt").write_text("9.0")
    package.write_manifest(signed)
    package.check_package(signed, "m")
    with pytest.raises(InputError, match="must be as it was signed"):
        signing.check_signature(signed, "m", public)


@pytest.mark.parametrize("change", ["payload", "signature", "no JSON", "no signature"])
def test_a_changed_signature_is_refused(signed, public, change):
    path = signed / "model.sig"
    content = json.loads(path.read_text())
    envelope = content["dsseEnvelope"]
    if change == "payload":
        text = base64.b64decode(envelope["payload"]).replace(b'"conductance"', b'"other"')
        envelope["payload"] = base64.b64encode(text).decode()
    elif change == "signature":
        found = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
        found[-1] ^= 1
        envelope["signatures"][0]["sig"] = base64.b64encode(bytes(found)).decode()
    elif change == "no signature":
        envelope["signatures"] = []
    path.write_text("{" if change == "no JSON" else json.dumps(content))
    with pytest.raises(InputError):
        signing.check_signature(signed, "m", public)


def test_the_statement_is_that_of_openssf_model_signing(signed):
    """Field by field what `model_signing verify key` 1.1 reads."""
    bundle = json.loads((signed / "model.sig").read_text())
    assert bundle["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert bundle["dsseEnvelope"]["payloadType"] == "application/vnd.in-toto+json"
    statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://model_signing/signature/v1.0"
    names = [each["name"] for each in statement["predicate"]["resources"]]
    assert names == sorted(names)
    files = {p.relative_to(signed).as_posix() for p in signed.rglob("*") if p.is_file()}
    assert set(names) == files - {"model.sig"}


def test_where_a_key_is_configured_only_what_it_signed_is_loaded(
    repository, save_model, key, public, monkeypatch
):
    with tracking.run("registration", "a") as run:
        tracking.register(run, save_model(2.0), "conductance", sha256="1")
    monkeypatch.setenv("POREOPS_SIGNING_KEY", str(key))
    with tracking.run("registration", "b") as run:
        tracking.register(run, save_model(3.0), "conductance", sha256="2")
    monkeypatch.setenv("POREOPS_PUBLIC_KEY", str(public))
    tracking.download("models:/conductance/2")
    with pytest.raises(
        InputError, match=r"models:/conductance/1 must be signed, got no model\.sig"
    ):
        tracking.download("models:/conductance/1")
    with pytest.raises(InputError, match="must be signed"):
        tracking.checked_folder(repository)
    monkeypatch.setenv("POREOPS_PUBLIC_KEY", "nowhere.pub")
    with pytest.raises(InputError, match="POREOPS_PUBLIC_KEY must name the file of a key"):
        tracking.download("models:/conductance/2")
