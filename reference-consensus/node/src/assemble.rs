//! Puts a half together from its options, refusing what cannot work before anything is started.

use std::{fs, path::Path, sync::Arc};

use ecp_consensus_core::{Config, Durable};
use ecp_execution_client::{Connector, GrpcConnector, Tls};
use ecp_malachite_engine::{EngineConfig, EngineHandle, Role};
use ecp_signatures::{PrivateKey, Scheme};
use ecp_types::{
    Genesis, Keys, Secret, Software,
    genesis::{SCHEME_ED25519, SCHEME_STARK_ECDSA},
    keys::{fresh_record, spend_fresh_record},
};
use rand::RngCore as _;

use crate::{
    calls::Identity,
    exit::Exit,
    options::{Options, needed},
    record::StoreRecord,
    shell::{Parts, Validator},
    store::{Observer, Store},
};

/// Where other software can stand between this half and its surroundings.
pub trait Hooks: Send {
    /// Changes what the store held at the start.
    fn loaded(&self, _durable: &mut Durable) {}
    /// Stands around each durable write.
    fn observer(&self) -> Option<Observer> {
        None
    }
    /// Stands in front of the execution half.
    fn connector(&self, connector: Arc<dyn Connector>) -> Arc<dyn Connector> {
        connector
    }
}

/// No change.
pub struct Unchanged;

impl Hooks for Unchanged {}

/// Reads the genesis file.
pub fn genesis(path: &Path) -> Result<Genesis, Exit> {
    let failed = |problem: String| Exit::Genesis { path: path.display().to_string(), problem };
    let bytes = fs::read(path).map_err(|error| failed(format!("{error}: give the network's file with --genesis")))?;
    Genesis::read(&bytes).map_err(|error| Exit::genesis(path, error))
}

/// Reads the keys file and checks that the two keys in it belong together.
pub fn keys(path: &Path) -> Result<(Keys, PrivateKey), Exit> {
    let keys = Keys::load(path)?;
    let scheme = Scheme::from_name(keys.scheme.name());
    let scheme = scheme.ok_or_else(|| Exit::Keys(format!("unknown scheme {:?}", keys.scheme.name())))?;
    let key = PrivateKey::from_bytes(scheme, keys.secret_key.expose())
        .map_err(|error| Exit::Keys(format!("{}: {error}", path.display())))?;
    if key.public_key().to_bytes() != keys.public_key {
        return Err(Exit::Keys(format!("{}: the public key does not belong to the secret key", path.display())));
    }
    Ok((keys, key))
}

/// The way to the execution half.
pub fn connector(options: &Options) -> Result<GrpcConnector, Exit> {
    let execution = needed(options.execution.clone(), "execution")?;
    let tls = match (&options.tls_ca, &options.tls_certificate, &options.tls_key) {
        (Some(ca), Some(certificate), Some(key)) => Some(Tls {
            ca: ca.clone(),
            certificate: certificate.clone(),
            key: key.clone(),
            domain: options.tls_domain.clone().unwrap_or_else(|| "localhost".to_owned()),
        }),
        (None, None, None) => None,
        _ => return Err(Exit::Usage("mutual TLS needs --tls-ca, --tls-certificate and --tls-key together".to_owned())),
    };
    Ok(GrpcConnector::load(&execution, options.secret_file.clone(), tls.as_ref())?)
}

/// What this software says of itself.
#[must_use]
pub fn software() -> Software {
    Software { name: "reference-consensus".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// Everything that a run needs.
pub fn assemble(
    options: &Options,
    hooks: &dyn Hooks,
    on_ready: Box<dyn Fn(&EngineHandle) + Send>,
) -> Result<Parts, Exit> {
    let genesis = genesis(&needed(options.genesis.clone(), "genesis")?)?;
    let network = genesis.network();
    let loaded = options.keys.as_deref().map(|path| keys(path).map(|keys| (path, keys))).transpose()?;
    let connector = hooks.connector(Arc::new(connector(options)?));
    let data = needed(options.data.clone(), "data")?;

    let mut random = rand::rngs::OsRng;
    let mut fresh_id = [0; 16];
    random.fill_bytes(&mut fresh_id);
    let mut stream_seed = [0; 8];
    random.fill_bytes(&mut stream_seed);
    let mut p2p_seed = [0; 32];
    random.fill_bytes(&mut p2p_seed);

    let mut store = Store::open(&data, &network, fresh_id)?;
    store.observe(hooks.observer());
    let store = Arc::new(store);
    if let Some((path, _)) = &loaded {
        adopt_fresh_record(path, &store)?;
    }
    let mut durable = store.load()?;
    hooks.loaded(&mut durable);

    let p2p_secret = loaded.as_ref().map_or(Secret::new(p2p_seed), |(_, (keys, _))| keys.p2p_secret_key.clone());
    let validator = match &loaded {
        Some((_, (keys, key))) => {
            let record = Arc::new(StoreRecord::open(Arc::clone(&store))?);
            Some(Validator { address: keys.address, key: key.clone(), record })
        }
        None => None,
    };
    let next = durable.certified.map_or(genesis.first_height(), |p| p.height.saturating_add(1));
    let mut engine = EngineConfig::new(network.clone(), Role::Follower, p2p_secret, data.join("wal"));
    if let Some(params) = genesis.height_params(next) {
        (engine.quorum, engine.max_proposal_bytes) = (params.quorum, params.max_proposal_bytes);
    }
    engine.listen = options.p2p.clone().unwrap_or_else(|| "127.0.0.1:0".to_owned());
    engine.peers = options.peers.iter().flatten().filter(|peer| !peer.is_empty()).cloned().collect();
    if let Some(moniker) = &options.moniker {
        engine.moniker.clone_from(moniker);
    }
    let config = Config {
        address: validator.as_ref().map(|v| v.address),
        network: network.clone(),
        takeover: options.takeover,
        stream_seed,
        sign_anyway: options.sign_without_record,
        signature_schemes: vec![SCHEME_ED25519.to_owned(), SCHEME_STARK_ECDSA.to_owned()],
    };
    let identity = Identity { network, consensus_id: store.consensus_id(), software: software() };
    Ok(Parts { config, identity, store, durable, connector, engine, validator, on_ready })
}

/// A key that was never used comes with a note that says so; it is good for one data directory only (ECP-REC-011).
fn adopt_fresh_record(keys: &Path, store: &Store) -> Result<(), Exit> {
    if fresh_record(keys)? {
        if store.record()?.is_none() {
            store.write_record(None)?;
        }
        spend_fresh_record(keys)?;
    }
    Ok(())
}
