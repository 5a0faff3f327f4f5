"""The genesis file: reading, refusing, digests, and the parameters of a height."""

import hashlib
import json

from .protocol import PRIME, message

TIMEOUTS = ("propose_ms", "propose_delta_ms", "prevote_ms", "prevote_delta_ms", "precommit_ms", "precommit_delta_ms")
TIMEOUTS += ("rebroadcast_ms", "target_height_ms")
TEXTS = ("starknet_version", "part_format", "commitment_scheme", "signature_scheme")
PARAMS = ("committee", "proposers", "builder", "quorum", "timeouts", *TEXTS, "max_proposal_bytes")
FORMAT = "ecp-test/1"


class BadGenesis(Exception):
    def __init__(self, field, what):
        super().__init__(f"genesis file: {field}: {what}")
        self.field = field


def be(number, size):
    return number.to_bytes(size, "big")


def sha(*data):
    return hashlib.sha256(b"".join(data)).digest()


def _object(value, at, required, optional=()):
    if not isinstance(value, dict):
        raise BadGenesis(at or "the file", "is no object")
    dot = at + "." if at else ""
    for name in value:
        if name not in required and name not in optional:
            raise BadGenesis(dot + name, "is no known field")
    for name in required:
        if value.get(name) is None:
            raise BadGenesis(dot + name, "is absent")
    return {name: entry for name, entry in value.items() if entry is not None}


def _number(value, at, least=0, most=2**64 - 1):
    if type(value) is not int or not least <= value <= most:
        raise BadGenesis(at, f"is no whole number from {least} to {most}")
    return value


def _list(value, at, least, most=None):
    if not isinstance(value, list) or len(value) < least or (most and len(value) > most):
        raise BadGenesis(at, f"is no list of {least} to {most or 'any number of'} entries")
    return value


def _text(value, at, most):
    if not isinstance(value, str) or not 1 <= len(value) <= most or not all(32 <= ord(c) < 127 for c in value):
        raise BadGenesis(at, f"is not 1 to {most} printable ASCII characters")
    return value


def _hex(value, at):
    if not isinstance(value, str) or value[:2] != "0x" or not set(value[2:]) <= set("0123456789abcdefABCDEF"):
        raise BadGenesis(at, "is no hexadecimal text with 0x")
    return value[2:]


def _bytes(value, at, least, most=None):
    digits = _hex(value, at)
    if len(digits) % 2 or not least <= len(digits) // 2 <= (most or least):
        raise BadGenesis(at, f"is not {least} to {most or least} bytes")
    return bytes.fromhex(digits)


def _felt(value, at):
    digits = _hex(value, at)
    if not 1 <= len(digits) <= 64 or int(digits, 16) >= PRIME:
        raise BadGenesis(at, "is no felt")
    return be(int(digits, 16), 32)


def _committee(value, at, scheme):
    members, exact = [], scheme in ("ed25519", "stark-ecdsa")
    for index, raw in enumerate(_list(value, at, 1, 1000)):
        here = f"{at}[{index}]"
        raw = _object(raw, here, ("address", "public_key", "voting_power"))
        address = _felt(raw["address"], here + ".address")
        key = _bytes(raw["public_key"], here + ".public_key", 32 if exact else 1, 32 if exact else 1024)
        for name, known in (("address", address), ("public_key", key)):
            if any(known in member[:2] for member in members):
                raise BadGenesis(f"{here}.{name}", "stands twice")
        members.append((address, key, _number(raw["voting_power"], here + ".voting_power", 1)))
    if sum(power for _, _, power in members) > 2**62:
        raise BadGenesis(at, "has more than 2^62 of voting power")
    return members


def _proposers(value, at, members):
    if value is None:
        return min(members, 256)
    value = _object(value, at, (), ("rotate", "fixed"))
    if len(value) != 1:
        raise BadGenesis(at, "is neither rotate nor fixed")
    if "rotate" in value:
        return _number(value["rotate"], at + ".rotate", 1, 256)
    return [
        _number(entry, f"{at}.fixed[{index}]", 0, members - 1)
        for index, entry in enumerate(_list(value["fixed"], at + ".fixed", 1, 256))
    ]


def _params(raw, at):
    """Checked parameters. `at` names, for each field, the object that it came from."""
    out = {name: _text(raw[name], f"{at[name]}.{name}", 31 if name == TEXTS[0] else 64) for name in TEXTS}
    where = {name: f"{at[name]}.{name}" for name in PARAMS}
    out["committee"] = _committee(raw["committee"], where["committee"], out["signature_scheme"])
    out["proposers"] = _proposers(raw.get("proposers"), where["proposers"], len(out["committee"]))
    out["builder"] = _felt(raw["builder"], where["builder"])
    quorum = _object(raw["quorum"], where["quorum"], ("numerator", "denominator"))
    low = _number(quorum["numerator"], where["quorum"] + ".numerator", 1, 2**32 - 1)
    high = _number(quorum["denominator"], where["quorum"] + ".denominator", 1, 2**32 - 1)
    if not low < high <= 2 * low:
        raise BadGenesis(where["quorum"], "is not more than half and less than all")
    out["quorum"] = (low, high)
    times = _object(raw["timeouts"], where["timeouts"], TIMEOUTS[:-1], TIMEOUTS[-1:])
    for name, value in times.items():
        _number(value, f"{where['timeouts']}.{name}", 0 if "delta" in name else 1, 2**32 - 1)
    out["timeouts"] = times
    out["max_proposal_bytes"] = _number(raw["max_proposal_bytes"], where["max_proposal_bytes"], 1)
    if out["part_format"] == out["commitment_scheme"] == FORMAT and out["max_proposal_bytes"] < 313:
        raise BadGenesis(where["max_proposal_bytes"], "is below 313")
    return out


