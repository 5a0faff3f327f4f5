#!/usr/bin/env python3
"""Makes `stark-edges.json`: signatures of the Stark curve at the edges of what is valid.

With --write it writes the file; check.py compares. Every verdict comes from plain curve arithmetic. Needs nothing but
Python.
"""

import hashlib
import json
import pathlib
import sys

from stark_curve import BETA, G, N, P, multiply, square_root, verify_stark

HERE = pathlib.Path(__file__).resolve().parent
BOUND = 2**251
DIGEST = hashlib.sha256(b"ecp stark edges").digest()


def number(text):
    return int.from_bytes(hashlib.sha512(text).digest(), "big") % N


def message(digest):
    return int.from_bytes(digest, "big") % BOUND


def bytes32(value):
    return value.to_bytes(32, "big")


def public_key(secret):
    return multiply(secret, G)[0]


def signed(secret, nonce, digest=DIGEST):
    r = multiply(nonce, G)[0]
    return r, pow(nonce, -1, N) * (message(digest) + r * secret) % N


def key_for(nonce, s):
    """A secret key whose signature with this nonce has this s."""
    r = multiply(nonce, G)[0]
    return r, (s * nonce - message(DIGEST)) * pow(r, -1, N) % N


def in_range(value):
    return 0 < value < BOUND


def made():
    secret, z = number(b"key"), message(DIGEST)
    # Of four values that are below the order nearly all are below 2^251; the first nonce for which all are.
    nonce = next(n for n in range(number(b"nonce"), N) if all(
        in_range(value) for s in [signed(secret, n)[1]] for value in (s, N - s, pow(s, -1, N), N - pow(s, -1, N))
    ))
    r, s = signed(secret, nonce)
    key = public_key(secret)
    large_s = next(v for v in range(BOUND, N) if in_range(pow(v, -1, N)))
    large_w = next(w for w in range(BOUND, N) if in_range(pow(w, -1, N)))
    (r_s, secret_s), (r_w, secret_w) = key_for(nonce, large_s), key_for(nonce, pow(large_w, -1, N))
    # z - r d = 0, or z + r d = 0: one of the two points of the rule is the one at infinity.
    meets = z * pow(secret, -1, N) % N
    raised = bytes([DIGEST[0] ^ 0xF8]) + DIGEST[1:]
    nothing = bytes([0xF8]) + bytes(31)
    off_curve = next(x for x in range(1, 100) if square_root((x**3 + x + BETA) % P) is None)
    cases = [
        ("an honest signature", key, r, s, DIGEST),
        ("another digest", key, r, s, hashlib.sha256(b"other").digest()),
        ("its twin: the order minus s", key, r, N - s, DIGEST),
        ("only the lowest 251 bits of the digest count", key, r, s, raised),
        ("a message of zero", key, *signed(secret, nonce, nothing), nothing),
        ("by the secret key of the other point with this x coordinate", key, *signed(N - secret, nonce), DIGEST),
        ("r of zero", key, 0, s, DIGEST),
        ("s of zero", key, r, 0, DIGEST),
        ("r of 2^251", key, BOUND, s, DIGEST),
        ("s of 2^251 or more, which solves the equation", public_key(secret_s), r_s, large_s, DIGEST),
        ("an inverse of s of 2^251 or more, which solves the equation", public_key(secret_w), r_w, pow(large_w, -1, N), DIGEST),
        ("r above the prime", key, r + P, s, DIGEST),
        ("s above the prime", key, r, s + P, DIGEST),
        ("s plus the order", key, r, s + N, DIGEST),
        ("the two points meet: their difference is the point at infinity", key, meets, s, DIGEST),
        ("the two points are opposite: their sum is the point at infinity", key, N - meets, s, DIGEST),
        ("a key that is no x coordinate", off_curve, r, s, DIGEST),
        ("a key above the prime", key + P, r, s, DIGEST),
        ("all bits set", 2**256 - 1, 2**256 - 1, 2**256 - 1, DIGEST),
    ]
    return {
        "about": "ECDSA over the Stark curve at the edges of what is valid",
        "cases": [
            {
                "name": name, "public_key": f"0x{key:064x}", "digest": "0x" + digest.hex(),
                "signature": f"0x{r:064x}{s:064x}",
                "valid": verify_stark(bytes32(key), bytes32(r) + bytes32(s), digest),
            }
            for name, key, r, s, digest in cases
        ],
    }


def check():
    """How many vectors hold."""
    path = HERE / "stark-edges.json"
    vectors = made()
    text = json.dumps(vectors, indent=2) + "\n"
    if sys.argv[1:] == ["--write"]:
        path.write_text(text)
    assert path.read_text() == text, f"{path.name} is not what {pathlib.Path(__file__).name} makes"
    return len(vectors["cases"])


if __name__ == "__main__":
    print(f"{check()} signatures at the edges hold")
