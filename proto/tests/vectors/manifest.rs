//! Digests of every file of vectors, so that a copy of them can be compared.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{files, harness::plain_hex, layout, root, settle};

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

#[test]
fn the_manifest_names_every_file_with_its_digest() {
    // They are written first where they are written at all.
    let wire = files();
    crate::dialogues::files();
    let folder = root().join("spec/vectors");
    let manifest = folder.join("MANIFEST.json");
    let mut found = Vec::new();
    collect(&folder, &mut found);
    let digests: BTreeMap<String, String> = found
        .into_iter()
        .filter(|path| *path != manifest)
        .map(|path| {
            let name = path.strip_prefix(&folder).unwrap().to_str().unwrap().replace('\\', "/");
            (name, plain_hex(&Sha256::digest(fs::read(&path).unwrap())))
        })
        .collect();
    assert!(digests.len() > wire.len());
    let listed: Vec<_> = digests.into_iter().map(|(path, sha256)| json!({"path": path, "sha256": sha256})).collect();
    settle(&manifest, &(layout::text(&json!({ "files": listed })) + "\n"));
}
