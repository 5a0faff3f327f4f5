//! The keys file of a validator, and how files with secrets are read and written.

use std::{
    fmt, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Felt, HexBytes, decode_hex_array, encode_hex, genesis};

/// The value of `format` in a keys file of this revision.
pub const KEYS_FORMAT: &str = "ecp-keys/1";

/// 32 secret bytes. They are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// Holds `bytes`.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for signing only (ECP-SEC-003).
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// With which scheme a validator signs its votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureScheme {
    /// Ed25519; the secret key is the 32-byte seed.
    Ed25519,
    /// ECDSA over the Stark curve; the secret key is a scalar, big-endian.
    StarkEcdsa,
}

impl SignatureScheme {
    /// Its name in genesis and in `HeightParams.signature_scheme`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => genesis::SCHEME_ED25519,
            Self::StarkEcdsa => genesis::SCHEME_STARK_ECDSA,
        }
    }
}

/// A keys file as it is written. It prints no secrets but serializes them: use it for files only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Keys file of an ECP validator")]
pub struct KeysFile {
    /// Always `ecp-keys/1`.
    #[schemars(extend("const" = KEYS_FORMAT))]
    pub format: String,
    /// Signature scheme of votes.
    pub scheme: SignatureScheme,
    /// Secret key of votes, 32 bytes.
    #[schemars(regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub secret_key: String,
    /// Public key that belongs to it, 32 bytes.
    #[schemars(extend("pattern" = "^0x[0-9a-fA-F]{64}$"))]
    pub public_key: HexBytes,
    /// Address of the validator in the committee.
    pub address: Felt,
    /// Secret key of the peer-to-peer identity, an Ed25519 seed of 32 bytes.
    #[schemars(regex(pattern = r"^0x[0-9a-fA-F]{64}$"))]
    pub p2p_secret_key: String,
}

impl fmt::Debug for KeysFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeysFile").field("scheme", &self.scheme).field("address", &self.address).finish_non_exhaustive()
    }
}

/// The keys of a validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Signature scheme of votes.
    pub scheme: SignatureScheme,
    /// Secret key of votes. That it belongs to the public key is checked by who signs.
    pub secret_key: Secret,
    /// Public key of votes.
    pub public_key: [u8; 32],
    /// Address of the validator.
    pub address: Felt,
    /// Secret key of the peer-to-peer identity, an Ed25519 seed.
    pub p2p_secret_key: Secret,
}

/// Why a file with secrets is refused. No secret stands in the text (ECP-SEC-003).
#[derive(Debug, thiserror::Error)]
pub enum BadKeys {
    /// It cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Others can read it (ECP-SEC-005).
    #[error("{} has mode {mode:04o}, so others can read its secrets: run `chmod 600` on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no keys file.
    #[error("keys file: {0}")]
    Form(String),
}

impl Keys {
    /// Reads a keys file; one that others can read is refused (ECP-SEC-005).
    pub fn load(path: &Path) -> Result<Self, BadKeys> {
        Self::read(&read_secret_file(path)?)
    }

    /// Writes a new keys file that only its owner can read, and next to it the note that it never signed, so that it
    /// may sign at once (ECP-REC-011). An existing file is left as it is and refused.
    pub fn write_new(&self, path: &Path) -> Result<(), BadKeys> {
        write_secret_file(path, &self.to_json())?;
        write_secret_file(&fresh_record_path(path), FRESH_RECORD)
    }

    /// Reads the content of a keys file.
    pub fn read(bytes: &[u8]) -> Result<Self, BadKeys> {
        // An error of serde_json can repeat a value of the file, and the value may be the secret: tell the place only.
        let file: KeysFile = serde_json::from_slice(bytes).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => "a field is missing, unknown or of the wrong type",
                _ => "not JSON",
            };
            BadKeys::Form(format!("{what} (line {}, column {})", error.line(), error.column()))
        })?;
        if file.format != KEYS_FORMAT {
            return Err(BadKeys::Form(format!("`format` must be \"{KEYS_FORMAT}\"")));
        }
        let secret = |field: &str, text: &str| {
            decode_hex_array(text)
                .map(Secret)
                .map_err(|_| BadKeys::Form(format!("`{field}` must be 0x and 64 hexadecimal digits")))
        };
        Ok(Self {
            scheme: file.scheme,
            secret_key: secret("secret_key", &file.secret_key)?,
            public_key: <[u8; 32]>::try_from(file.public_key.0)
                .map_err(|_| BadKeys::Form("`public_key` must have 32 bytes".into()))?,
            address: file.address,
            p2p_secret_key: secret("p2p_secret_key", &file.p2p_secret_key)?,
        })
    }

    /// The content of a keys file. It holds the secrets.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let file = KeysFile {
            format: KEYS_FORMAT.into(),
            scheme: self.scheme,
            secret_key: encode_hex(&self.secret_key.0),
            public_key: HexBytes(self.public_key.to_vec()),
            address: self.address,
            p2p_secret_key: encode_hex(&self.p2p_secret_key.0),
        };
        // Strings only: serialization into memory cannot fail.
        let mut bytes = serde_json::to_vec_pretty(&file).expect("a keys file is always serializable");
        bytes.push(b'\n');
        bytes
    }
}

