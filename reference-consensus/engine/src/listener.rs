//! The actor that notices where the engine listens and how many peers it has.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
};

use arc_malachitebft_engine::network::NetworkEvent;
use arc_malachitebft_network::{Multiaddr, PeerId};
use ecp_malachite_context::EcpContext;
use ractor::{Actor, ActorProcessingErr, ActorRef, async_trait};
use tokio::sync::watch;

/// What is known of the network.
#[derive(Debug, Clone, Default)]
pub(crate) struct NetworkState {
    /// Where the engine listens.
    pub(crate) listening: Option<SocketAddr>,
    /// Connected peers; one may have several connections.
    pub(crate) peers: BTreeSet<PeerId>,
}

/// An event of the network, in a type that an actor of this crate can take.
pub(crate) struct Observed(NetworkEvent<EcpContext>);

impl From<NetworkEvent<EcpContext>> for Observed {
    fn from(event: NetworkEvent<EcpContext>) -> Self {
        Self(event)
    }
}

pub(crate) struct Listener;

#[async_trait]
impl Actor for Listener {
    type Msg = Observed;
    type State = watch::Sender<NetworkState>;
    type Arguments = watch::Sender<NetworkState>;

    async fn pre_start(
        &self,
        _myself: ActorRef<Observed>,
        sender: Self::Arguments,
    ) -> Result<Self::State, ActorProcessingErr> {
        Ok(sender)
    }

    async fn handle(
        &self,
        _myself: ActorRef<Observed>,
        Observed(event): Observed,
        sender: &mut Self::State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            NetworkEvent::Listening(address) => {
                if let Some(address) = socket_address(&address) {
                    sender.send_modify(|state| {
                        state.listening.get_or_insert(address);
                    });
                }
            }
            NetworkEvent::PeerConnected(peer) => sender.send_modify(|state| {
                state.peers.insert(peer);
            }),
            NetworkEvent::PeerDisconnected(peer) => sender.send_modify(|state| {
                state.peers.remove(&peer);
            }),
            _ => {}
        }
        Ok(())
    }
}

/// The address and port of `/ip4/…/tcp/…`.
fn socket_address(address: &Multiaddr) -> Option<SocketAddr> {
    let text = address.to_string();
    let mut words = text.split('/').skip(1);
    let (_, ip, tcp, port) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let ip: IpAddr = ip.parse().ok()?;
    (tcp == "tcp").then_some(SocketAddr::new(ip, port.parse().ok()?))
}
