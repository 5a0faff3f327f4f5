"""Deciding: Decide and Finalize."""

import asyncio
import sqlite3

from . import protocol as p
from .protocol import Refused, invalid, message

CONTENT = {"HEADER_RULE", "DUPLICATE_TRANSACTION", "TRANSACTION_INVALID", "BLOCK_OVER_CAPACITY"}


class Deciding:
    """Calls of a half that commit a candidate."""

    async def once(self, key, run):
        """Runs to its end whatever becomes of the call; a repeat gets the same result."""
        if key not in self.in_flight:
            task = self.in_flight[key] = asyncio.create_task(run)
            task.add_done_callback(lambda _: self.in_flight.pop(key))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        else:
            run.close()
        return await asyncio.shield(self.in_flight[key])

    def settled(self, certificate):
        """What a certificate says of a committed height: None if it is not committed."""
        if not self.genesis.first <= certificate.height < self.chain.next:
            return None
        ours = self.store.block(certificate.height)[0].certificate
        if ours.commitment == certificate.commitment:
            return "same"
        self.stored("CONFLICT", certificate.height, ours.SerializeToString(), certificate.SerializeToString())
        self.stop("HALTED", f"two decisions at height {certificate.height}: compare the certificates")
        return message("Position")(height=certificate.height, commitment=ours.commitment)

    def stored(self, *evidence):
        try:
            self.store.add_evidence(*evidence)
        except sqlite3.Error as error:
            self.failed(error)

    def failed(self, error):
        self.stop("HALTED", "the store cannot be written: free the disk or mend it, then restart")
        raise Refused("STORAGE_FAILED", f"nothing was committed: {error}: free the disk or mend it") from error

    def divergence(self, height, certificate, proposal):
        text = f"the decided block of height {height} is INVALID here: compare versions with other validators"
        body = b"".join(len(payload).to_bytes(4, "big") + payload for _, payload in proposal.parts)
        self.stored("DIVERGENCE", height, body, certificate.SerializeToString())
        self.stop("DIVERGED", text)
        return Refused("DIVERGENCE", text)

    def commit(self, block, certificate):
        try:
            self.chain.commit(block, certificate)
        except sqlite3.Error as error:
            self.failed(error)
        self.end_work()
        self.candidates, self.builds, self.started = {}, {}, set()
        self.tell()

    def end_work(self, but=()):
        for build in self.builds.values():
            if not build.burned:
                build.burn()
        for work in [work for work in self.validations if work not in but]:
            work.abort()

    async def decide(self, request, context, session):
        p.present(request, "", "height", "round")
        p.sized(request.commitment, "commitment", 32)
        p.certificate(request)
        self.ready()
        self.supported(request.height)
        return await self.once(("decide", request.height, request.commitment), self.run_decide(request, session))

    async def run_decide(self, request, session):
        async with self.lane:
            self.unfenced(session)
            self.ready()
            settled = self.settled(request.certificate)
            if settled == "same":
                return self.decided(request)
            if settled:
                text = "another commitment is committed at this height: compare the certificates"
                raise Refused("CONFLICT", text, committed="0x" + settled.commitment.hex())
            self.due(request.height)
            block = self.candidates.get(request.commitment)
            if block is None:
                block = await self.await_validations(request)
            self.commit(block, request.certificate)
            return self.decided(request)

    def decided(self, request):
        position = {"height": request.height, "commitment": request.commitment}
        return message("DecideResponse")(committed=position, next_params=self.next_params(request.height))

    async def await_validations(self, request):
        unknown = Refused("UNKNOWN_PROPOSAL", "no candidate has this commitment: hand the block over by ImportDecided")
        whole = [work for work in self.validations if work.proposal.ended and work.proposal.fin]
        awaited = [work for work in whole if work.proposal.fin.commitment == request.commitment]
        if not awaited:
            raise unknown
        for work in awaited:
            work.awaited = True
            work.deadline.cancel()
        self.deciding = True
        try:
            self.end_work(but=awaited)
            await self.bounded(request.height, awaited, unknown)
            for work in awaited:
                await work.done.wait()
                if request.commitment in self.candidates:
                    return self.candidates[request.commitment]
            for work in awaited:
                if getattr(work, "reason", "") in CONTENT and work.proposal.computed() == request.commitment:
                    raise self.divergence(request.height, request.certificate, work.proposal)
            raise unknown
        finally:
            self.deciding = False

    async def bounded(self, height, awaited, unknown):
        """A named condition is awaited for a bounded time; then the validations end as at the end of their budget."""
        try:
            await asyncio.wait_for(self.chain.distant(height), p.CONDITION_WAIT_S)
        except TimeoutError:
            for work in awaited:
                work.awaited = False
                work.over()
            raise unknown from None

    async def finalize(self, request, context, session):
        p.present(request, "", "height")
        p.certificate(request)
        if len(request.evidence) > p.EVIDENCE_MAX:
            raise invalid("evidence", "has more than 64 pieces")
        for index, piece in enumerate(request.evidence):
            p.evidence(piece, f"evidence[{index}].")
        raise Refused("FEATURE_NOT_NEGOTIATED", "this half has no FINALIZE: call it only if the handshake names it")
