"""The Stark curve and its ECDSA, slow and plain."""

P = 2**251 + 17 * 2**192 + 1
BETA = 0x6F21413EFBE40DE150E596D72F7A8C5609AD26C15C915C1F4CDFCB99CEE9E89
N = 0x0800000000000010FFFFFFFFFFFFFFFFB781126DCAE7B2321E66A241ADC64D2F
G = (
    0x01EF15C18599971B7BECED415A40F0C7DEACFD9B0D1819E03D723D8BC943CFCA,
    0x005668060AA49730B7BE4801DF46EC62DE53ECD11ABE43A32873000C36E8DC1F,
)


def add(a, b):
    if a is None or b is None:
        return a or b
    (x1, y1), (x2, y2) = a, b
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 + 1) * pow(2 * y1, -1, P) if a == b else (y2 - y1) * pow(x2 - x1, -1, P)
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(scalar, point):
    result = None
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def square_root(a):
    """Tonelli and Shanks: the prime is 1 modulo 2^192."""
    if pow(a, (P - 1) // 2, P) != 1:
        return None
    odd, twos = (P - 1) >> 192, 192
    root, rest, generator = pow(a, (odd + 1) // 2, P), pow(a, odd, P), pow(3, odd, P)
    while rest != 1:
        power, square = 0, rest
        while square != 1:
            square, power = square * square % P, power + 1
        step = pow(generator, 1 << (twos - power - 1), P)
        root, generator, twos = root * step % P, step * step % P, power
        rest = rest * generator % P
    return root


def verify_stark(key, signature, digest):
    message = int.from_bytes(digest, "big") & (2**251 - 1)
    r, s, x = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:], key))
    if not (0 < r < 2**251 and 0 < s < 2**251 and x < P):
        return False
    y = square_root((x**3 + x + BETA) % P)
    if y is None:
        return False
    inverse = pow(s, -1, N)
    if inverse >= 2**251:
        return False
    left, right = multiply(message * inverse % N, G), multiply(r * inverse % N, (x, y))
    # The key has no sign: either of its two points may be meant.
    sums = (add(left, right), add(left, right and (right[0], -right[1] % P)))
    return any(point and point[0] == r for point in sums)
