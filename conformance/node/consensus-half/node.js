// Recovery, rounds and decisions of a validator that needs nobody else's votes.
import { certificateProves, committeeHash, isQuorum, voteDigest } from './files.js';
import { counts, EcpError, sleep } from './session.js';

const PREVOTE = 1;
const PRECOMMIT = 2;
const FORMATS = ['ecp-test/1', 'starknet-p2p/2026-08'];
const SCHEMES = ['ecp-test/1', 'ecp-starknet-1', 'starknet-partial-block-hash'];
const log = (text) => console.error(text);

export class Node {
  constructor({ network, first, keys, store, mayStartRecord }) {
    Object.assign(this, { network, first, keys, store, mayStartRecord });
  }

  /** Lives through one session; ends by throwing. */
  async live(session) {
    const hello = await session.handshake(this.network, this.store);
    if (BigInt(hello.first_height) !== this.first) throw new EcpError('halt', 'the execution half begins at another height');
    this.session = session;
    this.newInstance = !this.store.instance?.equals(hello.instance_id);
    await session.ready();
    let params = await this.recover(hello.position ?? {});
    if (this.newInstance) this.store.put({ t: 'instance', id: hello.instance_id });
    for (;;) {
      const height = this.store.decided === null ? this.first : this.store.decided + 1n;
      params ??= await session.params(height);
      this.checkParams(params, height);
      const started = Date.now();
      await this.decideHeight(height, params);
      const target = params.timeouts.target_height_ms ?? 0;
      params = await this.commit(height);
      await session.guard(sleep(Math.max(0, started + target - Date.now())));
    }
  }

  checkParams(p, height) {
    if (p.height === undefined || BigInt(p.height) !== height || !p.committee?.members?.length || !p.proposers?.length || !p.quorum || !p.timeouts) {
      throw new EcpError('halt', `the parameters of ${height} are broken`);
    }
    if (!committeeHash(p.committee.members).equals(p.committee.hash ?? Buffer.alloc(0))) throw new EcpError('halt', `the committee hash of ${height} is wrong`);
    if (!FORMATS.includes(p.part_format) || !SCHEMES.includes(p.commitment_scheme) || p.signature_scheme !== 'ed25519') {
      throw new EcpError('halt', `a format or scheme of ${height} is not supported`);
    }
  }

  // --- recovery (ECP-REC-009) ---

  async recover({ committed, earliest }) {
    const { store, session } = this;
    const none = this.first - 1n;
    const k = store.decided ?? none;
    const e = committed ? BigInt(committed.height) : none;
    const known = committed && store.certs.get(e)?.certificate;
    if (known && !known.commitment.equals(committed.commitment)) throw new EcpError('halt', `two decisions at height ${e}`);
    // Nobody else could decide a height here, so a key without a record has to stay silent for ever (ECP-REC-011).
    if (!store.hasRecord() && !this.mayStartRecord) {
      throw new EcpError('halt', 'there is neither a signing record nor the note of a fresh key: --sign-without-record overrides');
    }
    if (e > k) {
      if (earliest === undefined || BigInt(earliest) > k + 1n) throw new EcpError('halt', `heights from ${k + 1n} are pruned and there are no peers`);
      const from = k >= this.first && BigInt(earliest) <= k ? k : k + 1n;
      const headers = await session.persist(() => session.getDecided(from, e));
      let at = from;
      for (const { certificate } of headers) {
        const params = await session.params(at);
        this.checkParams(params, at);
        if (!certificateProves(certificate, at, params, this.network)) throw new EcpError('halt', `the archive's certificate of ${at} is wrong`);
        const own = store.certs.get(at)?.certificate;
        if (own && !own.commitment.equals(certificate.commitment)) throw new EcpError('halt', `two decisions at height ${at}`);
        if (!own) store.put({ t: 'cert', h: at, certificate, part_format: params.part_format });
        at += 1n;
      }
      if (at !== e + 1n || !store.certs.get(e).certificate.commitment.equals(committed.commitment)) throw new EcpError('handshake', 'the archive and the position differ');
    }
    if (committed && e >= none && (store.acked === null || store.acked < e)) store.put({ t: 'ack', h: e });
    let params = null;
    for (let h = e + 1n; h <= k; h += 1n) {
      if (!store.decidedBody(h)) throw new EcpError('halt', `the body of ${h} is not kept and there are no peers`);
      params = k === e + 1n && !this.newInstance ? await this.commit(h) : await this.import(h);
    }
    return params;
  }

