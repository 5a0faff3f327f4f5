"""Derives the vectors of this folder and of ../files from the pages test-chain.md and files.md, with Python's standard library alone.

Run: python3 check.py. It prints one line and exits with 0, or says what differs and exits with 1.
"""

import hashlib
import json
import pathlib
import sys

import ed25519

PRIME = 2**251 + 17 * 2**192 + 1
COST_MS_MAX = 60_000
DISTANCE = 10
FOLDER = pathlib.Path(__file__).parent


def load(name):
    return json.loads((FOLDER / name).read_text())


def be(number, size):
    return number.to_bytes(size, "big")


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def felt(text):
    return be(int(text, 16), 32)


def sha(*data):
    return hashlib.sha256(b"".join(data)).digest()


def masked(digest):
    return bytes([digest[0] & 0x07]) + digest[1:]


def short(data):
    return hex(int.from_bytes(data, "big"))


class Invalid(Exception):
    pass


# Genesis.


def committee_hash(members):
    data = [b"ecp/committee/v1", be(len(members), 8)]
    for member in members:
        key = unhex(member["public_key"])
        data += [felt(member["address"]), be(len(key), 4), key, be(member["voting_power"], 8)]
    return sha(*data)


def resolve(genesis):
    """(height, parameters from there on), ascending."""
    entries = [(genesis["first_height"], dict(genesis["params"]))]
    for change in genesis.get("activations", []):
        params = entries[-1][1] | {k: v for k, v in change.items() if k != "height"}
        entries.append((change["height"], params))
    return entries


def proposer_rule(params):
    return params.get("proposers", {"rotate": min(len(params["committee"]), 256)})


def proposer_list(genesis, params, height):
    rule, members = proposer_rule(params), len(params["committee"])
    if "fixed" in rule:
        return rule["fixed"]
    return [(height - genesis["first_height"] + i) % members for i in range(rule["rotate"])]


def activation_digest(genesis):
    entries = resolve(genesis)
    data = [b"ecp/activations/v1", be(len(entries), 8)]
    for height, params in entries:
        data += [be(height, 8), committee_hash(params["committee"])]
        rule = proposer_rule(params)
        if "rotate" in rule:
            data += [b"\0", be(rule["rotate"], 4)]
        else:
            data += [b"\1", be(len(rule["fixed"]), 4)] + [be(index, 4) for index in rule["fixed"]]
        data += [felt(params["builder"])]
        data += [be(params["quorum"][name], 4) for name in ("numerator", "denominator")]
        for name in ("propose", "propose_delta", "prevote", "prevote_delta", "precommit", "precommit_delta"):
            data.append(be(params["timeouts"][name + "_ms"], 4))
        data.append(be(params["timeouts"]["rebroadcast_ms"], 4))
        data.append(be(params["timeouts"].get("target_height_ms", 0), 4))
        for name in ("starknet_version", "part_format", "commitment_scheme", "signature_scheme"):
            text = params[name].encode()
            data += [be(len(text), 4), text]
        data.append(be(params["max_proposal_bytes"], 8))
    return sha(*data)


# Transfers and payloads.


def domain(chain_id, fork_id):
    return be(len(chain_id), 1) + chain_id.encode() + be(fork_id, 8)


def unsigned(transfer):
    numbers = be(transfer["amount"], 8) + be(transfer["nonce"], 8) + be(transfer["cost_ms"], 4)
    return unhex(transfer["from"]) + unhex(transfer["to"]) + numbers


def message(network, transfer):
    return b"ecp-test/1/sign" + network + unsigned(transfer)


def encode(transfer):
    return unsigned(transfer) + unhex(transfer["signature"])


class Reader:
    def __init__(self, payload):
        self.payload = payload

    def take(self, size):
        if len(self.payload) < size:
            raise Invalid("PAYLOAD_MALFORMED")
        value, self.payload = self.payload[:size], self.payload[size:]
        return value

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def done(self):
        if self.payload:
            raise Invalid("PAYLOAD_MALFORMED")


def hexed(data):
    return "0x" + data.hex()


def decode_init(payload):
    r = Reader(payload)
    init = {"height": r.number(8), "round": r.number(4)}
    flag, valid_round = r.number(1), r.number(4)
    proposer = r.number(32)
    if flag > 1 or (flag == 0 and valid_round) or proposer >= PRIME:
        raise Invalid("PAYLOAD_MALFORMED")
    init |= {"valid_round": valid_round if flag else None, "proposer": hex(proposer)}
    init |= {"timestamp_ms": r.number(8), "parent": hexed(r.take(32))}
    r.done()
    return init