def encode_transfer(raw, at):
    raw = _object(raw, at, ("from", "to", "amount", "nonce", "cost_ms", "signature"))
    out = _bytes(raw["from"], at + ".from", 32) + _bytes(raw["to"], at + ".to", 32)
    out += be(_number(raw["amount"], at + ".amount"), 8) + be(_number(raw["nonce"], at + ".nonce"), 8)
    out += be(_number(raw["cost_ms"], at + ".cost_ms", 0, 2**32 - 1), 4)
    return out + _bytes(raw["signature"], at + ".signature", 64)


class Genesis:
    def __init__(self, data):
        try:
            file = json.loads(data.decode())
        except ValueError as error:
            raise BadGenesis("the file", f"is no JSON in UTF-8: {error}") from None
        names = ("format", "chain_id", "fork_id", "first_height", "params", "workload")
        file = _object(file, "", names, ("activations",))
        if file["format"] != "ecp-genesis/1":
            raise BadGenesis("format", "is not ecp-genesis/1")
        self.hash = sha(data)
        self.chain_id = _text(file["chain_id"], "chain_id", 31)
        self.fork_id = _number(file["fork_id"], "fork_id")
        self.first = _number(file["first_height"], "first_height")
        raw = _object(file["params"], "params", [name for name in PARAMS if name != "proposers"], ["proposers"])
        at = dict.fromkeys(PARAMS, "params")
        self.entries = [(self.first, _params(raw, at))]
        for index, change in enumerate(_list(file.get("activations", []), "activations", 0)):
            here = f"activations[{index}]"
            change = _object(change, here, ("height",), PARAMS)
            height = _number(change.pop("height"), here + ".height")
            if height <= self.entries[-1][0]:
                raise BadGenesis(here + ".height", "is not above the one before")
            raw, at = raw | change, at | dict.fromkeys(PARAMS if "proposers" in raw else change, here)
            self.entries.append((height, _params(raw, at)))
        workload = file["workload"]
        if not isinstance(workload, dict) or set(workload) != {"test_chain"}:
            raise BadGenesis("workload", "is not test_chain, the one that this half executes")
        self._section(workload["test_chain"], "workload.test_chain")
        self.domain = be(len(self.chain_id), 1) + self.chain_id.encode() + be(self.fork_id, 8)
        self.activation_digest = self._digest()

    def _section(self, raw, at):
        raw = _object(raw, at, ("accounts", "hash_lag", "window_ms", "capacity", "batch"), ("mempool", "hash_ms"))
        self.accounts = {}
        for index, entry in enumerate(_list(raw["accounts"], at + ".accounts", 0)):
            here = f"{at}.accounts[{index}]"
            entry = _object(entry, here, ("key", "balance"), ("nonce",))
            key = _bytes(entry["key"], here + ".key", 32)
            if key in self.accounts:
                raise BadGenesis(here + ".key", "stands twice")
            self.accounts[key] = (_number(entry["balance"], here + ".balance"), _number(entry.get("nonce", 0), here + ".nonce"))
        if sum(balance for balance, _ in self.accounts.values()) >= 2**64:
            raise BadGenesis(at + ".accounts", "have balances of 2^64 or more")
        transfers = enumerate(_list(raw.get("mempool", []), at + ".mempool", 0))
        self.mempool = [encode_transfer(entry, f"{at}.mempool[{index}]") for index, entry in transfers]
        self.hash_lag = _number(raw["hash_lag"], at + ".hash_lag", 0, 1000)
        self.hash_ms = _number(raw.get("hash_ms", 0), at + ".hash_ms", 0, 60_000)
        self.window_ms = _number(raw["window_ms"], at + ".window_ms")
        self.capacity = _number(raw["capacity"], at + ".capacity", 1, 2**32 - 1)
        self.batch = _number(raw["batch"], at + ".batch", 1, 1000)

    def _digest(self):
        data = [b"ecp/activations/v1", be(len(self.entries), 8)]
        for height, params in self.entries:
            rule = params["proposers"]
            data += [be(height, 8), committee_hash(params["committee"])]
            data += [b"\1", be(len(rule), 4)] + [be(i, 4) for i in rule] if isinstance(rule, list) else [b"\0", be(rule, 4)]
            data += [params["builder"], *(be(number, 4) for number in params["quorum"])]
            data += [be(params["timeouts"].get(name, 0), 4) for name in TIMEOUTS]
            for name in TEXTS:
                data += [be(len(params[name]), 4), params[name].encode()]
            data.append(be(params["max_proposal_bytes"], 8))
        return sha(*data)

    def at(self, height):
        """The parameters of a height from the first on."""
        return [params for start, params in self.entries if start <= max(height, self.first)][-1]

    def supported(self, height):
        params = self.at(height)
        return params["part_format"] == params["commitment_scheme"] == FORMAT

    def height_params(self, height):
        params = self.at(height)
        members, rule = params["committee"], params["proposers"]
        out = message("HeightParams")(height=height, builder=params["builder"], timeouts=params["timeouts"])
        for address, key, power in members:
            out.committee.members.add(address=address, public_key=key, voting_power=power)
        out.committee.hash = committee_hash(members)
        rotated = range(rule) if isinstance(rule, int) else ()
        out.proposers.extend(rule if not rotated else [(height - self.first + i) % len(members) for i in rotated])
        out.quorum.numerator, out.quorum.denominator = params["quorum"]
        for name in (*TEXTS, "max_proposal_bytes"):
            setattr(out, name, params[name])
        return out


def committee_hash(members):
    data = [b"ecp/committee/v1", be(len(members), 8)]
    for address, key, power in members:
        data += [address, be(len(key), 4), key, be(power, 8)]
    return sha(*data)