  // --- committing ---

  certificate(height) {
    const { certificate } = this.store.certs.get(height);
    return { ...certificate, height: height.toString() };
  }

  async commit(height) {
    const certificate = this.certificate(height);
    const { round, commitment } = certificate;
    try {
      const reply = await this.session.lane(() => this.session.unary('Decide', { height: height.toString(), round, commitment, certificate }, 60000));
      return this.acknowledge(height, commitment, reply);
    } catch (e) {
      if (e.reason === 'UNKNOWN_PROPOSAL') return this.import(height);
      throw e;
    }
  }

  acknowledge(height, commitment, { committed, next_params: next }) {
    if (committed?.height === undefined || BigInt(committed.height) !== height || !committed.commitment?.equals(commitment)) {
      throw new EcpError('handshake', `the reply for ${height} names another position`);
    }
    if (this.store.acked === null || this.store.acked < height) this.store.put({ t: 'ack', h: height });
    log(`committed ${height}`);
    return next ?? null;
  }

  async import(height) {
    const certificate = this.certificate(height);
    const { parts, part_format: format } = this.store.decidedBody(height);
    const header = { height: height.toString(), certificate, part_format: format, counts: counts(parts) };
    for (;;) {
      const reply = await this.session.lane(() => this.session.importDecided(header, parts));
      if (reply.outcome === 'IMPORT_OUTCOME_NOT_READY') await this.session.nextState();
      else if (['IMPORT_OUTCOME_COMMITTED', 'IMPORT_OUTCOME_ALREADY_COMMITTED'].includes(reply.outcome)) {
        return this.acknowledge(height, certificate.commitment, reply);
      } else throw new EcpError('halt', `import of ${height}: ${reply.outcome}: ${reply.detail ?? ''}`);
    }
  }

  // --- rounds ---

  /** Runs rounds until the certificate of the height is durable. */
  async decideHeight(height, params) {
    const { members } = params.committee;
    const me = members.find((m) => m.address.equals(this.keys.address) && m.public_key.equals(this.keys.publicKey));
    const { last } = this.store;
    if (last && last.height > height) {
      log(`the signing record is above ${height}: signing nothing`);
    }
    const maySign = me && !(last && last.height > height);
    let round = last?.height === height ? last.round : 0;
    for (; ; round += 1) {
      const { proposers } = params;
      const proposer = members[round < proposers.length ? proposers[round] : (round - proposers.length) % members.length];
      // Nothing is built at a height that the network has left (ECP-SYN-018).
      const tip = this.session.state?.network_tip;
      const left = tip !== undefined && tip !== null && BigInt(tip) >= height;
      const mine = maySign && proposer === me && !left;
      const role = mine ? 'ROUND_ROLE_PROPOSER' : maySign ? 'ROUND_ROLE_VALIDATOR' : 'ROUND_ROLE_OBSERVER';
      await this.session.lane(() => this.session.unary('StartRound', { height: height.toString(), round, role, proposer: proposer.address }, 5000));
      const timeout = params.timeouts.propose_ms + round * (params.timeouts.propose_delta_ms ?? 0);
      const ends = Date.now() + timeout;
      const commitment = mine ? await this.propose(height, round, params, timeout, ends) : null;
      if (!commitment) await this.session.guard(sleep(Math.max(0, ends - Date.now())));
      const prevote = maySign && this.sign(height, round, PREVOTE, commitment);
      const alone = me && isQuorum(BigInt(me.voting_power), params);
      if (!prevote || !alone) {
        if (maySign) this.sign(height, round, PRECOMMIT, null);
        await this.session.guard(sleep(params.timeouts.precommit_ms + round * (params.timeouts.precommit_delta_ms ?? 0)));
        continue;
      }
      const precommit = this.sign(height, round, PRECOMMIT, prevote.commitment);
      if (!precommit?.commitment) continue;
      const certificate = {
        height: height.toString(), round, commitment: precommit.commitment,
        signatures: [{ address: me.address, signature: precommit.signature }],
      };
      if (!certificateProves(certificate, height, params, this.network)) throw new EcpError('halt', 'the own certificate does not verify');
      this.store.put({ t: 'cert', h: height, certificate });
      return;
    }
  }

