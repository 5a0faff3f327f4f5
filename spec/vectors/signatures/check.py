#!/usr/bin/env python3
"""Derives the signature vectors a second time, from the text of the specification alone.

Preimages are built from the fields, digests with hashlib, and every signature is verified with plain curve arithmetic;
then each certificate gets a verdict by the rules of ECP-DEC-009. Needs nothing but Python.
"""

import hashlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "test-chain"))
import ed25519  # noqa: E402
import stark_edges  # noqa: E402
import zip215  # noqa: E402
from stark_curve import verify_stark  # noqa: E402

def verify(scheme, key, signature, digest):
    if len(signature) != 64:
        return False
    if scheme == "stark-ecdsa":
        return verify_stark(key, signature, digest)
    return ed25519.verify(key, signature, digest)


def unhex(text):
    return bytes.fromhex(text.removeprefix("0x"))


def number(value, size):
    return value.to_bytes(size, "big")


def optional(value):
    return b"\0" if value is None else b"\1" + value


def head(network, tag):
    short = lambda text: number(len(text), 1) + text.encode()
    return short(tag) + short(network["chain_id"]) + number(network["fork_id"], 8)


def preimage(network, fields):
    slot = number(fields["height"], 8) + number(fields["round"], 4)
    valid_round = fields.get("valid_round")
    valid_round = optional(None if valid_round is None else number(valid_round, 4))
    commitment = fields.get("commitment") and unhex(fields["commitment"])
    if "vote_type" in fields:
        kind = {"prevote": b"\1", "precommit": b"\2"}[fields["vote_type"]]
        return head(network, "ecp/vote/v1") + kind + slot + optional(commitment)
    if "stream_id" not in fields:
        return head(network, "ecp/proposal/v1") + slot + valid_round + commitment
    stream = head(network, "ecp/part/v1") + unhex(fields["stream_id"]) + slot + valid_round
    if fields["kind"] == "END":
        return stream + b"\4" + number(fields["parts"], 4) + number(fields["bytes"], 8) + commitment
    kind = {"INIT": b"\1", "BODY": b"\2", "FIN": b"\3"}[fields["kind"]]
    payload = unhex(fields["payload"])
    return stream + kind + number(fields["index"], 4) + number(len(payload), 8) + hashlib.sha256(payload).digest()


def check_signatures(vectors):
    key = unhex(vectors["public_key"])
    for case in vectors["cases"]:
        name = case["name"]
        message = preimage(vectors["network"], case["fields"])
        digest = hashlib.sha256(message).digest()
        assert message == unhex(case["preimage"]), f"{name}: preimage"
        assert digest == unhex(case["digest"]), f"{name}: digest"
        assert verify(vectors["scheme"], key, unhex(case["signature"]), digest), f"{name}: signature"


def verdict(vectors, case):
    certificate, committee = case["certificate"], {m["address"]: m for m in case["committee"]}
    if certificate["height"] != vectors["height"]:
        return "height"
    seen, signed = set(), 0
    for entry in certificate["signatures"]:
        if entry["address"] in seen:
            return "duplicate signer"
        seen.add(entry["address"])
        if entry["address"] not in committee:
            return "unknown signer"
        signed += int(committee[entry["address"]]["voting_power"])
    total, quorum = sum(int(m["voting_power"]) for m in case["committee"]), vectors["quorum"]
    if signed * quorum["denominator"] <= total * quorum["numerator"]:
        return "no quorum"
    fields = {"vote_type": "precommit", **{k: certificate[k] for k in ("height", "round", "commitment")}}
    digest = hashlib.sha256(preimage(vectors["network"], fields)).digest()
    for entry in certificate["signatures"]:
        key = unhex(committee[entry["address"]]["public_key"])
        if not verify(vectors["scheme"], key, unhex(entry["signature"]), digest):
            return "signature"
    return "valid"


def main():
    checked = zip215.check() + stark_edges.check()
    for scheme in ("stark-ecdsa", "ed25519"):
        vectors = json.loads((HERE / f"{scheme}.json").read_text())
        check_signatures(vectors)
        certificates = json.loads((HERE / f"certificates-{scheme}.json").read_text())
        for case in certificates["cases"]:
            found = verdict(certificates, case)
            assert found == case["verdict"], f"{scheme}, {case['name']}: {found}, not {case['verdict']}"
        checked += len(vectors["cases"]) + len(certificates["cases"])
    print(f"{checked} signature vectors hold")


if __name__ == "__main__":
    main()
