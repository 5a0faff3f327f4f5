"""Ed25519 verification by ZIP 215.

What the library takes is valid under ZIP 215 too: its equation is the stricter one, without the cofactor. Only what it
refuses is looked at again, slowly.
"""

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, h = (x1 + y1) * (x2 + y2) - x1 * x2 - y1 * y2, y1 * y2 + x1 * x2
    c, d = D * t1 * t2 % P, z1 * z2
    f, g = d - c, d + c
    return e * f % P, g * h % P, f * g % P, e * h % P


def _mul(scalar, point):
    result = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result


def _decode(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255 % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != square:
        return None
    x = -x % P if x % 2 != sign else x
    return x, y, 1, x * y % P


_BASE = _decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def verify(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return _verify_slowly(key, signature, message)


def _verify_slowly(key, signature, message):
    a, r, s = _decode(key), _decode(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    x, y, z, t = _mul(s, _BASE)
    x, y, z, _ = _mul(8, _add(_add(r, _mul(k, a)), (-x % P, y, z, -t % P)))
    return x == 0 and y == z