def decode_body(payload):
    r = Reader(payload)
    count = r.number(4)
    if count == 0 or len(r.payload) != count * 148:
        raise Invalid("PAYLOAD_MALFORMED")
    transfers = []
    for _ in range(count):
        transfer = {"from": hexed(r.take(32)), "to": hexed(r.take(32))}
        transfer |= {"amount": r.number(8), "nonce": r.number(8), "cost_ms": r.number(4)}
        transfers.append(transfer | {"signature": hexed(r.take(64))})
    return {"transfers": transfers}


def decode_fin(payload):
    r = Reader(payload)
    fin = {"commitment": hexed(r.take(32)), "executed_count": r.number(8), "state_digest": hexed(r.take(32))}
    r.done()
    return fin


DECODE = {"INIT": decode_init, "BODY": decode_body, "FIN": decode_fin}


def encode_init(init):
    valid_round = init["valid_round"]
    flag = b"\0" if valid_round is None else b"\1"
    out = be(init["height"], 8) + be(init["round"], 4) + flag + be(valid_round or 0, 4)
    return out + felt(init["proposer"]) + be(init["timestamp_ms"], 8) + unhex(init["parent"])


# The chain.


class Chain:
    def __init__(self, raw):
        self.genesis = json.loads(raw)
        self.section = self.genesis["workload"]["test_chain"]
        self.network = domain(self.genesis["chain_id"], self.genesis["fork_id"])
        self.height = self.genesis["first_height"]
        self.parent, self.timestamp = sha(raw), 0
        self.accounts = {a["key"]: (a["balance"], a.get("nonce", 0)) for a in self.section["accounts"]}
        self.hashes = {}

    def execute(self, accounts, place, transfer):
        if place >= self.section["capacity"]:
            raise Invalid("BLOCK_OVER_CAPACITY")
        if transfer["cost_ms"] > COST_MS_MAX:
            raise Invalid("TRANSACTION_INVALID")
        signature = unhex(transfer["signature"])
        if not ed25519.verify(unhex(transfer["from"]), signature, message(self.network, transfer)):
            raise Invalid("TRANSACTION_INVALID")
        balance, nonce = accounts.get(transfer["from"], (0, 0))
        if transfer["nonce"] < nonce:
            raise Invalid("DUPLICATE_TRANSACTION")
        if transfer["nonce"] > nonce or transfer["amount"] > balance or nonce == 2**64 - 1:
            raise Invalid("TRANSACTION_INVALID")
        accounts[transfer["from"]] = (balance - transfer["amount"], nonce + 1)
        balance, nonce = accounts.get(transfer["to"], (0, 0))
        accounts[transfer["to"]] = (balance + transfer["amount"], nonce)

    def check(self, slot, parts):
        """The block, or Invalid."""
        size, sent = 0, []
        for part in parts:
            payload = unhex(part["payload"])
            size += len(payload)
            if size > self.genesis["params"]["max_proposal_bytes"]:
                raise Invalid("PROPOSAL_TOO_LARGE")
            value = DECODE[part["kind"]](payload)
            if part["kind"] == "INIT":
                init = value
                if any(init[name] != slot[name] for name in ("height", "round", "valid_round", "proposer")):
                    raise Invalid("INIT_MISMATCH")
                if unhex(init["parent"]) != self.parent or init["timestamp_ms"] < self.timestamp:
                    raise Invalid("HEADER_RULE")
            elif part["kind"] == "BODY":
                sent += value["transfers"]
            else:
                fin = value
        count = fin["executed_count"]
        if count > len(sent):
            raise Invalid("COUNT_EXCEEDS_SENT")
        accounts = dict(self.accounts)
        for place in range(count):
            self.execute(accounts, place, sent[place])
        block = self.seal(init, sent[:count], accounts)
        if block["state_digest"] != fin["state_digest"]:
            raise Invalid("FIN_MISMATCH")
        if block["commitment"] != fin["commitment"]:
            raise Invalid("COMMITMENT_MISMATCH")
        return block

    def seal(self, init, executed, accounts):
        transfers = sha(b"ecp-test/1/transfers", be(len(executed), 8), *map(encode, executed))
        rows = sorted((unhex(key), *account) for key, account in accounts.items())
        rows = [key + be(balance, 8) + be(nonce, 8) for key, balance, nonce in rows]
        state = sha(b"ecp-test/1/accounts", be(len(rows), 8), *rows)
        needed = init["height"] - DISTANCE
        distant = self.hashes[needed] if needed >= self.genesis["first_height"] else None
        preimage = b"ecp-test/1/commitment" + self.network + be(init["height"], 8) + unhex(init["parent"])
        preimage += be(init["timestamp_ms"], 8) + felt(self.genesis["params"]["builder"])
        preimage += be(len(executed), 8) + transfers + state + (distant or bytes(32))
        commitment = sha(preimage)
        root = masked(sha(b"ecp-test/1/state-root", state))
        below = self.hashes.get(init["height"] - 1, bytes(32))
        own = masked(sha(b"ecp-test/1/block-hash", be(init["height"], 8), commitment, root, below))
        return {
            "executed_count": len(executed),
            "transfers_digest": hexed(transfers),
            "state_digest": hexed(state),
            "distant_hash": distant and short(distant),
            "commitment_preimage": hexed(preimage),
            "commitment": hexed(commitment),
            "state_root": short(root),
            "block_hash": short(own),
            "accounts": [
                {"key": key, "balance": balance, "nonce": nonce} for key, (balance, nonce) in sorted(accounts.items())
            ],
            "after": (init["timestamp_ms"], accounts, own),
        }

    def commit(self, block):
        self.parent = unhex(block["commitment"])
        self.timestamp, self.accounts, self.hashes[self.height] = block["after"]
        self.height += 1


