"""The half: its state, and the handlers of its calls."""

import asyncio
import os

import grpc

from . import protocol as p
from .building import Building
from .deciding import Deciding
from .importing import Importing
from .protocol import Refused, message, parse, undecodable
from .reads import Reads
from .sessions import Sessions
from .streams import CANDIDATES
from .validating import Validating


class Half(Sessions, Reads, Building, Validating, Deciding, Importing):
    def __init__(self, genesis, chain, store):
        self.genesis, self.chain, self.store = genesis, chain, store
        self.instance, self.sequence, self.changed = os.urandom(16), 0, asyncio.Event()
        self.sessions, self.writer = {}, None
        self.handshakes, self.lane, self.in_flight = asyncio.Lock(), asyncio.Lock(), {}
        self.candidates, self.validations, self.builds, self.started = {}, set(), {}, set()
        self.deciding, self.over = False, asyncio.Event()
        kinds = store.evidence()
        self.phase = "DIVERGED" if "DIVERGENCE" in kinds else "HALTED" if kinds else "READY"
        self.reason = f"evidence of {', '.join(sorted(kinds))} is kept: an operator is needed" if kinds else ""
        chain.changed = self.tell

    def tell(self):
        self.changed.set()
        self.changed = asyncio.Event()

    def stop(self, phase, reason):
        if self.phase != "DIVERGED":
            self.phase, self.reason = phase, reason
        self.tell()

    def committed(self):
        block = self.chain.committed
        return block and message("Position")(height=block.height, commitment=block.commitment)

    def position(self):
        block, known = self.chain.committed, self.chain.known
        earliest = self.genesis.first if block else None
        out = message("ExecutionPosition")(committed=self.committed(), earliest=earliest)
        if known:
            out.block_hash_height = max(known)
        return out

    def keep(self, block, fresh):
        if block.height != self.chain.next:
            return
        old = self.candidates.pop(block.commitment, None)
        block.fresh = fresh and (old is None or old.fresh)
        self.candidates[block.commitment] = block
        loose = [one.commitment for one in self.candidates.values() if one.fresh]
        for value in loose[: max(0, len(loose) - CANDIDATES)]:
            del self.candidates[value]

    def next_params(self, height):
        return self.genesis.height_params(height + 1)


def handlers(half):
    """Handlers of all calls.

    Requests arrive as bytes, so that their size is known before they are read, and each as a stream, which is the same
    on the wire: the library never answers a call for one message whose message is cut.
    """
    methods = {}
    for call in p.CALLS:
        name = "".join("_" + c.lower() if c.isupper() else c for c in call.name).lstrip("_")
        behavior = bound(half, call.name, getattr(half, name), message(call.input_type.name), call.client_streaming)
        shape = grpc.stream_stream_rpc_method_handler if call.server_streaming else grpc.stream_unary_rpc_method_handler
        methods[call.name] = shape(behavior, None, lambda reply: reply.SerializeToString())
    return grpc.method_handlers_generic_handler(f"{p.PACKAGE}.ExecutionService", methods)


def bound(half, name, run, kind, streaming):
    async def call(source, context):
        items = source.__aiter__()

        async def read():
            data = await anext(items, None)
            return None if data is None else parse(kind, data)

        try:
            session = half.session(context, name) if name != "Handshake" else None
            if streaming:
                return await run(read, context, session)
            data = await anext(items, None)
            if data is None:
                raise undecodable(kind)
            if session is None:
                return await run(data, context)
            return await run(parse(kind, data), context, session)
        except Refused as error:
            await error.send(context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await Refused("INTERNAL_FAULT", f"a defect of this half: {error!r}: send the log to its authors").send(context)

    return call
