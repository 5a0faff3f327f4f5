#!/usr/bin/env python3
"""Computes the vectors of this folder a second time: from the blocks as the network served them to the block hash, from
storage to the state root, and from a header to what is voted on under both schemes. Needs nothing but Python.

With --write it writes schemes.json, whose inputs stand here; without it the file is compared.
"""

import json
import pathlib
import sys

from hashes import PRIME, keccak, list_root, pedersen, poseidon, poseidon_many, short_string, trie_root

HERE = pathlib.Path(__file__).resolve().parent
BLOCKS = HERE.parent.parent.parent / "reference-execution/commitments/third_party/starknet-blocks"


def felt(text):
    return int(text, 16)


def felts(texts):
    return [felt(text) for text in texts]


def counted(values):
    return [len(values), *values]


def version(text):
    return tuple(int(part) for part in text.split("."))


def state_diff_commitment(update):
    """The number of changes, and Poseidon over all kinds of them, each counted and in ascending order."""
    diff = update["state_diff"]
    deployed = {felt(e["address"]): felt(e["class_hash"]) for e in diff["deployed_contracts"] + diff["replaced_classes"]}
    declared = {felt(e["class_hash"]): felt(e["compiled_class_hash"]) for e in diff["declared_classes"]}
    deprecated = sorted(felts(diff["old_declared_contracts"]))
    storage = {felt(a): {felt(c["key"]): felt(c["value"]) for c in cells} for a, cells in diff["storage_diffs"].items()}
    nonces = {felt(a): felt(n) for a, n in diff["nonces"].items()}
    pairs = lambda table: [len(table), *(value for item in sorted(table.items()) for value in item)]
    chain = [short_string("STARKNET_STATE_DIFF0"), *pairs(deployed), *pairs(declared), *counted(deprecated), 1, 0]
    written = sorted((address, cells) for address, cells in storage.items() if cells)
    chain += [len(written), *(value for address, cells in written for value in (address, *pairs(cells)))]
    length = sum(len(cells) for cells in storage.values()) + len(deployed) + len(declared) + len(deprecated) + len(nonces)
    return length, poseidon_many([*chain, *pairs(nonces)])


def gas_prices_hash(prices):
    """Of L1 gas, L1 data gas and L2 gas, each in wei and in fri."""
    return poseidon_many([short_string("STARKNET_GAS_PRICES0"), *(price for pair in prices for price in pair)])


def block_hash(header, root=0, parent=0):
    """The block hash; without root and parent the partial one."""
    one = version(header["starknet_version"]) >= (0, 13, 4)
    prices = header["prices"]
    chain = [short_string("STARKNET_BLOCK_HASH1" if one else "STARKNET_BLOCK_HASH0"), header["height"], root]
    chain += [header["sequencer"], header["timestamp"], header["counts"], header["state_diff"]]
    chain += [header["transactions"], header["events"], header["receipts"]]
    chain += [gas_prices_hash(prices)] if one else [price for pair in prices[:2] for price in pair]
    return poseidon_many([*chain, short_string(header["starknet_version"]), 0, parent])


def counts(transactions, events, changes, blob):
    return transactions << 192 | events << 128 | changes << 64 | (0x80 << 56 if blob else 0)


