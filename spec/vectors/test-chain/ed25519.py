"""Ed25519 signing by RFC 8032 and verification by ZIP 215, slow and plain."""

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def _add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e = (y1 + x1) * (y2 + x2) - (y1 - x1) * (y2 - x2)
    m, n, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * D, 2 * z1 * z2
    f, g, h = d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def _mul(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _add(result, point)
        point = _add(point, point)
        scalar >>= 1
    return result


def _decode(data):
    """A point, or None. Values of y from P on are taken, as ZIP 215 says."""
    value = int.from_bytes(data, "little")
    sign, y = value >> 255, (value & (2**255 - 1)) % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    if x & 1 != sign:
        x = -x % P
    return x, y, 1, x * y % P


def _encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = _decode((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def _expand(secret):
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    return scalar, digest[32:]


def _challenge(*data):
    return int.from_bytes(hashlib.sha512(b"".join(data)).digest(), "little") % L


def public_key(secret):
    return _encode(_mul(_expand(secret)[0], BASE))


def sign(secret, message):
    scalar, prefix = _expand(secret)
    nonce = _challenge(prefix, message)
    commitment = _encode(_mul(nonce, BASE))
    challenge = _challenge(commitment, public_key(secret), message)
    return commitment + ((nonce + challenge * scalar) % L).to_bytes(32, "little")


def verify(key, signature, message):
    point, commitment = _decode(key), _decode(signature[:32])
    response = int.from_bytes(signature[32:], "little")
    if point is None or commitment is None or response >= L:
        return False
    challenge = _challenge(signature[:32], key, message)
    right = _add(commitment, _mul(challenge, point))
    x1, y1, z1, _ = _mul(8 * response, BASE)
    x2, y2, z2, _ = _mul(8, right)
    return (x1 * z2 - x2 * z1) % P == 0 and (y1 * z2 - y2 * z1) % P == 0
