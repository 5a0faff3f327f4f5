//! The vectors of `spec/vectors/values`: felts, and voting power from stake. `ECP_UPDATE_VECTORS=1` writes them again.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

use std::{fs, path::PathBuf};

use ecp_types::{BadFelt, Felt, limits::VOTING_POWER_TOTAL_MAX, reduce_stakes};
use serde_json::{Value, json};

fn compare(name: &str, made: &Value) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors/values").join(name);
    if std::env::var_os("ECP_UPDATE_VECTORS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, serde_json::to_string_pretty(made).unwrap() + "\n").unwrap();
    }
    let stored: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    assert!(stored == *made, "{name} differs from the code: run with ECP_UPDATE_VECTORS=1 and read the difference");
}

fn verdict(read: Result<Felt, BadFelt>, field: &str, show: impl Fn(&Felt) -> Value) -> Value {
    match read {
        Ok(felt) => json!({ "verdict": "accepted", field: show(&felt) }),
        Err(BadFelt::Length(_)) => json!({ "verdict": "length" }),
        Err(BadFelt::NotCanonical) => json!({ "verdict": "not below the prime" }),
        Err(BadFelt::Text) => json!({ "verdict": "text" }),
    }
}

fn case(name: &str, input: Value, key: &str, expected: &str, mut outcome: Value) -> Value {
    assert_eq!(outcome["verdict"], expected, "{name}");
    outcome["name"] = name.into();
    outcome[key] = input;
    outcome
}

/// Name, 32 bytes or another number of them in hexadecimal, verdict.
fn felt_bytes() -> Vec<(&'static str, String, &'static str)> {
    let padded = |digits: &str| format!("{digits:0>64}");
    vec![
        ("zero", padded(""), "accepted"),
        ("one", padded("1"), "accepted"),
        ("the largest number of 64 bits", padded("ffffffffffffffff"), "accepted"),
        ("2^251", format!("08{}", "0".repeat(62)), "accepted"),
        ("the largest felt", format!("0800000000000011{}", "0".repeat(48)), "accepted"),
        ("the prime", format!("0800000000000011{}1", "0".repeat(47)), "not below the prime"),
        ("the prime and one", format!("0800000000000011{}2", "0".repeat(47)), "not below the prime"),
        ("one bit above", format!("1{}", "0".repeat(63)), "not below the prime"),
        ("all bits", "f".repeat(64), "not below the prime"),
        ("nothing", String::new(), "length"),
        ("31 bytes", "01".repeat(31), "length"),
        ("33 bytes", "00".repeat(33), "length"),
    ]
}

/// Name, text as in files, verdict.
fn felt_texts() -> Vec<(&'static str, String, &'static str)> {
    vec![
        ("zero", "0x0".into(), "accepted"),
        ("an odd number of digits", "0xb0b".into(), "accepted"),
        ("leading zeros", "0x00000b0b".into(), "accepted"),
        ("64 digits", format!("0x{:0>64}", "b0b"), "accepted"),
        ("capital digits", "0xB0B".into(), "accepted"),
        ("the largest felt", format!("0x800000000000011{}", "0".repeat(48)), "accepted"),
        ("the prime", format!("0x800000000000011{}1", "0".repeat(47)), "not below the prime"),
        ("65 digits", format!("0x{:0>65}", "b0b"), "text"),
        ("no digit", "0x".into(), "text"),
        ("without 0x", "b0b".into(), "text"),
        ("a capital X", "0Xb0b".into(), "text"),
        ("no hexadecimal digit", "0xg".into(), "text"),
        ("a sign", "0x-1".into(), "text"),
        ("a blank", "0x b0b".into(), "text"),
    ]
}

#[test]
fn felts_are_read_as_written() {
    let bytes = felt_bytes().into_iter().map(|(name, hex, expected)| {
        let read = Felt::from_bytes(&ecp_types::decode_hex(&format!("0x{hex}")).unwrap());
        case(name, json!(format!("0x{hex}")), "bytes", expected, verdict(read, "text", |felt| json!(felt)))
    });
    let texts = felt_texts().into_iter().map(|(name, text, expected)| {
        let show = |felt: &Felt| json!(ecp_types::encode_hex(felt.as_bytes()));
        case(name, json!(text), "text", expected, verdict(text.parse(), "bytes", show))
    });
    let made = json!({
        "about": "felts as the 32 bytes of a message and as the text of a file",
        "prime": format!("0x800000000000011{}1", "0".repeat(47)),
        "bytes": bytes.collect::<Vec<_>>(),
        "texts": texts.collect::<Vec<_>>(),
    });
    compare("felts.json", &made);
}

/// Name and stakes. A stake of STRK has 18 decimals: ten million STRK are 10^25.
fn stakes() -> Vec<(&'static str, Vec<u128>)> {
    const STRK: u128 = 1_000_000_000_000_000_000;
    vec![
        ("equal and small", vec![1, 1, 1, 1]),
        ("a sum of exactly 2^62", vec![1 << 61, 1 << 60, 1 << 60]),
        ("a sum of 2^62 and 1", vec![1 << 61, 1 << 60, (1 << 60) + 1]),
        ("the smallest member drops out", vec![1 << 62, 1]),
        ("a stake of nothing", vec![5, 0, 7]),
        (
            "real stakes, minimum beside millions",
            vec![20_000 * STRK, 10_000_000 * STRK, 2_345_678 * STRK + 9, STRK / 3],
        ),
        ("a hundred of the minimum", vec![20_000 * STRK; 100]),
        ("all STRK there is, in one hand", vec![10_000_000_000 * STRK, 20_000 * STRK]),
        ("order stays where stakes differ in the last bit only", vec![(1 << 100) + 1, 1 << 100, (1 << 100) - 1]),
        ("a sum above 128 bits", vec![u128::MAX, u128::MAX, u128::MAX, 1 << 127]),
        ("a thousand of the largest", vec![u128::MAX; 1000]),
        ("thirds do not become exact", vec![STRK * 33_333_333, STRK * 33_333_333, STRK * 33_333_334]),
    ]
}

#[test]
fn powers_are_stakes_shifted() {
    let cases = stakes().into_iter().map(|(name, stakes)| {
        let (shift, powers) = reduce_stakes(&stakes);
        let total: u64 = powers.iter().sum();
        assert!(total <= VOTING_POWER_TOTAL_MAX, "{name}");
        let list = |texts: Vec<String>| match texts.as_slice() {
            [first, rest @ ..] if rest.len() > 20 && rest.iter().all(|text| text == first) => {
                json!([{ "value": first, "times": texts.len() }])
            }
            _ => json!(texts),
        };
        json!({
            "name": name,
            "stakes": list(stakes.iter().map(u128::to_string).collect()),
            "shift": shift,
            "powers": list(powers.iter().map(u64::to_string).collect()),
            "total": total.to_string(),
            "left_out": powers.iter().enumerate().filter(|(_, power)| **power == 0).map(|(i, _)| i).collect::<Vec<_>>(),
        })
    });
    let made = json!({
        "about": "voting power from stake, in the order of the stakes; members with power 0 are left out of the committee",
        "total_max": VOTING_POWER_TOTAL_MAX.to_string(),
        "cases": cases.collect::<Vec<_>>(),
    });
    compare("power.json", &made);
}