def check_block(number):
    vector = json.loads((HERE / f"block-sepolia-integration-{number}.json").read_text())
    block = json.loads((BLOCKS / f"sepolia-integration-{number}.block.json").read_text())
    update = json.loads((BLOCKS / f"sepolia-integration-{number}.state_update.json").read_text())
    new = version(block["starknet_version"]) >= (0, 13, 4)
    transactions, events, receipts = [], [], []
    for tx, receipt in zip(block["transactions"], block["transaction_receipts"]):
        hash, signature = felt(tx["transaction_hash"]), felts(tx.get("signature", []))
        transactions.append(poseidon_many([hash, *(signature or ([] if new else [0]))]))
        for event in receipt["events"]:
            chain = [felt(event["from_address"]), hash, *counted(felts(event["keys"])), *counted(felts(event["data"]))]
            events.append(poseidon_many(chain))
        sent = receipt["l2_to_l1_messages"]
        messages = [len(sent)]
        for message in sent:
            messages += [felt(message["from_address"]), felt(message["to_address"]), *counted(felts(message["payload"]))]
        gas, reason = receipt["execution_resources"]["total_gas_consumed"], receipt.get("revert_error")
        told = [hash, felt(receipt["actual_fee"]), poseidon_many(messages), keccak(reason.encode()) if reason else 0]
        receipts.append(poseidon_many([*told, 0, gas["l1_gas"], gas["l1_data_gas"]]))
    length, diff = state_diff_commitment(update)
    price = lambda name: tuple(felt(block[name][f"price_in_{unit}"]) for unit in ("wei", "fri")) if name in block else (0, 0)
    header = {
        "height": number, "sequencer": felt(block["sequencer_address"]), "timestamp": block["timestamp"],
        "starknet_version": block["starknet_version"], "transactions": list_root(transactions),
        "events": list_root(events), "receipts": list_root(receipts), "state_diff": diff,
        "counts": counts(len(transactions), len(events), length, block["l1_da_mode"] == "BLOB"),
        "prices": [price("l1_gas_price"), price("l1_data_gas_price"), price("l2_gas_price")],
    }
    hash = block_hash(header, felt(block["state_root"]), felt(block["parent_block_hash"]))
    for kind in ("transaction", "event", "receipt"):
        assert header[f"{kind}s"] == felt(block[f"{kind}_commitment"]), f"block {number}: {kind} commitment of the network"
    assert hash == felt(block["block_hash"]), f"block {number}: block hash of the network"
    found = {
        "transaction_leaves": transactions, "transaction_commitment": header["transactions"], "event_leaves": events,
        "event_commitment": header["events"], "receipt_leaves": receipts, "receipt_commitment": header["receipts"],
        "state_diff_commitment": diff, "counts": header["counts"], "partial_block_hash": block_hash(header),
        "gas_prices_hash": gas_prices_hash(header["prices"]) if new else None, "block_hash": hash,
    }
    for key, value in found.items():
        written = vector[key]
        written = felts(written) if isinstance(written, list) else written and felt(written)
        assert value == written, f"block {number}: {key}"
    assert vector["state_diff_length"] == length
    return header, len(found)


def check_state_root():
    vector = json.loads((HERE / "state-root-sepolia-0.json").read_text())
    leaves, count = {}, 0
    for contract in vector["contracts"]:
        root = trie_root({felt(key): felt(value) for key, value in contract["storage"]}, 251, pedersen)
        leaf = pedersen(pedersen(pedersen(felt(contract["class_hash"]), root), felt(contract["nonce"])), 0)
        assert root == felt(contract["storage_root"]) and leaf == felt(contract["leaf"]), contract["address"]
        leaves[felt(contract["address"])] = leaf
        count += 2
    root = trie_root(leaves, 251, pedersen)
    assert root == felt(vector["contracts_root"]) == felt(vector["state_root"]) and felt(vector["classes_root"]) == 0
    return count + 2


def optional(value):
    return [0] if value is None else [1, value]


def commitments(case):
    """Every value on the way to the two commitments of a case of schemes.json."""
    init, content = case["init"], case["content"]
    number = lambda key: int(init[key])
    rate = number("l2_gas_price_fri") * number("l1_gas_price_wei") // number("l1_gas_price_fri")
    header = {key: felt(value) for key, value in content.items()} | {
        "height": init["height"], "timestamp": init["timestamp"], "sequencer": felt(init["builder"]),
        "starknet_version": init["starknet_version"],
        "prices": [
            (number("l1_gas_price_wei"), number("l1_gas_price_fri")),
            (number("l1_data_gas_price_wei"), number("l1_data_gas_price_fri")),
            (max(rate, 1), number("l2_gas_price_fri")),
        ],
    }
    partial = block_hash(header)
    fee = None if init["fee_proposal_fri"] is None else number("fee_proposal_fri")
    parent = None if case["parent"] is None else felt(case["parent"])
    chain = [short_string("ecp-starknet-1"), short_string(case["chain_id"]), case["fork_id"], *optional(parent), partial]
    chain += [int(case["next_l2_gas_price_fri"]), int(case["l2_gas_used"]), *optional(fee)]
    chain.append(felt(init["version_constant_commitment"]))
    show = lambda value: f"{value:#x}"
    return {
        "l2_gas_price_wei": str(max(rate, 1)),
        "gas_prices_hash": show(gas_prices_hash(header["prices"])),
        "partial_block_hash": show(partial),
        "starknet-partial-block-hash": f"0x{partial if fee is None else poseidon_many([partial, fee]):064x}",
        "ecp-starknet-1 felts": [show(value) for value in chain],
        "ecp-starknet-1": f"0x{poseidon_many(chain):064x}",
    }


