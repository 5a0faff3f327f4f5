"""The test chain: payloads, execution, commitments."""

import asyncio
import time
from dataclasses import dataclass, field

from .ed25519 import verify
from .genesis import be, sha
from .protocol import KIND, PRIME

TRANSFER, FIN_BYTES, INIT_BYTES, DISTANCE, COST_MAX = 148, 72, 89, 10, 60_000


class Invalid(Exception):
    """A rule of the test chain is broken; the argument is the reason."""


def now_ms():
    return time.time_ns() // 1_000_000


def number(data):
    return int.from_bytes(data, "big")


@dataclass
class Init:
    height: int
    round: int
    valid_round: int | None
    proposer: bytes
    timestamp: int
    parent: bytes

    @classmethod
    def decode(cls, data):
        if len(data) != INIT_BYTES:
            raise Invalid("PAYLOAD_MALFORMED")
        flag, valid_round = data[12], number(data[13:17])
        if flag > 1 or (valid_round and not flag) or number(data[17:49]) >= PRIME:
            raise Invalid("PAYLOAD_MALFORMED")
        valid_round = valid_round if flag else None
        return cls(number(data[:8]), number(data[8:12]), valid_round, data[17:49], number(data[49:57]), data[57:])

    def encode(self):
        has = self.valid_round is not None
        out = be(self.height, 8) + be(self.round, 4) + bytes([has]) + be(self.valid_round or 0, 4)
        return out + self.proposer + be(self.timestamp, 8) + self.parent


def decode_body(data):
    if len(data) < 4 or number(data[:4]) == 0 or len(data) - 4 != number(data[:4]) * TRANSFER:
        raise Invalid("PAYLOAD_MALFORMED")
    return [data[start : start + TRANSFER] for start in range(4, len(data), TRANSFER)]


def encode_body(transfers):
    return be(len(transfers), 4) + b"".join(transfers)


@dataclass
class Fin:
    commitment: bytes
    count: int
    state: bytes

    @classmethod
    def decode(cls, data):
        if len(data) != FIN_BYTES:
            raise Invalid("PAYLOAD_MALFORMED")
        return cls(data[:32], number(data[32:40]), data[40:])

    def encode(self):
        return self.commitment + be(self.count, 8) + self.state


@dataclass
class Block:
    """An executed block: a candidate, or what is committed."""

    height: int
    commitment: bytes
    timestamp: int
    accounts: dict
    state: bytes
    count: int
    parts: list = field(default_factory=list)
    fresh: bool = True

    def archived(self):
        """Its parts as the archive keeps them: nothing behind the executed prefix."""
        left, out = self.count, []
        for kind, payload in self.parts:
            if kind == KIND["BODY"]:
                kept = decode_body(payload)[:left]
                left -= len(kept)
                if not kept:
                    continue
                payload = encode_body(kept)
            out.append((kind, payload))
        return out


def state_digest(accounts):
    rows = [key + be(balance, 8) + be(nonce, 8) for key, (balance, nonce) in sorted(accounts.items())]
    return sha(b"ecp-test/1/accounts", be(len(rows), 8), *rows)


def masked(digest):
    return bytes([digest[0] & 7]) + digest[1:]


def state_root(state):
    return masked(sha(b"ecp-test/1/state-root", state))


def block_hash(block, below):
    return masked(sha(b"ecp-test/1/block-hash", be(block.height, 8), block.commitment, state_root(block.state), below))


def commitment(genesis, init, executed, state, distant):
    transfers = sha(b"ecp-test/1/transfers", be(len(executed), 8), *executed)
    data = genesis.domain, be(init.height, 8), init.parent, be(init.timestamp, 8), genesis.at(init.height)["builder"]
    return sha(b"ecp-test/1/commitment", *data, be(len(executed), 8), transfers, state, distant)


class Ledger:
    """Accounts on top of a block, with undo."""

    def __init__(self, genesis, accounts):
        self.genesis, self.accounts, self.done, self.undo = genesis, dict(accounts), [], []

    def broken(self, transfer):
        """The reason why this transfer cannot be executed now, or None."""
        payer, amount, nonce = transfer[:32], number(transfer[64:72]), number(transfer[72:80])
        if len(self.done) >= self.genesis.capacity:
            return "BLOCK_OVER_CAPACITY"
        if cost(transfer) > COST_MAX:
            return "TRANSACTION_INVALID"
        if not verify(payer, transfer[84:], b"ecp-test/1/sign" + self.genesis.domain + transfer[:84]):
            return "TRANSACTION_INVALID"
        balance, expected = self.accounts.get(payer, (0, 0))
        if nonce < expected:
            return "DUPLICATE_TRANSACTION"
        if nonce > expected or amount > balance or nonce == 2**64 - 1:
            return "TRANSACTION_INVALID"
        return None

    def apply(self, transfer):
        payer, payee, amount = transfer[:32], transfer[32:64], number(transfer[64:72])
        self.undo.append([(key, self.accounts.get(key)) for key in (payer, payee)])
        balance, nonce = self.accounts[payer] if payer in self.accounts else (0, 0)
        self.accounts[payer] = (balance - amount, nonce + 1)
        balance, nonce = self.accounts.get(payee, (0, 0))
        self.accounts[payee] = (balance + amount, nonce)
        self.done.append(transfer)

    def cut(self, count):
        while len(self.done) > count:
            self.done.pop()
            for key, value in self.undo.pop():
                if value is None:
                    self.accounts.pop(key, None)
                else:
                    self.accounts[key] = value


def cost(transfer):
    return number(transfer[80:84])