  /** A vote of a slot: the recorded one, or a new one above the record. */
  sign(height, round, type, commitment) {
    const { store } = this;
    const recorded = store.vote(height, round, type);
    if (recorded) return recorded;
    const { last } = store;
    const above = !last || height > last.height || (height === last.height && (round > last.round || (round === last.round && type > last.step)));
    if (!above) return null;
    const signature = this.keys.sign(voteDigest(this.network, type, height, round, commitment));
    store.put({ t: 'vote', h: height, r: round, type, commitment, signature });
    return store.vote(height, round, type);
  }

  /** The commitment that this node proposes in a slot; null without one. */
  async propose(height, round, params, timeout, ends) {
    const { session, store } = this;
    const kept = store.body(height, round);
    if (kept) return !this.newInstance || await this.restore(kept, params, timeout) ? kept.commitment : null;
    if (store.hasMark(height, round)) return null;
    let marked = false;
    for (;;) {
      await Promise.race([session.ready(), sleep(Math.max(0, ends - Date.now()))]);
      if (Date.now() >= ends) return null;
      const budget = Math.max(1, Math.min(Math.floor((timeout * 3) / 4), ends - Date.now()));
      if (!marked) store.put({ t: 'mark', h: height, r: round });
      marked = true;
      const build = session.build({ height: height.toString(), round, proposer: this.keys.address, budget_ms: budget });
      try {
        const result = await Promise.race([build.result, sleep(Math.max(0, ends - Date.now()))]);
        if (result === undefined) {
          build.cancel();
          await session.abort(build.streamId);
          return null;
        }
        if (!result || !this.whole(result, params)) return null;
        const parts = result.parts.map((p) => ({ index: p.index, kind: p.kind, payload: p.payload ?? Buffer.alloc(0) }));
        store.put({ t: 'body', h: height, r: round, commitment: result.built.commitment, parts, part_format: params.part_format });
        return result.built.commitment;
      } catch (e) {
        log(e.message);
        if (e.action === 'retry') await session.guard(sleep(e.retryMs));
        else if (['skip', 'report', 'wait', 'resync'].includes(e.action)) return null;
        else throw e;
      }
    }
  }

  whole({ parts, built }, params) {
    const expected = counts(parts);
    const kind = (i) => (i === 0 ? 'PART_KIND_INIT' : i === parts.length - 1 ? 'PART_KIND_FIN' : 'PART_KIND_BODY');
    return parts.length >= 2 && parts.every((p, i) => p.index === i && p.kind === kind(i)) && built.commitment?.length === 32
      && built.executed_count !== undefined && built.counts?.parts === expected.parts && built.counts.bytes === expected.bytes
      && BigInt(expected.bytes) <= BigInt(params.max_proposal_bytes);
  }

  /** Hands a kept proposal to a new instance (ECP-REC-008). */
  async restore(body, params, timeout) {
    const open = {
      height: body.h.toString(), round: body.r, proposer: this.keys.address, budget_ms: 3 * timeout, basis: { kind: 'BASIS_KIND_RESTORED' },
    };
    const verdict = await this.session.persist(() => this.session.validate(open, body.parts));
    return verdict.valid?.commitment?.equals(body.commitment) ?? false;
  }
}