def schemes(header):
    """schemes.json: the content of a real block under headers that differ in one thing each."""
    content = {key: f"{header[key]:#x}" for key in ("transactions", "events", "receipts", "state_diff", "counts")}
    init = {
        "height": header["height"], "timestamp": header["timestamp"], "builder": f"{header['sequencer']:#x}",
        "l2_gas_price_fri": "8000000000", "l1_gas_price_fri": "20000000000000", "l1_data_gas_price_fri": "100000",
        "l1_gas_price_wei": "2000000000", "l1_data_gas_price_wei": "10", "starknet_version": "0.14.4",
        "version_constant_commitment": "0x1234", "fee_proposal_fri": "8000000000",
    }
    base = {
        "chain_id": "ECP_VECTORS", "fork_id": 0, "parent": f"0x{7:064x}", "init": init, "content": content,
        "next_l2_gas_price_fri": "8000000001", "l2_gas_used": "123456",
    }
    changes = [
        ("a block", {}, {}),
        ("the first block has no parent", {"parent": None}, {}),
        ("a parent of zero is not absence", {"parent": f"0x{0:064x}"}, {}),
        ("before fee proposals", {}, {"starknet_version": "0.14.2", "fee_proposal_fri": None}),
        ("a fee proposal of zero is not absence", {}, {"fee_proposal_fri": "0"}),
        ("another fork", {"fork_id": 1}, {}),
        ("another chain", {"chain_id": "ECP_VECTORT"}, {}),
        ("another next price", {"next_l2_gas_price_fri": "8000000002"}, {}),
        ("more L2 gas", {"l2_gas_used": "123457"}, {}),
        ("other constants", {}, {"version_constant_commitment": "0x1235"}),
        ("another timestamp", {}, {"timestamp": header["timestamp"] + 1}),
        ("a price in wei of at least 1", {}, {"l2_gas_price_fri": "1", "fee_proposal_fri": "1"}),
        ("the largest prices", {}, {
            "l2_gas_price_fri": str(2**64 - 1), "l1_gas_price_wei": str(2**64 - 1), "l1_gas_price_fri": "1",
            "fee_proposal_fri": str(2**64 - 1),
        }),
        ("an empty block", {"content": content | {
            "transactions": "0x0", "events": "0x0", "receipts": "0x0", "counts": f"{0x80 << 56:#x}",
            "state_diff": f"{poseidon_many([short_string('STARKNET_STATE_DIFF0'), 0, 0, 0, 1, 0, 0, 0]):#x}",
        }, "l2_gas_used": "0"}, {}),
    ]
    cases = []
    for name, change, header_change in changes:
        case = {"name": name, **base, **change, "init": init | header_change}
        cases.append(case | {"result": commitments(case)})
    return {
        "about": "what is voted on under both commitment schemes, with every value on the way; numbers above 2^53 are texts",
        "cases": cases,
    }


def main():
    _, old = check_block(35748)
    header, new = check_block(63881)
    made = schemes(header)
    text = json.dumps(made, indent=2) + "\n"
    path = HERE / "schemes.json"
    if sys.argv[1:] == ["--write"]:
        path.write_text(text)
    assert path.read_text() == text, "schemes.json is not what check.py makes"
    results = [case["result"] for case in made["cases"]]
    partial = [result["starknet-partial-block-hash"] for result in results]
    whole = [result["ecp-starknet-1"] for result in results]
    # What the page says of the two: one binds everything here, the other leaves six of these changes out.
    assert len(set(whole)) == len(whole) and partial.count(partial[0]) == 8, partial.count(partial[0])
    assert all(int(value, 16) < PRIME for value in whole + partial)
    print(f"commitments: {old + new + check_state_root()} values of real blocks and {len(results)} cases of both schemes hold")


if __name__ == "__main__":
    main()
