//! ECDSA over the STARK curve, verified.

use starknet_types_core::{
    curve::{AffinePoint, ProjectivePoint},
    felt::{Felt, NonZeroFelt},
};

/// Order of the curve.
const ORDER: NonZeroFelt = NonZeroFelt::from_felt_unchecked(Felt::from_hex_unchecked(
    "0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f",
));
/// What r, s and the inverse of s are below.
const BOUND: Felt = Felt::from_hex_unchecked("0x800000000000000000000000000000000000000000000000000000000000000");

/// Whether r and s are a signature over `message` by the key whose x coordinate is `key`.
///
/// `starknet_crypto::verify` has the same verdicts, but panics where one of the two points to compare is the one at
/// infinity, and a signer can choose r so that it is.
pub(crate) fn verify(key: &Felt, message: &Felt, r: &Felt, s: &Felt) -> bool {
    let in_range = |value: &Felt| *value != Felt::ZERO && *value < BOUND;
    if !in_range(r) || !in_range(s) {
        return false;
    }
    let Some(inverse) = s.mod_inverse(&ORDER).filter(in_range) else { return false };
    let points =
        (times(AffinePoint::generator(), message, &inverse), point(key).and_then(|key| times(key, r, &inverse)));
    let (Some(left), Some(right)) = points else { return false };
    // The key has no sign: either of its two points may be meant.
    [&left + &right, &left - &right].iter().any(|sum| sum.to_affine().is_ok_and(|sum| sum.x() == *r))
}

/// A point with this x coordinate.
fn point(x: &Felt) -> Option<AffinePoint> {
    AffinePoint::new_from_x(x, false)
}

/// The product of a point and two scalars.
fn times(point: AffinePoint, a: &Felt, b: &Felt) -> Option<ProjectivePoint> {
    ProjectivePoint::try_from(point).ok().map(|point| &point * a.mul_mod(b, &ORDER))
}
