//! Rules that can be taken away, to see what each of them is for.
//!
//! Nothing of this is in the cores: the pair changes what passes between a core and its shell, as a half without the
//! rule would.

/// A rule that is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// ECP-REC-001: the mark is durable before the first part is published.
    MarkDurable,
    /// ECP-REC-002: the body is durable before the engine hears the value.
    BodyDurable,
    /// ECP-REC-004: certificate and body are durable before Decide.
    CertificateDurable,
    /// ECP-REC-008: what a new instance of the execution half lost is found out.
    NewInstance,
    /// ECP-DEC-005: an unknown candidate is handed over by ImportDecided.
    Import,
    /// ECP-SES-009: a replaced session is refused.
    Fenced,
    /// ECP-SES-019: who is fenced stops.
    FencedStops,
    /// ECP-DEC-001: the block is durable before Decide is answered.
    DurableDecide,
    /// ECP-VAL-010: what was VALID here is handed over as such.
    Basis,
    /// ECP-REC-013: nothing is signed at or below an adopted height.
    Floor,
    /// ECP-BLD-001: a round is announced again to each session.
    Announce,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::MarkDurable,
        Self::BodyDurable,
        Self::CertificateDurable,
        Self::NewInstance,
        Self::Import,
        Self::Fenced,
        Self::FencedStops,
        Self::DurableDecide,
        Self::Basis,
        Self::Floor,
        Self::Announce,
    ];

    /// Its name, for people and file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MarkDurable => "mark-durable",
            Self::BodyDurable => "body-durable",
            Self::CertificateDurable => "certificate-durable",
            Self::NewInstance => "new-instance",
            Self::Import => "import",
            Self::Fenced => "fenced",
            Self::FencedStops => "fenced-stops",
            Self::DurableDecide => "durable-decide",
            Self::Basis => "basis",
            Self::Floor => "floor",
            Self::Announce => "announce",
        }
    }

    /// The rule of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}
