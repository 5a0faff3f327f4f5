//! TCP with certificates on both sides (ECP-SEC-002).

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use ecp_execution_server::{Listen, ListenError, MemoryStore, MutualTls, Security, ServeError, ServerConfig, serve};
use ecp_proto::v1alpha1::execution_service_client::ExecutionServiceClient;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use support::{Half, Net, handshake};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

struct Authority {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { certificate: params.self_signed(&key).unwrap(), key }
    }

    fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for `localhost` and its key, in PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.certificate, &self.key).unwrap().pem(), key.serialize_pem())
    }
}

async fn connect(
    port: u16,
    authority: &Authority,
    own: Option<(String, String)>,
) -> Result<ExecutionServiceClient<Channel>, tonic::transport::Error> {
    let mut tls =
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost");
    if let Some((certificate, key)) = own {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let endpoint = Endpoint::from_shared(format!("https://127.0.0.1:{port}"))?.tls_config(tls)?;
    Ok(ExecutionServiceClient::new(endpoint.connect().await?))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_a_certificate_of_the_authority_is_served() {
    let net = Net::default();
    let half = Half::start(net.clone()).await;
    let (servers, callers, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let (certificate, key) = servers.issue();
    let start = |tls: MutualTls| {
        // With certificates any address may be listened on.
        let mut config = ServerConfig::new("tcp:0.0.0.0:0".parse().unwrap(), net.genesis().network());
        config.security = Security::MutualTls(Box::new(tls));
        serve(Arc::new(half.engine.clone()), Arc::new(MemoryStore::default()), config)
    };
    let tls = MutualTls { certificate, key, client_authority: callers.pem() };
    let broken = start(MutualTls { key: "no key".to_owned(), ..tls.clone() }).await.map(|_| ());
    assert!(matches!(broken, Err(ServeError::Listen(ListenError::Tls(_)))), "{broken:?}");

    let handle = start(tls).await.unwrap();
    let Listen::Tcp(address) = handle.listen else { panic!("{}", handle.listen) };
    let good = handshake(&net.genesis(), [7; 16]);
    let mut client = connect(address.port(), &servers, Some(callers.issue())).await.unwrap();
    client.handshake(good.clone()).await.unwrap();

    // With TLS 1.3 a caller hears of a refused certificate with its first answer.
    for own in [None, Some(strangers.issue())] {
        if let Ok(mut client) = connect(address.port(), &servers, own).await {
            let status = client.handshake(good.clone()).await.unwrap_err();
            assert!(ecp_proto::EcpError::from_status(&status).is_none(), "it reached the service: {status:?}");
        }
    }
    assert!(connect(address.port(), &strangers, Some(callers.issue())).await.is_err(), "a server of another authority");
    let mut plain = ExecutionServiceClient::connect(format!("http://127.0.0.1:{}", address.port())).await.unwrap();
    assert!(plain.handshake(good.clone()).await.is_err());

    // Those who were refused disturb nobody.
    client.handshake(good).await.unwrap();
    handle.kill().await;
}