# The files.


def expect(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: derived {got}, the file says {wanted}")


def check_transfers():
    cases = load("transfers.json")["cases"]
    for case in cases:
        name, transfer = case["name"], case["transfer"]
        network = domain(case["chain_id"], case["fork_id"])
        signed, signature = message(network, transfer), unhex(transfer["signature"])
        expect(f"{name}, message", hexed(signed), case["message"])
        expect(f"{name}, encoded", hexed(encode(transfer)), case["encoded"])
        valid = ed25519.verify(unhex(transfer["from"]), signature, signed)
        expect(f"{name}, signature_valid", valid, case["signature_valid"])
        if case["secret_key"]:
            secret = unhex(case["secret_key"])
            expect(f"{name}, from", hexed(ed25519.public_key(secret)), transfer["from"])
            expect(f"{name}, signature", hexed(ed25519.sign(secret, signed)), transfer["signature"])
    return len(cases)


def check_payloads():
    file = load("payloads.json")
    for case in file["cases"]:
        try:
            got = DECODE[case["kind"]](unhex(case["payload"]))
        except Invalid:
            got = None
        expect(f"{case['kind']} {case['name']}", got, case["decoded"])
    for case in file["reframe"]:
        init = decode_init(unhex(case["init"])) | {k: case[k] for k in ("round", "valid_round", "proposer")}
        expect("reframe", hexed(encode_init(init)), case["reframed"])
    return len(file["cases"]) + len(file["reframe"])


def check_proposals(chain):
    cases = load("proposals.json")["cases"]
    for case in cases:
        try:
            block = chain.check(case["slot"], case["parts"])
            got = {"valid": block["commitment"], "executed_count": block["executed_count"]}
        except Invalid as invalid:
            got = {"invalid": str(invalid)}
        expect(case["name"], got, case["verdict"])
    return len(cases)


def check_blocks():
    file = load("blocks.json")
    chain = Chain((FOLDER / "genesis.json").read_bytes())
    expect("genesis_hash", hexed(chain.parent), file["genesis_hash"])
    expect("activation_digest", hexed(activation_digest(chain.genesis)), file["activation_digest"])
    expect("committee_hash", hexed(committee_hash(chain.genesis["params"]["committee"])), file["committee_hash"])
    proposals = 0
    for case in file["cases"]:
        if chain.height == 11:
            proposals = check_proposals(chain)
        for parts in (case["parts"], case["archived_parts"]):
            block = chain.check(case["slot"], parts)
            for name in block.keys() - {"after"}:
                expect(f"height {chain.height}, {name}", block[name], case[name])
        chain.commit(block)
    return len(file["cases"]), proposals


def check_files():
    cases = load("../files/genesis.json")["cases"]
    for case in cases:
        raw = (FOLDER.parent / case["file"]).read_bytes()
        genesis = json.loads(raw)
        expect(f"{case['file']}, genesis_hash", hexed(sha(raw)), case["genesis_hash"])
        expect(f"{case['file']}, activation_digest", hexed(activation_digest(genesis)), case["activation_digest"])
        for wanted in case["heights"]:
            height = wanted["height"]
            params = [params for start, params in resolve(genesis) if start <= height][-1]
            proposers, members = proposer_list(genesis, params, height), params["committee"]
            extra = [members[i % len(members)]["address"] for i in range(10)]
            got = {name: params[name] for name in ("quorum", "builder", "part_format", "max_proposal_bytes")}
            got |= {
                "height": height,
                "committee_hash": hexed(committee_hash(members)),
                "proposers": proposers,
                "proposer_addresses": ([members[i]["address"] for i in proposers] + extra)[:10],
                "propose_ms": params["timeouts"]["propose_ms"],
                "target_height_ms": params["timeouts"].get("target_height_ms"),
            }
            expect(f"{case['file']}, height {height}", got, wanted)
    return len(cases)


files, transfers, payloads, (blocks, proposals) = check_files(), check_transfers(), check_payloads(), check_blocks()
print(f"{files} genesis files, {transfers} transfers, {payloads} payloads, {blocks} blocks and {proposals} proposals are as the pages say")
