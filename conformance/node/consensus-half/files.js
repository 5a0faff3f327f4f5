// The genesis and keys files (spec/files.md), digests and signatures (spec/height.md, spec/security.md).
import crypto from 'node:crypto';
import fs from 'node:fs';
import { verify } from './ed25519.js';

export class FileError extends Error {}

const PRIME = 2n ** 251n + 17n * 2n ** 192n + 1n;
const U32 = 2n ** 32n - 1n;
const U64 = 2n ** 64n - 1n;

export const sha256 = (...parts) => parts.reduce((h, p) => h.update(p), crypto.createHash('sha256')).digest();
export const be = (value, bytes) => Buffer.from(BigInt(value).toString(16).padStart(bytes * 2, '0'), 'hex');
const sized = (text) => [be(text.length, 4), text];

/** JSON whose integers become BigInt, since a number can need 64 bits. */
function parse(text) {
  const tagged = text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) => {
    if (token[0] === '"') return token;
    if (!/^(0|[1-9]\d*)$/.test(token)) throw new FileError('a number has a sign, fraction or exponent');
    return `{"\\u0000":"${token}"}`;
  });
  return JSON.parse(tagged, (_, v) => (v && typeof v === 'object' && '\u0000' in v ? BigInt(v['\u0000']) : v));
}

function fail(field, rule) {
  throw new FileError(`${field}: ${rule}`);
}
function number(value, field, min = 0n, max = U64) {
  return typeof value === 'bigint' && value >= min && value <= max ? value : fail(field, `a number from ${min} to ${max}`);
}
function text(value, field, max) {
  const ok = typeof value === 'string' && value.length >= 1 && value.length <= max && /^[\x20-\x7e]+$/.test(value);
  return ok ? value : fail(field, `1 to ${max} printable ASCII characters`);
}
function felt(value, field) {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value) || BigInt(value) >= PRIME) fail(field, 'a felt');
  return be(BigInt(value), 32);
}
function bytes(value, field, min, max = min) {
  const ok = typeof value === 'string' && /^0x([0-9a-fA-F]{2})*$/.test(value);
  const size = ok ? (value.length - 2) / 2 : -1;
  return size >= min && size <= max ? Buffer.from(value.slice(2), 'hex') : fail(field, `${min} to ${max} bytes`);
}
function object(value, field, known) {
  if (!value || typeof value !== 'object' || Array.isArray(value)) fail(field, 'an object');
  for (const key of Object.keys(value)) if (!known.includes(key)) fail(`${field}.${key}`, 'unknown field');
  return value;
}
function list(value, field, min, max) {
  return Array.isArray(value) && value.length >= min && value.length <= max ? value : fail(field, `a list of ${min} to ${max}`);
}

const TIMEOUTS = ['propose_ms', 'propose_delta_ms', 'prevote_ms', 'prevote_delta_ms', 'precommit_ms', 'precommit_delta_ms',
  'rebroadcast_ms', 'target_height_ms'];
const TEXTS = ['starknet_version', 'part_format', 'commitment_scheme', 'signature_scheme'];
const PARAMS = ['committee', 'proposers', 'builder', 'quorum', 'timeouts', ...TEXTS, 'max_proposal_bytes'];

function checkParams(p, at) {
  const scheme = text(p.signature_scheme, `${at}.signature_scheme`, 64);
  const known = scheme === 'ed25519' || scheme === 'stark-ecdsa';
  const committee = list(p.committee, `${at}.committee`, 1, 1000).map((m, i) => {
    const f = `${at}.committee[${i}]`;
    object(m, f, ['address', 'public_key', 'voting_power']);
    return {
      address: felt(m.address, `${f}.address`),
      public_key: bytes(m.public_key, `${f}.public_key`, known ? 32 : 1, known ? 32 : 1024),
      voting_power: number(m.voting_power, `${f}.voting_power`, 1n),
    };
  });
  for (const key of ['address', 'public_key']) {
    if (new Set(committee.map((m) => m[key].toString('hex'))).size !== committee.length) fail(`${at}.committee`, `${key} is not unique`);
  }
  if (committee.reduce((s, m) => s + m.voting_power, 0n) > 2n ** 62n) fail(`${at}.committee`, 'voting power above 2^62');
  const n = BigInt(committee.length);
  const q = object(p.proposers ?? { rotate: n < 256n ? n : 256n }, `${at}.proposers`, ['rotate', 'fixed']);
  if (Object.keys(q).length !== 1) fail(`${at}.proposers`, 'one of rotate and fixed');
  const fixed = 'fixed' in q;
  if (fixed) list(q.fixed, `${at}.proposers.fixed`, 1, 256).forEach((i) => number(i, `${at}.proposers.fixed`, 0n, n - 1n));
  else number(q.rotate, `${at}.proposers.rotate`, 1n, 256n);
  object(p.quorum, `${at}.quorum`, ['numerator', 'denominator']);
  const numerator = number(p.quorum.numerator, `${at}.quorum.numerator`, 1n, U32);
  const denominator = number(p.quorum.denominator, `${at}.quorum.denominator`, numerator + 1n, U32);
  if (denominator > 2n * numerator) fail(`${at}.quorum.denominator`, 'at most twice the numerator');
  object(p.timeouts, `${at}.timeouts`, TIMEOUTS);
  const timeouts = TIMEOUTS.map((t) => {
    if (t === 'target_height_ms' && p.timeouts[t] == null) return 0n;
    return number(p.timeouts[t], `${at}.timeouts.${t}`, t.includes('delta') ? 0n : 1n, U32);
  });
  const texts = TEXTS.map((t) => text(p[t], `${at}.${t}`, t === 'starknet_version' ? 31 : 64));
  return Buffer.concat([
    committeeHash(committee),
    fixed ? Buffer.concat([be(1, 1), be(q.fixed.length, 4), ...q.fixed.map((i) => be(i, 4))])
      : Buffer.concat([be(0, 1), be(q.rotate, 4)]),
    felt(p.builder, `${at}.builder`), be(numerator, 4), be(denominator, 4), ...timeouts.map((t) => be(t, 4)),
    ...texts.flatMap(sized).map((b) => Buffer.from(b)), be(number(p.max_proposal_bytes, `${at}.max_proposal_bytes`, 1n), 8),
  ]);
}

