//! Examples in the pages are those of the vectors.

use std::fs;

use crate::root;

/// The bytes of the block of a page that begins with `first`: of each line the hexadecimal words at its beginning.
fn bytes_of(page: &str, first: &str) -> String {
    let block = page.split("```text\n").find(|block| block.starts_with(first)).unwrap();
    let hex = |word: &&str| word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let lines = block.lines().take_while(|line| !line.starts_with("```"));
    lines.flat_map(|line| line.split(' ').filter(|word| !word.is_empty()).take_while(hex)).collect()
}

#[test]
fn the_page_of_security_signs_a_proposal_as_the_vectors_do() {
    let page = fs::read_to_string(root().join("spec/security.md")).unwrap();
    for scheme in ["ed25519", "stark-ecdsa"] {
        let path = root().join("spec/vectors/signatures").join(format!("{scheme}.json"));
        let vectors: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let case = vectors["cases"].as_array().unwrap().iter().find(|case| case["name"] == "proposal").unwrap();
        let shown = format!("0x{}", bytes_of(&page, "0f 6563"));
        assert_eq!(case["preimage"].as_str(), Some(shown.as_str()), "{scheme}");
        let digest = case["digest"].as_str().unwrap().trim_start_matches("0x");
        assert!(page.contains(&format!("Its digest is `{digest}`.")), "{scheme}");
    }
}
