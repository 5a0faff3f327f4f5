"""Starknet's hashes and tries, slow and plain: Poseidon, Pedersen, Keccak, and the root of a Patricia trie."""

import functools
import hashlib

PRIME = 2**251 + 17 * 2**192 + 1

# The shift of the Pedersen hash, then two points for each of its two inputs.
_POINTS = [
    (
        0x49EE3EBA8C1600700EE1B87EB599F16716B0B1022947733551FDE4050CA6804,
        0x3CA0CFE4B3BC6DDF346D49D06EA0ED34E621062C0E056C1D0405D266E10268A,
    ),
    (
        0x234287DCBAFFE7F969C748655FCA9E58FA8120B6D56EB0C1080D17957EBE47B,
        0x3B056F100F96FB21E889527D41F4E39940135DD7A6C94CC6ED0268EE89E5615,
    ),
    (
        0x4FA56F376C83DB33F9DAB2656558F3399099EC1DE5E3018B7A6932DBA8AA378,
        0x3FA0984C931C9E38113E0C0E47E4401562761F92A7A23B45168F4E80FF5B54D,
    ),
    (
        0x4BA4CC166BE8DEC764910F75B45F74B40C690C74709E90F3AA372F0BD2D6997,
        0x40301CF5C1751F4B971E46C4EDE85FCAC5C59A5CE5AE7C48151F27B24B219C,
    ),
    (
        0x54302DCB0E6CC1C6E44CCA8F61A63BB2CA65048D53FB325D36FF12C49A58202,
        0x1B77B3E37D13504B348046268D8AE25CE98AD783C25561A879DCC77E99C2426,
    ),
]


def short_string(text):
    """A text of at most 31 ASCII characters as a felt."""
    return int.from_bytes(text.encode(), "big")


@functools.lru_cache
def _poseidon_constants():
    """Three for each of 91 rounds: SHA-256 of `Hades` and the number."""
    return [int(hashlib.sha256(f"Hades{i}".encode()).hexdigest(), 16) % PRIME for i in range(3 * 91)]


def _permute(a, b, c):
    constants = _poseidon_constants()
    for i in range(91):
        a, b, c = a + constants[3 * i], b + constants[3 * i + 1], c + constants[3 * i + 2]
        if i < 4 or i >= 87:
            a, b = pow(a, 3, PRIME), pow(b, 3, PRIME)
        c = pow(c, 3, PRIME)
        total = a + b + c
        a, b, c = (total + 2 * a) % PRIME, (total - 2 * b) % PRIME, (total - 3 * c) % PRIME
    return a, b, c


def poseidon(a, b):
    """Poseidon of two felts."""
    return _permute(a, b, 2)[0]


def poseidon_many(felts):
    """Poseidon of a list: a 1 is appended, then a 0 if the length is odd, and pairs are absorbed."""
    felts = [*felts, 1]
    felts += [0] * (len(felts) % 2)
    state = (0, 0, 0)
    for a, b in zip(felts[::2], felts[1::2]):
        state = _permute(state[0] + a, state[1] + b, state[2])
    return state[0]


def _add(p, q):
    if p == q:
        slope = (3 * p[0] * p[0] + 1) * pow(2 * p[1], -1, PRIME)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, PRIME)
    x = (slope * slope - p[0] - q[0]) % PRIME
    return x, (slope * (p[0] - x) - p[1]) % PRIME


@functools.lru_cache(maxsize=None)
def pedersen(a, b):
    """Pedersen of two felts."""
    total = _POINTS[0]
    for value, low, high in ((a, _POINTS[1], _POINTS[2]), (b, _POINTS[3], _POINTS[4])):
        for bits, point in ((value % 2**248, low), (value >> 248, high)):
            while bits:
                if bits & 1:
                    total = _add(total, point)
                point, bits = _add(point, point), bits >> 1
    return total[0]


def keccak(data):
    """The low 250 bits of Keccak-256."""
    mask, rate = 2**64 - 1, 136
    turn = lambda lane, bits: (lane << bits | lane >> (64 - bits)) & mask
    data = bytearray(data) + b"\1" + bytes(-(len(data) + 1) % rate)
    data[-1] |= 0x80
    lanes = [0] * 25
    for block in range(0, len(data), rate):
        for i in range(rate // 8):
            lanes[i] ^= int.from_bytes(data[block + 8 * i : block + 8 * i + 8], "little")
        register = 1
        for _ in range(24):
            column = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
            lanes = [lane ^ column[(i - 1) % 5] ^ turn(column[(i + 1) % 5], 1) for i, lane in enumerate(lanes)]
            x, y, carried = 1, 0, lanes[1]
            for t in range(24):
                x, y = y, (2 * x + 3 * y) % 5
                carried, lanes[x + 5 * y] = lanes[x + 5 * y], turn(carried, (t + 1) * (t + 2) // 2 % 64)
            rows = [lanes[i : i + 5] for i in range(0, 25, 5)]
            lanes = [row[x] ^ (~row[(x + 1) % 5] & mask & row[(x + 2) % 5]) for row in rows for x in range(5)]
            for j in range(7):
                if register & 1:
                    lanes[0] ^= 1 << (2**j - 1)
                register = register << 1 ^ (0x171 if register & 0x80 else 0)
    digest = b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])
    return int.from_bytes(digest, "big") % 2**250


def trie_root(items, height, hash):
    """Root of the Patricia trie of this height over {key: value}; values of zero are absent, an empty trie is 0."""
    items = {key: value for key, value in items.items() if value}
    if not items:
        return 0
    if height == 0:
        return items[0]
    lowest, highest = min(items), max(items)
    if shared := height - (lowest ^ highest).bit_length():
        below = height - shared
        child = trie_root({key % 2**below: value for key, value in items.items()}, below, hash)
        return (hash(child, lowest >> below) + shared) % PRIME
    middle = 1 << (height - 1)
    left = trie_root({key: value for key, value in items.items() if key < middle}, height - 1, hash)
    right = trie_root({key - middle: value for key, value in items.items() if key >= middle}, height - 1, hash)
    return hash(left, right)


def list_root(leaves):
    """Root over a list: a trie of height 64 with Poseidon, keys from 0."""
    return trie_root(dict(enumerate(leaves)), 64, poseidon)