class Proposal:
    """Parts that arrive and are executed meanwhile. `slot` is (round, valid round, proposer), or None from an archive."""

    def __init__(self, chain, height, slot):
        self.chain, self.height, self.slot, self.head = chain, height, slot, chain.head
        self.ledger = Ledger(chain.genesis, chain.head.accounts)
        self.init = self.fin = self.failed = None
        self.parts, self.bytes, self.sent, self.ended = [], 0, [], False
        self.news = asyncio.Event()

    def add(self, kind, payload):
        """Takes the next part, or raises Invalid."""
        self.bytes += len(payload)
        self.parts.append((kind, payload))
        if self.bytes > self.chain.genesis.at(self.height)["max_proposal_bytes"]:
            raise Invalid("PROPOSAL_TOO_LARGE")
        if kind == KIND["INIT"]:
            self.init = init = Init.decode(payload)
            slot = (init.round, init.valid_round, init.proposer)
            if init.height != self.height or self.slot not in (None, slot):
                raise Invalid("INIT_MISMATCH")
            if init.parent != self.head.commitment or init.timestamp < self.head.timestamp:
                self.failed = "HEADER_RULE"
                if self.slot is not None:
                    raise Invalid(self.failed)
        elif kind == KIND["BODY"]:
            self.sent += decode_body(payload)
        else:
            fin = Fin.decode(payload)
            if fin.count > len(self.sent):
                raise Invalid("COUNT_EXCEEDS_SENT")
            self.fin = fin
        self.news.set()

    def end(self):
        self.ended = True
        self.news.set()

    def _next(self):
        done = len(self.ledger.done)
        wanted = len(self.sent) if self.fin is None else self.fin.count
        return self.sent[done] if self.failed is None and done < wanted else None

    async def _wait(self, seconds=None):
        self.news.clear()
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
        except TimeoutError:
            pass

    async def execute(self):
        """Executes what comes until the end; gives the block, or raises Invalid."""
        await self.chain.distant(self.height)
        while True:
            transfer = self._next()
            if transfer is None:
                if self.ended:
                    return self.close()
                await self._wait()
                continue
            self.failed = self.ledger.broken(transfer)
            if self.failed:
                continue
            until = time.monotonic() + cost(transfer) / 1000
            while self._next() is transfer and (left := until - time.monotonic()) > 0:
                await self._wait(left)
            if self._next() is transfer:
                self.ledger.apply(transfer)
            await asyncio.sleep(0)

    def close(self):
        self.ledger.cut(self.fin.count)
        if self.failed == "HEADER_RULE" or len(self.ledger.done) < self.fin.count:
            raise Invalid(self.failed)
        state = state_digest(self.ledger.accounts)
        block = self.chain.seal(self.init, self.ledger, state)
        block.parts = self.parts
        if state != self.fin.state:
            raise Invalid("FIN_MISMATCH")
        if block.commitment != self.fin.commitment:
            raise Invalid("COMMITMENT_MISMATCH")
        return block

    def computed(self):
        """What the parts hash to, whether or not they can be executed."""
        whole = self.failed != "HEADER_RULE" and len(self.ledger.done) == self.fin.count
        state = state_digest(self.ledger.accounts) if whole else self.fin.state
        distant = self.chain.known.get(self.height - DISTANCE, (bytes(32),))[0]
        return commitment(self.chain.genesis, self.init, self.sent[: self.fin.count], state, distant)


class Chain:
    """What is committed, and the hashes that follow behind."""

    def __init__(self, genesis, store):
        self.genesis, self.store = genesis, store
        self.head = Block(genesis.first - 1, genesis.hash, 0, dict(genesis.accounts), b"", 0)
        self.committed, self.known, self.pending = None, dict(store.hashes()), {}
        self.mempool = list(genesis.mempool)
        self.changed, self.hashed = lambda: None, asyncio.Event()
        for height, value, timestamp, parts in store.blocks():
            ledger = Ledger(genesis, self.head.accounts)
            for transfer in (t for kind, payload in parts if kind == KIND["BODY"] for t in decode_body(payload)):
                ledger.apply(transfer)
            digest = state_digest(ledger.accounts)
            self._advance(Block(height, value, timestamp, ledger.accounts, digest, len(ledger.done)))

    @property
    def next(self):
        return self.head.height + 1

    def _advance(self, block):
        self.head = self.committed = block
        self.pending[block.height] = block
        nonces = block.accounts
        self.mempool = [t for t in self.mempool if number(t[72:80]) >= nonces.get(t[:32], (0, 0))[1]]
        self.hashed.set()

    def commit(self, block, certificate):
        """Durable when it returns."""
        self.store.add(block, certificate)
        block.parts = []
        self._advance(block)

    async def hash_behind(self):
        """Computes the hashes, one after the other, once enough blocks stand above."""
        height = self.genesis.first + len(self.known)
        while True:
            while not self.committed or height + self.genesis.hash_lag > self.committed.height:
                self.hashed.clear()
                await self.hashed.wait()
            await asyncio.sleep(self.genesis.hash_ms / 1000)
            block = self.pending.pop(height)
            below = self.known.get(height - 1, (bytes(32),))[0]
            known = (block_hash(block, below), state_root(block.state))
            self.store.add_hash(height, *known)
            self.known[height] = known
            height += 1
            self.changed()

    def missing(self, height):
        """The height whose hash a block waits for, or None."""
        needed = height - DISTANCE
        return needed if needed >= self.genesis.first and needed not in self.known else None

    async def distant(self, height):
        while self.missing(height) is not None:
            await asyncio.sleep(0.01)
        return self.known.get(height - DISTANCE, (bytes(32),))[0]

    def seal(self, init, ledger, state):
        distant = self.known.get(init.height - DISTANCE, (bytes(32),))[0]
        value = commitment(self.genesis, init, ledger.done, state, distant)
        return Block(init.height, value, init.timestamp, ledger.accounts, state, len(ledger.done))
