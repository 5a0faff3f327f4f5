// Ed25519 verification by ZIP 215 (ECP-SEC-010). What the library takes is valid under ZIP 215 too, since its equation is
// the stricter one, without the cofactor; what it refuses is looked at again, slowly.
import crypto from 'node:crypto';

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const mod = (n) => ((n % P) + P) % P;

function pow(base, exponent) {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = (b * b) % P) if (e & 1n) result = (result * b) % P;
  return result;
}
const inverse = (n) => pow(n, P - 2n);
const D = mod(-121665n * inverse(121666n));

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const c = mod(D * t1 * t2);
  const d = mod(z1 * z2);
  const [e, h] = [mod((x1 + y1) * (x2 + y2) - x1 * x2 - y1 * y2), mod(y1 * y2 + x1 * x2)];
  const [f, g] = [mod(d - c), mod(d + c)];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function multiply(scalar, point) {
  let result = [0n, 1n, 1n, 0n];
  for (const bit of scalar.toString(2)) {
    result = add(result, result);
    if (bit === '1') result = add(result, point);
  }
  return result;
}

const little = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);

/** A point, canonical or not; null if there is none. */
function decode(bytes) {
  const number = little(bytes);
  const y = mod(number & ((1n << 255n) - 1n));
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = pow(square, (P + 3n) / 8n);
  if (mod(x * x) !== square) x = mod(x * pow(2n, (P - 1n) / 4n));
  if (mod(x * x) !== square) return null;
  if ((x & 1n) !== number >> 255n) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

const BASE = decode(Buffer.from(`58${'66'.repeat(31)}`, 'hex'));

function verifySlowly(key, signature, message) {
  const [a, r, s] = [decode(key), decode(signature.subarray(0, 32)), little(signature.subarray(32))];
  if (!a || !r || s >= L) return false;
  const hash = crypto.createHash('sha512').update(signature.subarray(0, 32)).update(key).update(message).digest();
  const [x, y, z, t] = multiply(s, BASE);
  const [sum, product, scale] = multiply(8n, add(add(r, multiply(little(hash) % L, a)), [mod(-x), y, z, mod(-t)]));
  return sum === 0n && product === scale;
}

/** Whether a signature is valid by ZIP 215. */
export function verify(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64) return false;
  try {
    const known = crypto.createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' });
    if (crypto.verify(null, message, known, signature)) return true;
  } catch {
    // A key that the library cannot read can still be one.
  }
  return verifySlowly(key, signature, message);
}
