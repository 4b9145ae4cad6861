"""Sign a package and check its signature: the bundle of OpenSSF model signing, by a local key.

The statement names every file with its digest, so that a changed, added or missing one breaks it;
`model_signing verify key` of the OpenSSF project reads the same file. Format: in-toto statement
v1 in a DSSE envelope in a Sigstore bundle v0.3, signed with ECDSA on P-256.
"""

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from poreops.base.files import read_json, replacing, write_json
from poreops.errors import InputError
from poreops.mlops.tracking.package import MANIFEST, SIGNATURE, listed_files

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )

PUBLIC_KEY = "POREOPS_PUBLIC_KEY"
"""Environment variable: file of the key that every loaded model must be signed with."""
SIGNING_KEY = "POREOPS_SIGNING_KEY"
"""Environment variable: file of the key that every registered model is signed with."""

_BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
_PAYLOAD = "application/vnd.in-toto+json"
_STATEMENT, _PREDICATE = (
    "https://in-toto.io/Statement/v1",
    "https://model_signing/signature/v1.0",
)


def make_key(path: Path) -> Path:
    """Write a new private key, readable by its owner alone, and its public key beside it.

    Parameters
    ----------
    path : of the private key

    Returns
    -------
    Path
        Of the public key: <name>.pub.

    Raises
    ------
    InputError
        If one of the two exists.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    public = path.with_name(f"{path.name}.pub")
    for file in (path, public):
        if file.exists():
            raise InputError(f"a key must not replace another file, got {file}; choose a new name")
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with replacing(path) as temporary:
        temporary.chmod(0o600)
        temporary.write_bytes(pem)
    with replacing(public) as temporary:
        temporary.write_bytes(_public_pem(key.public_key()))
    return public


def sign(folder: Path, name: str, key: str | Path) -> Path:
    """Write the signature of a package into it.

    Parameters
    ----------
    folder : of the package; its manifest lists what is signed
    name : of the model, for readers of the signature
    key : file of a private key, PEM, without a password
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    private = _private_key(Path(key))
    payload = json.dumps(_statement(folder, name), sort_keys=True).encode()
    signature = private.sign(_encoded(payload), ec.ECDSA(hashes.SHA256()))
    bundle = {
        "mediaType": _BUNDLE,
        "verificationMaterial": {
            "publicKey": {"hint": hashlib.sha256(_public_pem(private.public_key())).hexdigest()},
            "tlogEntries": [],
        },
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": _PAYLOAD,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }
    write_json(folder / SIGNATURE, bundle)
    return folder / SIGNATURE


def check_signature(folder: Path, uri: str, key: str | Path) -> None:
    """Raise InputError unless a package is signed by a key, and its files are those signed.

    That the files are those of the manifest is for
    `poreops.mlops.tracking.package.check_package`.

    Parameters
    ----------
    folder : Path
    uri : for the message
    key : file of the public key
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    remedy = f"do not use it, or sign it: poreops models sign {uri} --key ..."
    if not (folder / SIGNATURE).is_file():
        raise InputError(f"the model {uri} must be signed, got no {SIGNATURE} in it; {remedy}")
    try:
        envelope = read_json(folder / SIGNATURE)["dsseEnvelope"]
        payload = base64.b64decode(envelope["payload"], validate=True)
        signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
        _public_key(Path(key)).verify(signature, _encoded(payload), ec.ECDSA(hashes.SHA256()))
        signed = {
            each["name"]: each["digest"] for each in json.loads(payload)["predicate"]["resources"]
        }
    except InvalidSignature:
        raise InputError(
            f"the model {uri} must be signed by the key {key}, is not; {remedy}"
        ) from None
    except (KeyError, IndexError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"the model {uri} must have a signature that can be read, got {error!r:.120}; {remedy}"
        ) from None
    if signed != _digests(folder):
        raise InputError(f"the model {uri} must be as it was signed, got other files; {remedy}")


def configured_key() -> Path | None:
    """Return the file that POREOPS_PUBLIC_KEY names, None if it is not set.

    Raises
    ------
    InputError
        If there is no such file.
    """
    return _named(PUBLIC_KEY)


def signing_key() -> Path | None:
    """Return the file that POREOPS_SIGNING_KEY names, None if it is not set."""
    return _named(SIGNING_KEY)


def _named(variable: str) -> Path | None:
    stated = os.environ.get(variable)
    if not stated:
        return None
    if not Path(stated).is_file():
        raise InputError(
            f"{variable} must name the file of a key, got {stated}; correct or unset it"
        )
    return Path(stated)


def _digests(folder: Path) -> dict[str, str]:
    # the manifest is read once more: what was checked and what is compared is one file
    content = (folder / MANIFEST).read_bytes()
    return listed_files(folder) | {MANIFEST: hashlib.sha256(content).hexdigest()}


def _statement(folder: Path, name: str) -> dict[str, object]:
    files = sorted(_digests(folder).items())
    root = hashlib.sha256(b"".join(bytes.fromhex(digest) for _, digest in files)).hexdigest()
    return {
        "_type": _STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": root}}],
        "predicateType": _PREDICATE,
        "predicate": {
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [SIGNATURE],
            },
            "resources": [
                {"name": file, "algorithm": "sha256", "digest": digest} for file, digest in files
            ],
        },
    }


def _encoded(payload: bytes) -> bytes:
    """Return what DSSE signs (PAE): type and payload with their lengths."""
    head = f"DSSEv1 {len(_PAYLOAD)} {_PAYLOAD} {len(payload)} "
    return head.encode() + payload


def _private_key(path: Path) -> "EllipticCurvePrivateKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    remedy = "make one with: poreops models key FILE"
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"{path} must be a private key, got {error!r:.120}; {remedy}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError(f"{path} must be a private key on P-256, got another kind; {remedy}")
    return key


def _public_key(path: Path) -> "EllipticCurvePublicKey":
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    remedy = "give the .pub file that poreops models key made"
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} must be a public key, got {error!r:.120}; {remedy}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise InputError(f"{path} must be a public key on P-256, got another kind; {remedy}")
    return key


def _public_pem(key: "EllipticCurvePublicKey") -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
