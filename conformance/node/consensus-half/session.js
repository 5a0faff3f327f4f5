// One session: two connections, the handshake, Watch, and calls whose errors carry their action.
import crypto from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const PROTO = process.env.ECP_PROTO ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../proto');
const definition = loader.loadSync('starknet/ecp/v1alpha1/execution_service.proto',
  { includeDirs: [PROTO], keepCase: true, longs: String, enums: String, defaults: false, oneofs: true });
const { ExecutionService } = grpc.loadPackageDefinition(definition).starknet.ecp.v1alpha1;

const MIB = 1 << 20;
const SUSPECT_MS = 3000;
const LOST_MS = 10000;
const MUTATING = new Set(['Handshake', 'StartRound', 'BuildProposal', 'Abort', 'Decide', 'Finalize', 'ImportDecided']);
const ACTIONS = {
  AUTH_REFUSED: 'halt', LIMIT_EXCEEDED: 'report', NO_COMMON_REVISION: 'halt', NETWORK_MISMATCH: 'halt', SESSION_HELD: 'retry',
  SESSION_REQUIRED: 'handshake', SESSION_UNKNOWN: 'handshake', FENCED: 'halt', ROLE_REFUSED: 'report', FIELD_INVALID: 'report',
  STREAM_ORDER: 'report', STREAM_ID_REUSED: 'report', FEATURE_NOT_NEGOTIATED: 'report', HALTED: 'halt', DIVERGENCE: 'halt',
  CONFLICT: 'halt', DRAINING: 'handshake', SYNCING: 'wait', UNSUPPORTED_AT_HEIGHT: 'halt', HEIGHT_MISMATCH: 'handshake',
  NOT_READY: 'wait', PRUNED: 'resync', ROUND_NOT_STARTED: 'report', ROUND_BURNED: 'skip', UNKNOWN_PROPOSAL: 'resync', BUSY: 'retry',
  STORAGE_FAILED: 'halt', INTERNAL_FAULT: 'report',
};

/** An error with what the caller does: retry, wait, handshake, resync, skip, halt or report. */
export class EcpError extends Error {
  constructor(action, message, { reason = '', retryMs = 1000, defect = false } = {}) {
    super(message);
    Object.assign(this, { action, reason, retryMs, defect });
  }
}

/** Fields of a protobuf message: [number, varint or bytes]. */
function* fields(buffer) {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer[at++];
      value |= BigInt(byte & 127) << shift;
      if (!(byte & 128)) return value;
    }
  };
  while (at < buffer.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) yield [tag >> 3, varint()];
    else if ((tag & 7) === 2) {
      const size = Number(varint());
      yield [tag >> 3, buffer.subarray(at, (at += size))];
    } else return;
  }
}

