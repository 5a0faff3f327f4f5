#!/usr/bin/env python3
"""Makes `zip215.json`: Ed25519 signatures on which the rules of ZIP 215 and of RFC 8032 differ, and some around them.

With --write it writes the file; check.py compares. Every verdict comes from plain curve arithmetic. Needs nothing but
Python.
"""

import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "test-chain"))
import ed25519  # noqa: E402
from ed25519 import BASE, L, P, _add, _challenge, _decode, _encode, _mul  # noqa: E402

IDENTITY = (0, 1, 1, 0)
DIGEST = hashlib.sha256(b"ecp zip215").digest()


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def order(point):
    """Order of a point of small order; None for any other."""
    return next((n for n in (1, 2, 4, 8) if same(_mul(n, point), IDENTITY)), None)


def canonical(data):
    """Whether an encoding is the one that its point has."""
    point = _decode(data)
    return point is not None and _encode(point) == data


def verify_rfc8032(key, signature, digest):
    """By section 5.1.7 of RFC 8032 with its decoding, and without the factor 8, which it leaves to the reader."""
    if not (canonical(key) and canonical(signature[:32])):
        return False
    response = int.from_bytes(signature[32:], "little")
    challenge = _challenge(signature[:32], key, digest)
    right = _add(_decode(signature[:32]), _mul(challenge, _decode(key)))
    return response < L and same(_mul(response, BASE), right)


def small_order_points():
    """All encodings of points of small order that a decoder by ZIP 215 takes: canonical ones first."""
    y = 2
    while True:
        point = _decode(y.to_bytes(32, "little"))
        if point is not None and order(torsion := _mul(L, point)) == 8:
            break
        y += 1
    points = sorted(_encode(_mul(n, torsion)) for n in range(1, 9))
    # What is not canonical has y from the prime on, or a sign where x is 0.
    numbers = [*range(P, 2**255), 1, P - 1]
    candidates = [(y | sign << 255).to_bytes(32, "little") for y in numbers for sign in (0, 1)]
    others = (c for c in candidates if (p := _decode(c)) is not None and order(p) and not canonical(c))
    return torsion, [*points, *sorted(others)]


def scalar(text):
    return int.from_bytes(hashlib.sha512(text).digest(), "little") % L


def number(value):
    return value.to_bytes(32, "little")


def made():
    torsion, small = small_order_points()
    secret = scalar(b"key")
    point = _mul(secret, BASE)
    key = _encode(point)

    def signed(key, secret, nonce, shift=IDENTITY, digest=DIGEST, encoding=None):
        """R is nonce · B + shift, or what is given; S as if neither key nor R had a part of small order."""
        first = encoding or _encode(_add(_mul(nonce, BASE), shift))
        return first + number((nonce + _challenge(first, key, digest) * secret) % L)

    mixed = _encode(_add(point, torsion))
    nonce = scalar(b"nonce")
    # R and the key have parts of small order that cancel each other, for one nonce in eight.
    cancel = next(
        n for n in range(nonce, nonce + 1000)
        if (1 + _challenge(_encode(_add(_mul(n, BASE), torsion)), mixed, DIGEST)) % 8 == 0
    )
    honest = signed(key, secret, nonce)
    larger = honest[:32] + number(int.from_bytes(honest[32:], "little") + L)
    identity, not_canonical, signed_zero = number(1), number(P + 1), number(1 | 1 << 255)
    off_curve = next(number(y) for y in range(2, 100) if _decode(number(y)) is None)
    cases = [
        ("an honest signature", key, honest),
        ("another digest", key, signed(key, secret, nonce, digest=hashlib.sha256(b"other").digest())),
        ("a response above the order", key, larger),
        ("a response of exactly the order", identity, identity + number(L)),
        ("a key with a part of small order", mixed, signed(mixed, secret, nonce)),
        ("a commitment with a part of small order", key, signed(key, secret, nonce, torsion)),
        ("parts of small order that cancel each other", mixed, signed(mixed, secret, cancel, torsion)),
        ("the identity as key signs everything", identity, signed(identity, 0, nonce)),
        ("the identity as key, not canonical: y is the prime and one", not_canonical, signed(not_canonical, 0, nonce)),
        ("the identity as key, not canonical: a sign where x is 0", signed_zero, signed(signed_zero, 0, nonce)),
        ("a commitment that is not canonical", key, signed(key, secret, 0, encoding=not_canonical)),
        ("a key of order 8, and nothing else", small[3], identity + number(0)),
        ("key and commitment of small order, both not canonical", small[-1], small[-2] + number(0)),
        ("a key that is no point", off_curve, honest),
        ("a commitment that is no point", key, off_curve + honest[32:]),
    ]
    return {
        "about": "Ed25519 by ZIP 215, which decides here, beside RFC 8032 read strictly; with a response of 0, every pair "
        "of small_order as key and commitment is valid by ZIP 215",
        "digest": "0x" + DIGEST.hex(),
        "small_order": [
            {"encoding": "0x" + data.hex(), "order": order(_decode(data)), "canonical": canonical(data)} for data in small
        ],
        "cases": [
            {
                "name": name,
                "public_key": "0x" + key.hex(),
                "signature": "0x" + signature.hex(),
                "zip215": ed25519.verify(key, signature, DIGEST),
                "rfc8032": verify_rfc8032(key, signature, DIGEST),
            }
            for name, key, signature in cases
        ],
    }


def check():
    """How many vectors hold."""
    path = HERE / "zip215.json"
    text = json.dumps(made(), indent=2) + "\n"
    if sys.argv[1:] == ["--write"]:
        path.write_text(text)
    assert path.read_text() == text, f"{path.name} is not what {pathlib.Path(__file__).name} makes"
    vectors = json.loads(text)
    small = [bytes.fromhex(entry["encoding"][2:]) for entry in vectors["small_order"]]
    assert all(ed25519.verify(key, first + number(0), DIGEST) for key in small for first in small)
    assert len(small) == 14 and any(c["zip215"] and not c["rfc8032"] for c in vectors["cases"])
    return len(small) ** 2 + len(vectors["cases"])


if __name__ == "__main__":
    print(f"{check()} signatures by ZIP 215 hold")
