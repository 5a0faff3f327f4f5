"""Validating: ValidateProposal."""

import asyncio

from . import protocol as p
from .chain import Invalid, Proposal, now_ms
from .protocol import Refused, invalid, message
from .streams import CANDIDATES, complete, first, in_order, order


class Validation:
    """One stream of ValidateProposal, and the execution that may outlive it."""

    def __init__(self, half, request):
        slot = (request.round, request.valid_round if request.HasField("valid_round") else None, request.proposer)
        self.half, self.proposal = half, Proposal(half.chain, request.height, slot)
        self.fresh, self.awaited, self.dead = request.basis.kind == p.BASIS["FRESH"], False, False
        self.same_as = half.candidates.get(request.same_as) if request.HasField("same_as") else None
        self.verdict, self.done = asyncio.Future(), asyncio.Event()
        self.deadline = asyncio.get_running_loop().call_later(request.budget_ms / 1000, self.over)
        self.task = None if self.same_as else asyncio.create_task(self.run())
        half.validations.add(self)

    def say(self, **verdict):
        if not self.verdict.done():
            self.deadline.cancel()
            self.verdict.set_result(message("ValidateProposalResponse")(verdict=message("Verdict")(**verdict)))

    def fail(self, error):
        if not self.verdict.done():
            self.verdict.set_exception(error)
        self.drop()

    def drop(self):
        """Nothing is kept."""
        self.dead = True
        self.deadline.cancel()
        if self.task:
            self.task.cancel()
        self.half.validations.discard(self)
        self.done.set()

    def over(self):
        if self.awaited:
            return
        missing = self.half.chain.missing(self.proposal.height)
        if missing is None:
            self.say(expired={})
        else:
            self.say(not_ready={"missing": {"block_hash": missing}})
        if not self.proposal.ended:
            self.drop()

    def abort(self):
        if not self.awaited:
            self.say(aborted={})
            self.drop()

    def lost(self):
        """The stream is gone, or its session."""
        self.say(aborted={})
        if not self.proposal.ended:
            self.drop()

    def broken(self, reason):
        self.reason = str(reason)
        self.say(invalid={"reason": p.INVALID[self.reason], "detail": f"rule broken: {self.reason}"})
        self.drop()

    def accept(self, block):
        window = now_ms() + self.half.genesis.window_ms
        if self.fresh and not self.awaited and block.timestamp > window:
            reason, detail = p.LOCAL["TIMESTAMP_WINDOW"], "the timestamp is too far ahead of this node's clock"
            self.say(rejected_local={"reason": reason, "commitment": block.commitment, "detail": detail})
        else:
            self.say(valid={"commitment": block.commitment, "executed_count": block.count})
        self.half.validations.discard(self)
        self.done.set()

    async def run(self):
        try:
            block = await self.proposal.execute()
        except Invalid as reason:
            self.broken(reason)
        else:
            self.half.keep(block, self.fresh)
            self.accept(block)

    def take(self, event):
        """The next message after open; tells whether it was End."""
        kind, value = event.WhichOneof("event"), self.proposal
        if self.verdict.done():
            return kind == "end"
        if kind is None:
            raise invalid("event", "is absent")
        if kind == "open":
            raise order("a second open", "part")
        if kind == "raise_basis":
            p.basis(event.raise_basis, "raise_basis.")
            self.fresh = self.fresh and event.raise_basis.kind == p.BASIS["FRESH"]
            return False
        if kind == "part":
            p.part(event.part)
            in_order(event.part, value, 1 if self.same_as else None)
            try:
                value.add(event.part.kind, event.part.payload)
            except Invalid as reason:
                self.broken(reason)
            return False
        p.counts(event.end, "end.")
        complete(event.end, value, bool(self.same_as))
        value.end()
        if self.same_as:
            self.close_again()
        return True

    def close_again(self):
        init = self.proposal.init
        if init.timestamp != self.same_as.timestamp:
            self.broken("COMMITMENT_MISMATCH")
        else:
            self.accept(self.same_as)


class Validating:
    """The call of a half about the proposals of others."""

    async def validate_proposal(self, read, context, session):
        event = await read()
        if event is None:
            raise order("the end of the stream", "open")
        if event.WhichOneof("event") is None:
            raise invalid("event", "is absent")
        if event.WhichOneof("event") != "open":
            raise order(event.WhichOneof("event"), "open")
        request, at = event.open, "open."
        p.sized(request.stream_id, at + "stream_id", 16)
        p.present(request, at, "height", "round")
        if request.HasField("valid_round"):
            p.round_below(request, at)
        p.felt(request.proposer, at + "proposer")
        p.budget(request, at)
        p.present(request, at, "basis")
        p.basis(request.basis, at + "basis.")
        if request.HasField("same_as"):
            p.sized(request.same_as, at + "same_as", 32)
        session.unnamed(request.stream_id)
        self.ready()
        self.due(request.height)
        if self.deciding:
            raise Refused("HEIGHT_MISMATCH", "this height is being decided", expected=self.chain.next + 1)
        if request.HasField("same_as") and request.same_as not in self.candidates:
            raise Refused("UNKNOWN_PROPOSAL", "no complete candidate has this commitment: open again with all parts")
        if request.basis.kind == p.BASIS["FRESH"] and len(self.validations) >= CANDIDATES:
            raise Refused("BUSY", f"{CANDIDATES} validations are running: retry")
        work = Validation(self, request)
        session.name(request.stream_id, work)
        reader = asyncio.create_task(self.feed(read, work, session))
        try:
            await context.write(await asyncio.shield(work.verdict))
            if not work.proposal.ended and not session.fenced.is_set():
                await first(None, asyncio.shield(reader), session.fenced.wait())
        except asyncio.CancelledError:
            work.lost()
            raise
        finally:
            reader.cancel()

    async def feed(self, read, work, session):
        """Reads up to End, and behind it until the verdict."""
        try:
            while (event := await read()) is not None:
                if work.take(event) and work.verdict.done():
                    return
            if not work.proposal.ended:
                work.fail(order("the end of the stream", "end"))
        except Exception as error:
            work.fail(error)