/** The hash of a committee (ECP-HGT-005). */
export function committeeHash(members) {
  return sha256('ecp/committee/v1', be(members.length, 8), ...members.flatMap((m) =>
    [m.address, be(m.public_key.length, 4), m.public_key, be(m.voting_power, 8)]));
}

/** Reads a genesis file and gives the network identity and the first height. */
export function readGenesis(path) {
  const raw = fs.readFileSync(path);
  const g = object(parse(new TextDecoder('utf-8', { fatal: true }).decode(raw)), 'genesis',
    ['format', 'chain_id', 'fork_id', 'first_height', 'params', 'activations', 'workload']);
  if (g.format !== 'ecp-genesis/1') fail('format', 'ecp-genesis/1');
  const chainId = text(g.chain_id, 'chain_id', 31);
  const forkId = number(g.fork_id, 'fork_id');
  let height = number(g.first_height, 'first_height');
  const first = height;
  if (Object.keys(object(g.workload, 'workload', ['test_chain', 'starknet'])).length !== 1) fail('workload', 'one field');
  let params = object(g.params, 'params', PARAMS);
  const entries = [be(height, 8), checkParams(params, 'params')];
  const activations = list(g.activations ?? [], 'activations', 0, Infinity);
  activations.forEach((a, i) => {
    object(a, `activations[${i}]`, ['height', ...PARAMS]);
    const { height: at, ...changes } = a;
    if (number(at, `activations[${i}].height`) <= height) fail(`activations[${i}].height`, 'ascending, above first_height');
    height = at;
    params = { ...params, ...Object.fromEntries(Object.entries(changes).filter(([, v]) => v !== null)) };
    entries.push(be(height, 8), checkParams(params, `activations[${i}]`));
  });
  const network = {
    chain_id: chainId, genesis_hash: sha256(raw), fork_id: forkId.toString(),
    activation_digest: sha256('ecp/activations/v1', be(activations.length + 1, 8), ...entries),
  };
  return { network, first };
}

const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Reads a keys file; only ed25519 can sign here. */
export function readKeys(path) {
  if (fs.statSync(path).mode & 0o077) fail('keys file', 'its group or others can read it');
  const k = object(parse(fs.readFileSync(path, 'utf8')), 'keys',
    ['format', 'scheme', 'secret_key', 'public_key', 'address', 'p2p_secret_key']);
  if (k.format !== 'ecp-keys/1') fail('format', 'ecp-keys/1');
  if (k.scheme !== 'ed25519') fail('scheme', 'this half signs with ed25519 only');
  bytes(k.p2p_secret_key, 'p2p_secret_key', 32);
  const secret = crypto.createPrivateKey({ key: Buffer.concat([PKCS8, bytes(k.secret_key, 'secret_key', 32)]), format: 'der', type: 'pkcs8' });
  const publicKey = bytes(k.public_key, 'public_key', 32);
  const derived = crypto.createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32);
  if (!derived.equals(publicKey)) fail('public_key', 'does not belong to secret_key');
  return { address: felt(k.address, 'address'), publicKey, sign: (digest) => crypto.sign(null, digest, secret) };
}

/** Digest of a vote (ECP-SEC-004); type 1 is a prevote, 2 a precommit. */
export function voteDigest(network, type, height, round, commitment) {
  return sha256(be(11, 1), 'ecp/vote/v1', be(network.chain_id.length, 1), network.chain_id, be(network.fork_id, 8), be(type, 1),
    be(height, 8), be(round, 4), commitment ? Buffer.concat([be(1, 1), commitment]) : be(0, 1));
}

export const isQuorum = (power, params) => {
  const total = params.committee.members.reduce((s, m) => s + BigInt(m.voting_power), 0n);
  return power * BigInt(params.quorum.denominator) > total * BigInt(params.quorum.numerator);
};

/** Whether a certificate proves a height (ECP-DEC-009). */
export function certificateProves(cert, height, params, network) {
  if (!cert || cert.height === undefined || cert.round === undefined || BigInt(cert.height) !== height) return false;
  if (cert.commitment?.length !== 32 || params.signature_scheme !== 'ed25519') return false;
  const left = new Map(params.committee.members.map((m) => [m.address.toString('hex'), m]));
  const digest = voteDigest(network, 2, height, cert.round, cert.commitment);
  let power = 0n;
  for (const s of cert.signatures ?? []) {
    const member = left.get(s.address.toString('hex'));
    if (!member) return false;
    left.delete(s.address.toString('hex'));
    if (!verify(member.public_key, s.signature, digest)) return false;
    power += BigInt(member.voting_power);
  }
  return isQuorum(power, params);
}
