//! Makes the binaries that the demo starts, from the source tree that it was built in.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

/// Names a folder with binaries that are taken as they are.
const BIN_DIR: &str = "ECP_BIN_DIR";

/// Builds the workspace in the profile of this binary and tells where the binaries are. The environment variable
/// `ECP_BIN_DIR` names a folder whose binaries are taken instead.
pub fn binaries() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os(BIN_DIR) {
        return Ok(dir.into());
    }
    let exe = std::env::current_exe()?;
    let mut dir = exe.parent().context("this binary stands in no folder")?.to_owned();
    // Test binaries stand one folder further down.
    if dir.ends_with("deps") {
        dir.pop();
    }
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    let from_source = dir.ends_with("release") && std::path::Path::new(manifest).exists();
    if from_source {
        println!("Building the nodes (about ten minutes the first time) …");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(["build", "--release", "--locked", "--workspace", "--manifest-path", manifest]);
        // What `cargo run` and `cargo test` tell this process of its own package would change what build scripts see, and
        // half of the workspace would be compiled again, here and at the next build.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(of_own_package) {
                command.env_remove(name);
            }
        }
        let status =
            command.status().context("running cargo, which the demo needs unless --bin-dir names the binaries")?;
        ensure!(status.success(), "cargo build failed ({status})");
    }
    for name in ["reference-execution", "reference-consensus"] {
        ensure!(dir.join(name).exists(), "{} is missing in {}: give --bin-dir", name, dir.display());
    }
    Ok(dir)
}

fn of_own_package(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || ["CARGO_BIN_NAME", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "CARGO_TARGET_TMPDIR", "OUT_DIR"]
            .contains(&name)
}