/// Content of the note that a key never signed.
const FRESH_RECORD: &[u8] = b"{\"format\":\"ecp-signing-record/1\",\"last_signed\":null}\n";

/// Where the note of a keys file stands: its name and `.fresh`.
fn fresh_record_path(keys: &Path) -> PathBuf {
    let mut name = keys.as_os_str().to_owned();
    name.push(".fresh");
    PathBuf::from(name)
}

/// Whether the keys of this file come with the note that they never signed (ECP-REC-011).
pub fn fresh_record(keys: &Path) -> Result<bool, BadKeys> {
    let path = fresh_record_path(keys);
    match fs::read(&path) {
        Ok(bytes) if bytes == FRESH_RECORD => Ok(true),
        Ok(_) => Err(BadKeys::Form(format!("{} is no signing record of a fresh key", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(BadKeys::File { path, error }),
    }
}

/// Takes the note away: from now on a durable signing record stands for these keys. The note must not let them sign
/// again after that record is lost.
pub fn spend_fresh_record(keys: &Path) -> Result<(), BadKeys> {
    let path = fresh_record_path(keys);
    let failed = |error| BadKeys::File { path: path.clone(), error };
    fs::remove_file(&path).map_err(failed)?;
    // Durable only once the folder is.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Reads a file with a secret; one that anybody but its owner can read is refused (ECP-SEC-005).
pub fn read_secret_file(path: &Path) -> Result<Vec<u8>, BadKeys> {
    let failed = |error| BadKeys::File { path: path.to_owned(), error };
    let mut file = fs::File::open(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Of the open file, so that it cannot be exchanged between the check and the reading.
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(BadKeys::Exposed { path: path.to_owned(), mode });
        }
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Writes a new file that only its owner can read, durably. An existing file is refused.
pub fn write_secret_file(path: &Path, bytes: &[u8]) -> Result<(), BadKeys> {
    let failed = |error| BadKeys::File { path: path.to_owned(), error };
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Keys {
        Keys {
            scheme: SignatureScheme::Ed25519,
            secret_key: Secret::new([0xa1; 32]),
            public_key: [2; 32],
            address: Felt::from_u64(7),
            p2p_secret_key: Secret::new([0xb2; 32]),
        }
    }

    #[test]
    fn a_written_file_reads_back_and_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        sample().write_new(&path).unwrap();
        assert_eq!(Keys::load(&path).unwrap(), sample());
        assert!(fresh_record(&path).unwrap());
        spend_fresh_record(&path).unwrap();
        assert!(!fresh_record(&path).unwrap());
        assert!(matches!(sample().write_new(&path), Err(BadKeys::File { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        sample().write_new(&path).unwrap();
        for mode in [0o644, 0o640, 0o604] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refusal = Keys::load(&path).unwrap_err().to_string();
            assert!(refusal.ends_with("so others can read its secrets: run `chmod 600` on it"), "{refusal}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let keys = sample();
        let file: KeysFile = serde_json::from_slice(&keys.to_json()).unwrap();
        for text in [format!("{keys:?}"), format!("{file:?}")] {
            assert!(!text.contains("a1a1") && !text.contains("b2b2") && !text.contains("161"), "{text}");
        }
    }

    #[test]
    fn refusals_do_not_repeat_what_may_be_secret() {
        let good = String::from_utf8(sample().to_json()).unwrap();
        let secret = "a1".repeat(32);
        for broken in [
            good.replace(&format!("0x{secret}"), &secret),
            good.replace("ed25519", &secret),
            good.replace("secret_key", &secret),
            good.replace(&format!("\"0x{secret}\""), "161161"),
            good.replace("ecp-keys/1", &secret),
        ] {
            assert_ne!(broken, good);
            let refusal = Keys::read(broken.as_bytes()).unwrap_err();
            let text = format!("{refusal} {refusal:?}");
            assert!(!text.contains("a1a1") && !text.contains("161161"), "{text}");
        }
    }
}