function toError(call, status) {
  let reason = '';
  let retryMs;
  for (const details of status.metadata?.get('grpc-status-details-bin') ?? []) {
    for (const [n, any] of fields(details)) {
      if (n !== 3) continue;
      const { 1: url, 2: value } = Object.fromEntries(fields(any));
      const inner = Object.fromEntries(fields(value ?? Buffer.alloc(0)));
      if (String(url).endsWith('google.rpc.ErrorInfo') && String(inner[2]) === 'ecp.starknet.io') reason = String(inner[1]);
      if (String(url).endsWith('google.rpc.RetryInfo')) {
        const delay = Object.fromEntries(fields(inner[1] ?? Buffer.alloc(0)));
        retryMs = Number(delay[1] ?? 0n) * 1000 + Math.ceil(Number(delay[2] ?? 0n) / 1e6);
      }
    }
  }
  const code = grpc.status[status.code] ?? 'UNKNOWN';
  const message = `${call}: ${reason || `bare ${code}`}: ${status.details}`;
  if (reason) return new EcpError(ACTIONS[reason] ?? 'report', message, { reason, retryMs });
  const bare = { RESOURCE_EXHAUSTED: 'report', OUT_OF_RANGE: 'report', UNIMPLEMENTED: 'halt', UNAUTHENTICATED: 'halt' }[code];
  const retryable = ['INTERNAL', 'CANCELLED', 'DEADLINE_EXCEEDED'].includes(code) && !MUTATING.has(call);
  return new EcpError(bare ?? (retryable ? 'retry' : 'handshake'), message);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const same = (a, b) => a && b && a.chain_id === b.chain_id && a.fork_id === b.fork_id && a.genesis_hash?.equals(b.genesis_hash)
  && a.activation_digest?.equals(b.activation_digest);

export class Session {
  /** Plaintext leaves only over a Unix socket or loopback (ECP-SEC-006). */
  constructor(address) {
    const local = address.startsWith('unix:') || /^(http:\/\/)?(127\.\d+\.\d+\.\d+|\[::1\]|localhost):\d+$/.test(address);
    if (!local) throw new EcpError('halt', `plaintext to ${address} is refused`);
    const options = {
      'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0, 'grpc.default_authority': 'localhost',
      'grpc.max_receive_message_length': 8 * MIB, 'grpc.max_send_message_length': 8 * MIB,
    };
    const make = () => new ExecutionService(address.replace(/^http:\/\//, ''), grpc.credentials.createInsecure(), options);
    this.control = make();
    this.data = make();
    this.metadata = new grpc.Metadata();
    this.wakers = new Set();
    this.failed = new Promise((_, reject) => { this.fail = reject; });
    this.failed.catch(() => {});
  }

  close() {
    clearTimeout(this.silence);
    this.fail(new EcpError('handshake', 'closed'));
    this.watch?.cancel();
    this.control.close();
    this.data.close();
  }

  /** Waits for a promise unless the session ends before. */
  async guard(promise) {
    return Promise.race([promise, this.failed]);
  }

  unary(call, request, ms) {
    return this.guard(new Promise((resolve, reject) => {
      this.control[call](request, this.metadata, { deadline: Date.now() + ms }, (e, reply) => (e ? reject(toError(call, e)) : resolve(reply)));
    }));
  }

  async handshake(own, store) {
    const reply = await this.unary('Handshake', {
      revisions: [1], features: [], limits: { max_message_bytes: String(8 * MIB), max_part_bytes: String(6 * MIB), max_candidates: 2 },
      network: own, software: { name: 'ecp-node-consensus-half', version: '0.1.0' }, role: 'SESSION_ROLE_WRITER',
      consensus_id: store.id, takeover: false, position: store.position(),
    }, 10000);
    if (!same(reply.network, own)) throw new EcpError('halt', 'the reply of the handshake names another network');
    if (reply.revision !== 1) throw new EcpError('halt', 'the reply of the handshake names another revision');
    if (reply.instance_id?.length !== 16 || !(reply.session_token?.length >= 16 && reply.session_token.length <= 64) || reply.first_height === undefined) {
      throw new EcpError('handshake', 'the reply of the handshake is broken');
    }
    this.metadata.set('ecp-session-bin', reply.session_token);
    this.instance = reply.instance_id;
    this.openWatch();
    return reply;
  }

  openWatch() {
    this.watch = this.control.Watch({}, this.metadata);
    const heard = () => {
      this.heardAt = Date.now();
      clearTimeout(this.silence);
      this.silence = setTimeout(() => this.fail(new EcpError('handshake', 'Watch is silent')), LOST_MS);
    };
    heard();
    let syncing = false;
    this.watch.on('data', (state) => {
      heard();
      this.state = state;
      if (!state.instance_id?.equals(this.instance)) this.fail(new EcpError('handshake', 'Watch names another instance'));
      if (state.phase === 'PHASE_HALTED' || state.phase === 'PHASE_DIVERGED') this.fail(new EcpError('halt', `Watch: ${state.phase}: ${state.reason}`));
      if (syncing && state.phase === 'PHASE_READY') this.fail(new EcpError('handshake', 'synced'));
      syncing = state.phase === 'PHASE_SYNCING';
      for (const wake of this.wakers) wake();
      this.wakers.clear();
    });
    this.watch.on('error', (e) => {
      const error = toError('Watch', e);
      this.fail(error.action === 'halt' ? error : new EcpError('handshake', error.message));
    });
    this.watch.on('end', () => this.fail(new EcpError('handshake', 'Watch ended')));
  }

  nextState() {
    return this.guard(new Promise((wake) => this.wakers.add(wake)));
  }
  async ready() {
    while (this.state?.phase !== 'PHASE_READY' || Date.now() - this.heardAt >= SUSPECT_MS) await this.nextState();
  }

  /** Makes a call until it is answered, as its errors say. */
  async persist(call) {
    for (;;) {
      try {
        return await call();
      } catch (e) {
        if (e.action === 'retry') await this.guard(sleep(e.retryMs));
        else if (e.action === 'wait') await this.nextState();
        else throw e;
      }
    }
  }

  /** A call of the serial lane. After a defect it is made anew, and first the position is read again (ECP-ERR-010). */
  async lane(call) {
    try {
      return await this.persist(call);
    } catch (e) {
      if (e.action === 'report') throw new EcpError('handshake', e.message, { reason: e.reason, defect: true });
      throw e;
    }
  }

  params(height) {
    return this.persist(async () => (await this.unary('GetHeightParams', { height: height.toString() }, 1000)).params);
  }

  abort(streamId) {
    return this.unary('Abort', { stream_id: streamId }, 1000);
  }

  /** Streams a build. */
  build(request) {
    const streamId = crypto.randomBytes(16);
    const stream = this.data.BuildProposal({ ...request, stream_id: streamId }, this.metadata, { deadline: Date.now() + request.budget_ms + 1000 });
    const result = new Promise((resolve, reject) => {
      const parts = [];
      let built;
      let broken = false;
      stream.on('data', (event) => {
        if (built || (!event.part && !event.built)) broken = true;
        else if (event.built) built = event.built;
        else parts.push(event.part);
      });
      stream.on('error', (e) => reject(toError('BuildProposal', e)));
      stream.on('end', () => resolve(broken || !built ? null : { parts, built }));
    });
    result.catch(() => {});
    return { streamId, result: this.guard(result), cancel: () => stream.cancel() };
  }

  /** Hands a whole proposal over and gives its verdict. */
  validate(open, parts) {
    const stream = this.data.ValidateProposal(this.metadata, { deadline: Date.now() + open.budget_ms + 1000 });
    const verdict = this.guard(new Promise((resolve, reject) => {
      stream.on('data', (event) => { if (event.verdict) resolve(event.verdict); });
      stream.on('error', (e) => reject(toError('ValidateProposal', e)));
      stream.on('end', () => reject(new EcpError('handshake', 'ValidateProposal: no verdict')));
    }));
    stream.write({ open: { ...open, stream_id: crypto.randomBytes(16) } });
    for (const part of parts) stream.write({ part });
    stream.write({ end: counts(parts) });
    return verdict.finally(() => stream.end());
  }

  importDecided(header, parts) {
    return this.guard(new Promise((resolve, reject) => {
      const stream = this.data.ImportDecided(this.metadata, { deadline: Date.now() + 60000 },
        (e, reply) => (e ? reject(toError('ImportDecided', e)) : resolve(reply)));
      stream.on('error', () => {});
      stream.write({ header });
      for (const part of parts) stream.write({ part });
      stream.write({ end: counts(parts) });
      stream.end();
    }));
  }

  /** Headers of decided blocks. */
  getDecided(from, to) {
    return this.guard(new Promise((resolve, reject) => {
      const headers = [];
      let done = false;
      const stream = this.data.GetDecided({ from: from.toString(), to: to.toString() }, this.metadata);
      stream.on('data', (event) => {
        if (event.header) headers.push(event.header);
        if (event.done) done = true;
      });
      stream.on('error', (e) => reject(toError('GetDecided', e)));
      stream.on('end', () => (done ? resolve(headers) : reject(new EcpError('handshake', 'GetDecided: no Done'))));
    }));
  }
}

export const counts = (parts) => ({ parts: parts.length, bytes: String(parts.reduce((s, p) => s + (p.payload?.length ?? 0), 0)) });
