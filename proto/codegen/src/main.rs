//! Makes the committed Rust bindings from the `.proto` files, without a system protoc.
//!
//! `ecp-codegen` writes, `ecp-codegen --check` compares and names what is stale.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use prost::Message;

/// One set of bindings: which files, from where, and where the result goes.
struct Target {
    /// Include folder, relative to the repository.
    include: &'static str,
    /// Folder whose `.proto` files are compiled, relative to the include folder.
    sources: &'static str,
    /// Package of these files.
    package: &'static str,
    /// Output folder, relative to the repository.
    output: &'static str,
    /// Whether service code is made.
    services: bool,
    /// Whether ProtoJSON code is made; reflection does without.
    json: bool,
}

const TARGETS: &[Target] = &[
    Target {
        include: "proto",
        sources: "starknet/ecp/v1alpha1",
        package: "starknet.ecp.v1alpha1",
        output: "proto/src/gen",
        services: true,
        json: true,
    },
    Target {
        include: "conformance/proto",
        sources: "ecp/conformance/v1alpha1",
        package: "ecp.conformance.v1alpha1",
        output: "conformance/src/gen",
        services: false,
        json: false,
    },
];

/// Makes the committed Rust bindings of the protobuf files.
#[derive(Parser)]
struct Args {
    /// Compare with what is committed instead of writing.
    #[arg(long)]
    check: bool,
    /// Root of the repository.
    #[arg(long, default_value = ".")]
    root: PathBuf,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let mut stale = Vec::new();
    for target in TARGETS {
        let fresh = tempfile::tempdir()?;
        generate(&args.root, target, fresh.path()).with_context(|| format!("package {}", target.package))?;
        stale.extend(settle(fresh.path(), &args.root.join(target.output), args.check)?);
    }
    if stale.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for path in &stale {
        eprintln!("stale: {}", path.display());
    }
    eprintln!("The bindings differ from the protobuf files. Run: cargo run --release -p ecp-codegen");
    Ok(ExitCode::FAILURE)
}

fn generate(root: &Path, target: &Target, out: &Path) -> Result<()> {
    let include = root.join(target.include);
    let mut sources: Vec<PathBuf> = fs::read_dir(include.join(target.sources))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "proto"))
        .collect();
    sources.sort();
    let mut compiler = protox::Compiler::new([&include])?;
    let descriptors =
        compiler.include_imports(true).include_source_info(true).open_files(&sources)?.file_descriptor_set();

    let mut config = tonic_prost_build::Config::new();
    config.bytes(["."]).compile_well_known_types().extern_path(".google.protobuf", "::pbjson_types");
    tonic_prost_build::configure()
        .build_server(target.services)
        .build_client(target.services)
        .out_dir(out)
        .compile_fds_with_config(descriptors.clone(), config)?;
    if target.json {
        let mut json = pbjson_build::Builder::new();
        for file in &descriptors.file {
            json.register_file_descriptor(file.clone());
        }
        json.out_dir(out).build(&[format!(".{}", target.package)])?;
    }

    // Reflection needs no comments, and without them the image changes only when the wire does.
    let mut image = descriptors;
    for file in &mut image.file {
        file.source_code_info = None;
    }
    fs::write(out.join(format!("{}.binpb", target.package)), image.encode_to_vec())?;
    Ok(())
}

/// Brings `committed` up to date with `fresh`, or, when checking, only names what differs.
fn settle(fresh: &Path, committed: &Path, check: bool) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    fs::create_dir_all(committed)?;
    for entry in fs::read_dir(fresh)? {
        let entry = entry?;
        let destination = committed.join(entry.file_name());
        let new = fs::read(entry.path())?;
        if fs::read(&destination).ok().as_deref() == Some(new.as_slice()) {
            continue;
        }
        if check {
            stale.push(destination);
        } else {
            fs::write(&destination, new)?;
        }
    }
    for entry in fs::read_dir(committed)? {
        let path = entry?.path();
        if !fresh.join(path.file_name().unwrap_or_default()).exists() {
            if check {
                stale.push(path);
            } else {
                fs::remove_file(&path)?;
            }
        }
    }
    Ok(stale)
}
