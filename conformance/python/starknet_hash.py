"""Starknet's Keccak, Pedersen hash and contract addresses, in plain Python."""

import functools

PRIME = 2**251 + 17 * 2**192 + 1

# The points of the Pedersen hash: the shift, then two for each of the two inputs.
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


def _add(p, q):
    """Sum of two different points that are not each other's negative."""
    slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, PRIME) % PRIME
    x = (slope * slope - p[0] - q[0]) % PRIME
    return x, (slope * (p[0] - x) - p[1]) % PRIME


def _double(p):
    slope = (3 * p[0] * p[0] + 1) * pow(2 * p[1], -1, PRIME) % PRIME
    x = (slope * slope - 2 * p[0]) % PRIME
    return x, (slope * (p[0] - x) - p[1]) % PRIME


@functools.lru_cache(maxsize=None)
def pedersen(a, b):
    """Pedersen hash of two felts."""
    total = _POINTS[0]
    for value, low, high in ((a, _POINTS[1], _POINTS[2]), (b, _POINTS[3], _POINTS[4])):
        if not 0 <= value < PRIME:
            raise ValueError(f"{value:#x} is no felt")
        for bits, point in ((value & (2**248 - 1), low), (value >> 248, high)):
            while bits:
                if bits & 1:
                    total = _add(total, point)
                point = _double(point)
                bits >>= 1
    return total[0]


def pedersen_array(felts):
    """Pedersen hash of a list, ended by its length."""
    total = 0
    for felt in felts:
        total = pedersen(total, felt)
    return pedersen(total, len(felts))


def contract_address(class_hash, salt, calldata, deployer=0):
    """Address of a contract; deployer 0 for one that deploys itself."""
    prefix = int.from_bytes(b"STARKNET_CONTRACT_ADDRESS", "big")
    address = pedersen_array([prefix, deployer, salt, class_hash, pedersen_array(calldata)])
    return address % (2**251 - 256)


def _rotations():
    """Lane (x, y) to be moved, and by how many bits, in the order of the permutation."""
    x, y, moves = 1, 0, []
    for t in range(24):
        moves.append((x, y, (t + 1) * (t + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return moves


def _round_constants():
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << (2**j - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


_MOVES, _CONSTANTS = _rotations(), _round_constants()


def _rotate(lane, bits):
    return ((lane << bits) | (lane >> (64 - bits))) & (2**64 - 1)


def _permute(a):
    for constant in _CONSTANTS:
        parity = [a[x][0] ^ a[x][1] ^ a[x][2] ^ a[x][3] ^ a[x][4] for x in range(5)]
        for x in range(5):
            mix = parity[x - 1] ^ _rotate(parity[(x + 1) % 5], 1)
            for y in range(5):
                a[x][y] ^= mix
        moved = a[1][0]
        for x, y, bits in _MOVES:
            to_x, to_y = y, (2 * x + 3 * y) % 5
            a[to_x][to_y], moved = _rotate(moved, bits), a[to_x][to_y]
        for y in range(5):
            row = [a[x][y] for x in range(5)]
            for x in range(5):
                a[x][y] = row[x] ^ (~row[(x + 1) % 5] & (2**64 - 1) & row[(x + 2) % 5])
        a[0][0] ^= constant


def keccak256(data):
    """Keccak-256, as Ethereum uses it (not SHA3-256)."""
    rate = 136
    padding = bytearray(rate - len(data) % rate)
    padding[0] |= 0x01
    padding[-1] |= 0x80
    padded = bytes(data) + bytes(padding)
    state = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for i in range(rate // 8):
            lane = padded[start + 8 * i : start + 8 * i + 8]
            state[i % 5][i // 5] ^= int.from_bytes(lane, "little")
        _permute(state)
    return b"".join(state[i % 5][i // 5].to_bytes(8, "little") for i in range(4))


def selector(name):
    """Selector of a function or event: the low 250 bits of Keccak-256."""
    return int.from_bytes(keccak256(name.encode()), "big") & (2**250 - 1)
