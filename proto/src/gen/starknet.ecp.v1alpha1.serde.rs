impl serde::Serialize for AbortRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.stream_id.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.AbortRequest", len)?;
        if !self.stream_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("streamId", pbjson::private::base64::encode(&self.stream_id).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for AbortRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "stream_id",
            "streamId",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            StreamId,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "streamId" | "stream_id" => Ok(GeneratedField::StreamId),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = AbortRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.AbortRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<AbortRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut stream_id__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::StreamId => {
                            if stream_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("streamId"));
                            }
                            stream_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(AbortRequest {
                    stream_id: stream_id__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.AbortRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for AbortResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.AbortResponse", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for AbortResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = AbortResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.AbortResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<AbortResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(AbortResponse {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.AbortResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Aborted {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Aborted", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Aborted {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Aborted;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Aborted")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Aborted, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(Aborted {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Aborted", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Basis {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.kind != 0 {
            len += 1;
        }
        if self.valid_round.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Basis", len)?;
        if self.kind != 0 {
            let v = BasisKind::try_from(self.kind)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.kind)))?;
            struct_ser.serialize_field("kind", &v)?;
        }
        if let Some(v) = self.valid_round.as_ref() {
            struct_ser.serialize_field("validRound", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Basis {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "kind",
            "valid_round",
            "validRound",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Kind,
            ValidRound,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "kind" => Ok(GeneratedField::Kind),
                            "validRound" | "valid_round" => Ok(GeneratedField::ValidRound),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Basis;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Basis")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Basis, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut kind__ = None;
                let mut valid_round__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Kind => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("kind"));
                            }
                            kind__ = Some(map_.next_value::<BasisKind>()? as i32);
                        }
                        GeneratedField::ValidRound => {
                            if valid_round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("validRound"));
                            }
                            valid_round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(Basis {
                    kind: kind__.unwrap_or_default(),
                    valid_round: valid_round__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Basis", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for BasisKind {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "BASIS_KIND_UNSPECIFIED",
            Self::Fresh => "BASIS_KIND_FRESH",
            Self::Quorum => "BASIS_KIND_QUORUM",
            Self::Restored => "BASIS_KIND_RESTORED",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for BasisKind {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "BASIS_KIND_UNSPECIFIED",
            "BASIS_KIND_FRESH",
            "BASIS_KIND_QUORUM",
            "BASIS_KIND_RESTORED",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = BasisKind;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "BASIS_KIND_UNSPECIFIED" => Ok(BasisKind::Unspecified),
                    "BASIS_KIND_FRESH" => Ok(BasisKind::Fresh),
                    "BASIS_KIND_QUORUM" => Ok(BasisKind::Quorum),
                    "BASIS_KIND_RESTORED" => Ok(BasisKind::Restored),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for BlockHashNotYet {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.known_height.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.BlockHashNotYet", len)?;
        if let Some(v) = self.known_height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("knownHeight", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for BlockHashNotYet {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "known_height",
            "knownHeight",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            KnownHeight,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "knownHeight" | "known_height" => Ok(GeneratedField::KnownHeight),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = BlockHashNotYet;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.BlockHashNotYet")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<BlockHashNotYet, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut known_height__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::KnownHeight => {
                            if known_height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("knownHeight"));
                            }
                            known_height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(BlockHashNotYet {
                    known_height: known_height__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.BlockHashNotYet", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for BuildProposalRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.stream_id.is_empty() {
            len += 1;
        }
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if !self.proposer.is_empty() {
            len += 1;
        }
        if self.budget_ms != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.BuildProposalRequest", len)?;
        if !self.stream_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("streamId", pbjson::private::base64::encode(&self.stream_id).as_str())?;
        }
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if !self.proposer.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("proposer", pbjson::private::base64::encode(&self.proposer).as_str())?;
        }
        if self.budget_ms != 0 {
            struct_ser.serialize_field("budgetMs", &self.budget_ms)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for BuildProposalRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "stream_id",
            "streamId",
            "height",
            "round",
            "proposer",
            "budget_ms",
            "budgetMs",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            StreamId,
            Height,
            Round,
            Proposer,
            BudgetMs,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "streamId" | "stream_id" => Ok(GeneratedField::StreamId),
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "proposer" => Ok(GeneratedField::Proposer),
                            "budgetMs" | "budget_ms" => Ok(GeneratedField::BudgetMs),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = BuildProposalRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.BuildProposalRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<BuildProposalRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut stream_id__ = None;
                let mut height__ = None;
                let mut round__ = None;
                let mut proposer__ = None;
                let mut budget_ms__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::StreamId => {
                            if stream_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("streamId"));
                            }
                            stream_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Proposer => {
                            if proposer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposer"));
                            }
                            proposer__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::BudgetMs => {
                            if budget_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("budgetMs"));
                            }
                            budget_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(BuildProposalRequest {
                    stream_id: stream_id__.unwrap_or_default(),
                    height: height__,
                    round: round__,
                    proposer: proposer__.unwrap_or_default(),
                    budget_ms: budget_ms__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.BuildProposalRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for BuildProposalResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.BuildProposalResponse", len)?;
        if let Some(v) = self.event.as_ref() {
            match v {
                build_proposal_response::Event::Part(v) => {
                    struct_ser.serialize_field("part", v)?;
                }
                build_proposal_response::Event::Built(v) => {
                    struct_ser.serialize_field("built", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for BuildProposalResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "part",
            "built",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Part,
            Built,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "part" => Ok(GeneratedField::Part),
                            "built" => Ok(GeneratedField::Built),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = BuildProposalResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.BuildProposalResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<BuildProposalResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Part => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("part"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(build_proposal_response::Event::Part)
;
                        }
                        GeneratedField::Built => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("built"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(build_proposal_response::Event::Built)
;
                        }
                    }
                }
                Ok(BuildProposalResponse {
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.BuildProposalResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Built {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.commitment.is_empty() {
            len += 1;
        }
        if self.executed_count.is_some() {
            len += 1;
        }
        if self.counts.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Built", len)?;
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if let Some(v) = self.executed_count.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("executedCount", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.counts.as_ref() {
            struct_ser.serialize_field("counts", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Built {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "commitment",
            "executed_count",
            "executedCount",
            "counts",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Commitment,
            ExecutedCount,
            Counts,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commitment" => Ok(GeneratedField::Commitment),
                            "executedCount" | "executed_count" => Ok(GeneratedField::ExecutedCount),
                            "counts" => Ok(GeneratedField::Counts),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Built;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Built")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Built, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut commitment__ = None;
                let mut executed_count__ = None;
                let mut counts__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::ExecutedCount => {
                            if executed_count__.is_some() {
                                return Err(serde::de::Error::duplicate_field("executedCount"));
                            }
                            executed_count__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Counts => {
                            if counts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("counts"));
                            }
                            counts__ = map_.next_value()?;
                        }
                    }
                }
                Ok(Built {
                    commitment: commitment__.unwrap_or_default(),
                    executed_count: executed_count__,
                    counts: counts__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Built", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CommitCertificate {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if !self.commitment.is_empty() {
            len += 1;
        }
        if !self.signatures.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.CommitCertificate", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if !self.signatures.is_empty() {
            struct_ser.serialize_field("signatures", &self.signatures)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CommitCertificate {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "round",
            "commitment",
            "signatures",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Round,
            Commitment,
            Signatures,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "commitment" => Ok(GeneratedField::Commitment),
                            "signatures" => Ok(GeneratedField::Signatures),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CommitCertificate;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.CommitCertificate")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CommitCertificate, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut round__ = None;
                let mut commitment__ = None;
                let mut signatures__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Signatures => {
                            if signatures__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signatures"));
                            }
                            signatures__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(CommitCertificate {
                    height: height__,
                    round: round__,
                    commitment: commitment__.unwrap_or_default(),
                    signatures: signatures__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.CommitCertificate", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CommitSignature {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.address.is_empty() {
            len += 1;
        }
        if !self.signature.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.CommitSignature", len)?;
        if !self.address.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("address", pbjson::private::base64::encode(&self.address).as_str())?;
        }
        if !self.signature.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("signature", pbjson::private::base64::encode(&self.signature).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CommitSignature {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "address",
            "signature",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Address,
            Signature,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "address" => Ok(GeneratedField::Address),
                            "signature" => Ok(GeneratedField::Signature),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CommitSignature;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.CommitSignature")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CommitSignature, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut address__ = None;
                let mut signature__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Address => {
                            if address__.is_some() {
                                return Err(serde::de::Error::duplicate_field("address"));
                            }
                            address__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Signature => {
                            if signature__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signature"));
                            }
                            signature__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(CommitSignature {
                    address: address__.unwrap_or_default(),
                    signature: signature__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.CommitSignature", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Committee {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.members.is_empty() {
            len += 1;
        }
        if !self.hash.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Committee", len)?;
        if !self.members.is_empty() {
            struct_ser.serialize_field("members", &self.members)?;
        }
        if !self.hash.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("hash", pbjson::private::base64::encode(&self.hash).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Committee {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "members",
            "hash",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Members,
            Hash,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "members" => Ok(GeneratedField::Members),
                            "hash" => Ok(GeneratedField::Hash),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Committee;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Committee")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Committee, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut members__ = None;
                let mut hash__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Members => {
                            if members__.is_some() {
                                return Err(serde::de::Error::duplicate_field("members"));
                            }
                            members__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Hash => {
                            if hash__.is_some() {
                                return Err(serde::de::Error::duplicate_field("hash"));
                            }
                            hash__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(Committee {
                    members: members__.unwrap_or_default(),
                    hash: hash__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Committee", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for CommitteeMember {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.address.is_empty() {
            len += 1;
        }
        if !self.public_key.is_empty() {
            len += 1;
        }
        if self.voting_power != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.CommitteeMember", len)?;
        if !self.address.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("address", pbjson::private::base64::encode(&self.address).as_str())?;
        }
        if !self.public_key.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("publicKey", pbjson::private::base64::encode(&self.public_key).as_str())?;
        }
        if self.voting_power != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("votingPower", ToString::to_string(&self.voting_power).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for CommitteeMember {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "address",
            "public_key",
            "publicKey",
            "voting_power",
            "votingPower",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Address,
            PublicKey,
            VotingPower,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "address" => Ok(GeneratedField::Address),
                            "publicKey" | "public_key" => Ok(GeneratedField::PublicKey),
                            "votingPower" | "voting_power" => Ok(GeneratedField::VotingPower),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = CommitteeMember;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.CommitteeMember")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<CommitteeMember, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut address__ = None;
                let mut public_key__ = None;
                let mut voting_power__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Address => {
                            if address__.is_some() {
                                return Err(serde::de::Error::duplicate_field("address"));
                            }
                            address__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PublicKey => {
                            if public_key__.is_some() {
                                return Err(serde::de::Error::duplicate_field("publicKey"));
                            }
                            public_key__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::VotingPower => {
                            if voting_power__.is_some() {
                                return Err(serde::de::Error::duplicate_field("votingPower"));
                            }
                            voting_power__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(CommitteeMember {
                    address: address__.unwrap_or_default(),
                    public_key: public_key__.unwrap_or_default(),
                    voting_power: voting_power__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.CommitteeMember", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ConsensusPosition {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.committed.is_some() {
            len += 1;
        }
        if self.last_signed.is_some() {
            len += 1;
        }
        if self.certified.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ConsensusPosition", len)?;
        if let Some(v) = self.committed.as_ref() {
            struct_ser.serialize_field("committed", v)?;
        }
        if let Some(v) = self.last_signed.as_ref() {
            struct_ser.serialize_field("lastSigned", v)?;
        }
        if let Some(v) = self.certified.as_ref() {
            struct_ser.serialize_field("certified", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ConsensusPosition {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "committed",
            "last_signed",
            "lastSigned",
            "certified",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Committed,
            LastSigned,
            Certified,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "committed" => Ok(GeneratedField::Committed),
                            "lastSigned" | "last_signed" => Ok(GeneratedField::LastSigned),
                            "certified" => Ok(GeneratedField::Certified),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ConsensusPosition;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ConsensusPosition")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ConsensusPosition, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut committed__ = None;
                let mut last_signed__ = None;
                let mut certified__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Committed => {
                            if committed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            committed__ = map_.next_value()?;
                        }
                        GeneratedField::LastSigned => {
                            if last_signed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("lastSigned"));
                            }
                            last_signed__ = map_.next_value()?;
                        }
                        GeneratedField::Certified => {
                            if certified__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certified"));
                            }
                            certified__ = map_.next_value()?;
                        }
                    }
                }
                Ok(ConsensusPosition {
                    committed: committed__,
                    last_signed: last_signed__,
                    certified: certified__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ConsensusPosition", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DecideRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if !self.commitment.is_empty() {
            len += 1;
        }
        if self.certificate.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.DecideRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if let Some(v) = self.certificate.as_ref() {
            struct_ser.serialize_field("certificate", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DecideRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "round",
            "commitment",
            "certificate",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Round,
            Commitment,
            Certificate,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "commitment" => Ok(GeneratedField::Commitment),
                            "certificate" => Ok(GeneratedField::Certificate),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DecideRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.DecideRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DecideRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut round__ = None;
                let mut commitment__ = None;
                let mut certificate__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Certificate => {
                            if certificate__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certificate"));
                            }
                            certificate__ = map_.next_value()?;
                        }
                    }
                }
                Ok(DecideRequest {
                    height: height__,
                    round: round__,
                    commitment: commitment__.unwrap_or_default(),
                    certificate: certificate__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.DecideRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DecideResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.committed.is_some() {
            len += 1;
        }
        if self.next_params.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.DecideResponse", len)?;
        if let Some(v) = self.committed.as_ref() {
            struct_ser.serialize_field("committed", v)?;
        }
        if let Some(v) = self.next_params.as_ref() {
            struct_ser.serialize_field("nextParams", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DecideResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "committed",
            "next_params",
            "nextParams",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Committed,
            NextParams,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "committed" => Ok(GeneratedField::Committed),
                            "nextParams" | "next_params" => Ok(GeneratedField::NextParams),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DecideResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.DecideResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DecideResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut committed__ = None;
                let mut next_params__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Committed => {
                            if committed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            committed__ = map_.next_value()?;
                        }
                        GeneratedField::NextParams => {
                            if next_params__.is_some() {
                                return Err(serde::de::Error::duplicate_field("nextParams"));
                            }
                            next_params__ = map_.next_value()?;
                        }
                    }
                }
                Ok(DecideResponse {
                    committed: committed__,
                    next_params: next_params__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.DecideResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DecidedHeader {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.certificate.is_some() {
            len += 1;
        }
        if !self.part_format.is_empty() {
            len += 1;
        }
        if self.counts.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.DecidedHeader", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.certificate.as_ref() {
            struct_ser.serialize_field("certificate", v)?;
        }
        if !self.part_format.is_empty() {
            struct_ser.serialize_field("partFormat", &self.part_format)?;
        }
        if let Some(v) = self.counts.as_ref() {
            struct_ser.serialize_field("counts", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DecidedHeader {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "certificate",
            "part_format",
            "partFormat",
            "counts",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Certificate,
            PartFormat,
            Counts,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "certificate" => Ok(GeneratedField::Certificate),
                            "partFormat" | "part_format" => Ok(GeneratedField::PartFormat),
                            "counts" => Ok(GeneratedField::Counts),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DecidedHeader;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.DecidedHeader")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DecidedHeader, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut certificate__ = None;
                let mut part_format__ = None;
                let mut counts__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Certificate => {
                            if certificate__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certificate"));
                            }
                            certificate__ = map_.next_value()?;
                        }
                        GeneratedField::PartFormat => {
                            if part_format__.is_some() {
                                return Err(serde::de::Error::duplicate_field("partFormat"));
                            }
                            part_format__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Counts => {
                            if counts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("counts"));
                            }
                            counts__ = map_.next_value()?;
                        }
                    }
                }
                Ok(DecidedHeader {
                    height: height__,
                    certificate: certificate__,
                    part_format: part_format__.unwrap_or_default(),
                    counts: counts__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.DecidedHeader", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Done {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.last.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Done", len)?;
        if let Some(v) = self.last.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("last", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Done {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "last",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Last,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "last" => Ok(GeneratedField::Last),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Done;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Done")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Done, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut last__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Last => {
                            if last__.is_some() {
                                return Err(serde::de::Error::duplicate_field("last"));
                            }
                            last__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(Done {
                    last: last__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Done", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DoubleProposal {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.first.is_some() {
            len += 1;
        }
        if self.second.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.DoubleProposal", len)?;
        if let Some(v) = self.first.as_ref() {
            struct_ser.serialize_field("first", v)?;
        }
        if let Some(v) = self.second.as_ref() {
            struct_ser.serialize_field("second", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DoubleProposal {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "first",
            "second",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            First,
            Second,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "first" => Ok(GeneratedField::First),
                            "second" => Ok(GeneratedField::Second),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DoubleProposal;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.DoubleProposal")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DoubleProposal, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut first__ = None;
                let mut second__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::First => {
                            if first__.is_some() {
                                return Err(serde::de::Error::duplicate_field("first"));
                            }
                            first__ = map_.next_value()?;
                        }
                        GeneratedField::Second => {
                            if second__.is_some() {
                                return Err(serde::de::Error::duplicate_field("second"));
                            }
                            second__ = map_.next_value()?;
                        }
                    }
                }
                Ok(DoubleProposal {
                    first: first__,
                    second: second__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.DoubleProposal", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for DoubleVote {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.first.is_some() {
            len += 1;
        }
        if self.second.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.DoubleVote", len)?;
        if let Some(v) = self.first.as_ref() {
            struct_ser.serialize_field("first", v)?;
        }
        if let Some(v) = self.second.as_ref() {
            struct_ser.serialize_field("second", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for DoubleVote {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "first",
            "second",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            First,
            Second,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "first" => Ok(GeneratedField::First),
                            "second" => Ok(GeneratedField::Second),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = DoubleVote;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.DoubleVote")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<DoubleVote, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut first__ = None;
                let mut second__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::First => {
                            if first__.is_some() {
                                return Err(serde::de::Error::duplicate_field("first"));
                            }
                            first__ = map_.next_value()?;
                        }
                        GeneratedField::Second => {
                            if second__.is_some() {
                                return Err(serde::de::Error::duplicate_field("second"));
                            }
                            second__ = map_.next_value()?;
                        }
                    }
                }
                Ok(DoubleVote {
                    first: first__,
                    second: second__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.DoubleVote", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for End {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.parts.is_some() {
            len += 1;
        }
        if self.bytes.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.End", len)?;
        if let Some(v) = self.parts.as_ref() {
            struct_ser.serialize_field("parts", v)?;
        }
        if let Some(v) = self.bytes.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("bytes", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for End {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parts",
            "bytes",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Parts,
            Bytes,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parts" => Ok(GeneratedField::Parts),
                            "bytes" => Ok(GeneratedField::Bytes),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = End;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.End")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<End, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut parts__ = None;
                let mut bytes__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Parts => {
                            if parts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parts"));
                            }
                            parts__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Bytes => {
                            if bytes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("bytes"));
                            }
                            bytes__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(End {
                    parts: parts__,
                    bytes: bytes__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.End", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ErrorReason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "ERROR_REASON_UNSPECIFIED",
            Self::AuthRefused => "ERROR_REASON_AUTH_REFUSED",
            Self::LimitExceeded => "ERROR_REASON_LIMIT_EXCEEDED",
            Self::NoCommonRevision => "ERROR_REASON_NO_COMMON_REVISION",
            Self::NetworkMismatch => "ERROR_REASON_NETWORK_MISMATCH",
            Self::SessionHeld => "ERROR_REASON_SESSION_HELD",
            Self::SessionRequired => "ERROR_REASON_SESSION_REQUIRED",
            Self::SessionUnknown => "ERROR_REASON_SESSION_UNKNOWN",
            Self::Fenced => "ERROR_REASON_FENCED",
            Self::RoleRefused => "ERROR_REASON_ROLE_REFUSED",
            Self::FieldInvalid => "ERROR_REASON_FIELD_INVALID",
            Self::StreamOrder => "ERROR_REASON_STREAM_ORDER",
            Self::StreamIdReused => "ERROR_REASON_STREAM_ID_REUSED",
            Self::FeatureNotNegotiated => "ERROR_REASON_FEATURE_NOT_NEGOTIATED",
            Self::Halted => "ERROR_REASON_HALTED",
            Self::Divergence => "ERROR_REASON_DIVERGENCE",
            Self::Conflict => "ERROR_REASON_CONFLICT",
            Self::Draining => "ERROR_REASON_DRAINING",
            Self::Syncing => "ERROR_REASON_SYNCING",
            Self::UnsupportedAtHeight => "ERROR_REASON_UNSUPPORTED_AT_HEIGHT",
            Self::HeightMismatch => "ERROR_REASON_HEIGHT_MISMATCH",
            Self::NotReady => "ERROR_REASON_NOT_READY",
            Self::Pruned => "ERROR_REASON_PRUNED",
            Self::RoundNotStarted => "ERROR_REASON_ROUND_NOT_STARTED",
            Self::RoundBurned => "ERROR_REASON_ROUND_BURNED",
            Self::UnknownProposal => "ERROR_REASON_UNKNOWN_PROPOSAL",
            Self::Busy => "ERROR_REASON_BUSY",
            Self::StorageFailed => "ERROR_REASON_STORAGE_FAILED",
            Self::InternalFault => "ERROR_REASON_INTERNAL_FAULT",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for ErrorReason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "ERROR_REASON_UNSPECIFIED",
            "ERROR_REASON_AUTH_REFUSED",
            "ERROR_REASON_LIMIT_EXCEEDED",
            "ERROR_REASON_NO_COMMON_REVISION",
            "ERROR_REASON_NETWORK_MISMATCH",
            "ERROR_REASON_SESSION_HELD",
            "ERROR_REASON_SESSION_REQUIRED",
            "ERROR_REASON_SESSION_UNKNOWN",
            "ERROR_REASON_FENCED",
            "ERROR_REASON_ROLE_REFUSED",
            "ERROR_REASON_FIELD_INVALID",
            "ERROR_REASON_STREAM_ORDER",
            "ERROR_REASON_STREAM_ID_REUSED",
            "ERROR_REASON_FEATURE_NOT_NEGOTIATED",
            "ERROR_REASON_HALTED",
            "ERROR_REASON_DIVERGENCE",
            "ERROR_REASON_CONFLICT",
            "ERROR_REASON_DRAINING",
            "ERROR_REASON_SYNCING",
            "ERROR_REASON_UNSUPPORTED_AT_HEIGHT",
            "ERROR_REASON_HEIGHT_MISMATCH",
            "ERROR_REASON_NOT_READY",
            "ERROR_REASON_PRUNED",
            "ERROR_REASON_ROUND_NOT_STARTED",
            "ERROR_REASON_ROUND_BURNED",
            "ERROR_REASON_UNKNOWN_PROPOSAL",
            "ERROR_REASON_BUSY",
            "ERROR_REASON_STORAGE_FAILED",
            "ERROR_REASON_INTERNAL_FAULT",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = ErrorReason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "ERROR_REASON_UNSPECIFIED" => Ok(ErrorReason::Unspecified),
                    "ERROR_REASON_AUTH_REFUSED" => Ok(ErrorReason::AuthRefused),
                    "ERROR_REASON_LIMIT_EXCEEDED" => Ok(ErrorReason::LimitExceeded),
                    "ERROR_REASON_NO_COMMON_REVISION" => Ok(ErrorReason::NoCommonRevision),
                    "ERROR_REASON_NETWORK_MISMATCH" => Ok(ErrorReason::NetworkMismatch),
                    "ERROR_REASON_SESSION_HELD" => Ok(ErrorReason::SessionHeld),
                    "ERROR_REASON_SESSION_REQUIRED" => Ok(ErrorReason::SessionRequired),
                    "ERROR_REASON_SESSION_UNKNOWN" => Ok(ErrorReason::SessionUnknown),
                    "ERROR_REASON_FENCED" => Ok(ErrorReason::Fenced),
                    "ERROR_REASON_ROLE_REFUSED" => Ok(ErrorReason::RoleRefused),
                    "ERROR_REASON_FIELD_INVALID" => Ok(ErrorReason::FieldInvalid),
                    "ERROR_REASON_STREAM_ORDER" => Ok(ErrorReason::StreamOrder),
                    "ERROR_REASON_STREAM_ID_REUSED" => Ok(ErrorReason::StreamIdReused),
                    "ERROR_REASON_FEATURE_NOT_NEGOTIATED" => Ok(ErrorReason::FeatureNotNegotiated),
                    "ERROR_REASON_HALTED" => Ok(ErrorReason::Halted),
                    "ERROR_REASON_DIVERGENCE" => Ok(ErrorReason::Divergence),
                    "ERROR_REASON_CONFLICT" => Ok(ErrorReason::Conflict),
                    "ERROR_REASON_DRAINING" => Ok(ErrorReason::Draining),
                    "ERROR_REASON_SYNCING" => Ok(ErrorReason::Syncing),
                    "ERROR_REASON_UNSUPPORTED_AT_HEIGHT" => Ok(ErrorReason::UnsupportedAtHeight),
                    "ERROR_REASON_HEIGHT_MISMATCH" => Ok(ErrorReason::HeightMismatch),
                    "ERROR_REASON_NOT_READY" => Ok(ErrorReason::NotReady),
                    "ERROR_REASON_PRUNED" => Ok(ErrorReason::Pruned),
                    "ERROR_REASON_ROUND_NOT_STARTED" => Ok(ErrorReason::RoundNotStarted),
                    "ERROR_REASON_ROUND_BURNED" => Ok(ErrorReason::RoundBurned),
                    "ERROR_REASON_UNKNOWN_PROPOSAL" => Ok(ErrorReason::UnknownProposal),
                    "ERROR_REASON_BUSY" => Ok(ErrorReason::Busy),
                    "ERROR_REASON_STORAGE_FAILED" => Ok(ErrorReason::StorageFailed),
                    "ERROR_REASON_INTERNAL_FAULT" => Ok(ErrorReason::InternalFault),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Evidence {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.kind.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Evidence", len)?;
        if let Some(v) = self.kind.as_ref() {
            match v {
                evidence::Kind::DoubleVote(v) => {
                    struct_ser.serialize_field("doubleVote", v)?;
                }
                evidence::Kind::DoubleProposal(v) => {
                    struct_ser.serialize_field("doubleProposal", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Evidence {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "double_vote",
            "doubleVote",
            "double_proposal",
            "doubleProposal",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            DoubleVote,
            DoubleProposal,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "doubleVote" | "double_vote" => Ok(GeneratedField::DoubleVote),
                            "doubleProposal" | "double_proposal" => Ok(GeneratedField::DoubleProposal),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Evidence;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Evidence")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Evidence, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut kind__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::DoubleVote => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("doubleVote"));
                            }
                            kind__ = map_.next_value::<::std::option::Option<_>>()?.map(evidence::Kind::DoubleVote)
;
                        }
                        GeneratedField::DoubleProposal => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("doubleProposal"));
                            }
                            kind__ = map_.next_value::<::std::option::Option<_>>()?.map(evidence::Kind::DoubleProposal)
;
                        }
                    }
                }
                Ok(Evidence {
                    kind: kind__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Evidence", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ExecutionPosition {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.committed.is_some() {
            len += 1;
        }
        if self.earliest.is_some() {
            len += 1;
        }
        if self.block_hash_height.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ExecutionPosition", len)?;
        if let Some(v) = self.committed.as_ref() {
            struct_ser.serialize_field("committed", v)?;
        }
        if let Some(v) = self.earliest.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("earliest", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.block_hash_height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("blockHashHeight", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ExecutionPosition {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "committed",
            "earliest",
            "block_hash_height",
            "blockHashHeight",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Committed,
            Earliest,
            BlockHashHeight,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "committed" => Ok(GeneratedField::Committed),
                            "earliest" => Ok(GeneratedField::Earliest),
                            "blockHashHeight" | "block_hash_height" => Ok(GeneratedField::BlockHashHeight),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ExecutionPosition;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ExecutionPosition")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ExecutionPosition, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut committed__ = None;
                let mut earliest__ = None;
                let mut block_hash_height__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Committed => {
                            if committed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            committed__ = map_.next_value()?;
                        }
                        GeneratedField::Earliest => {
                            if earliest__.is_some() {
                                return Err(serde::de::Error::duplicate_field("earliest"));
                            }
                            earliest__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::BlockHashHeight => {
                            if block_hash_height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("blockHashHeight"));
                            }
                            block_hash_height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(ExecutionPosition {
                    committed: committed__,
                    earliest: earliest__,
                    block_hash_height: block_hash_height__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ExecutionPosition", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Expired {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Expired", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Expired {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Expired;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Expired")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Expired, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(Expired {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Expired", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Feature {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "FEATURE_UNSPECIFIED",
            Self::Finalize => "FEATURE_FINALIZE",
            Self::SelfSync => "FEATURE_SELF_SYNC",
            Self::VerifyCertificates => "FEATURE_VERIFY_CERTIFICATES",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for Feature {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "FEATURE_UNSPECIFIED",
            "FEATURE_FINALIZE",
            "FEATURE_SELF_SYNC",
            "FEATURE_VERIFY_CERTIFICATES",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = Feature;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "FEATURE_UNSPECIFIED" => Ok(Feature::Unspecified),
                    "FEATURE_FINALIZE" => Ok(Feature::Finalize),
                    "FEATURE_SELF_SYNC" => Ok(Feature::SelfSync),
                    "FEATURE_VERIFY_CERTIFICATES" => Ok(Feature::VerifyCertificates),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for FinalizeRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.certificate.is_some() {
            len += 1;
        }
        if !self.evidence.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.FinalizeRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.certificate.as_ref() {
            struct_ser.serialize_field("certificate", v)?;
        }
        if !self.evidence.is_empty() {
            struct_ser.serialize_field("evidence", &self.evidence)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for FinalizeRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "certificate",
            "evidence",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Certificate,
            Evidence,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "certificate" => Ok(GeneratedField::Certificate),
                            "evidence" => Ok(GeneratedField::Evidence),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = FinalizeRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.FinalizeRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<FinalizeRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut certificate__ = None;
                let mut evidence__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Certificate => {
                            if certificate__.is_some() {
                                return Err(serde::de::Error::duplicate_field("certificate"));
                            }
                            certificate__ = map_.next_value()?;
                        }
                        GeneratedField::Evidence => {
                            if evidence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("evidence"));
                            }
                            evidence__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(FinalizeRequest {
                    height: height__,
                    certificate: certificate__,
                    evidence: evidence__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.FinalizeRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for FinalizeResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.FinalizeResponse", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for FinalizeResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = FinalizeResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.FinalizeResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<FinalizeResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(FinalizeResponse {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.FinalizeResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetBlockHashRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetBlockHashRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetBlockHashRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetBlockHashRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetBlockHashRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetBlockHashRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(GetBlockHashRequest {
                    height: height__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetBlockHashRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetBlockHashResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.result.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetBlockHashResponse", len)?;
        if let Some(v) = self.result.as_ref() {
            match v {
                get_block_hash_response::Result::Known(v) => {
                    struct_ser.serialize_field("known", v)?;
                }
                get_block_hash_response::Result::NotYet(v) => {
                    struct_ser.serialize_field("notYet", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetBlockHashResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "known",
            "not_yet",
            "notYet",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Known,
            NotYet,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "known" => Ok(GeneratedField::Known),
                            "notYet" | "not_yet" => Ok(GeneratedField::NotYet),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetBlockHashResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetBlockHashResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetBlockHashResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut result__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Known => {
                            if result__.is_some() {
                                return Err(serde::de::Error::duplicate_field("known"));
                            }
                            result__ = map_.next_value::<::std::option::Option<_>>()?.map(get_block_hash_response::Result::Known)
;
                        }
                        GeneratedField::NotYet => {
                            if result__.is_some() {
                                return Err(serde::de::Error::duplicate_field("notYet"));
                            }
                            result__ = map_.next_value::<::std::option::Option<_>>()?.map(get_block_hash_response::Result::NotYet)
;
                        }
                    }
                }
                Ok(GetBlockHashResponse {
                    result: result__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetBlockHashResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetDecidedRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.from.is_some() {
            len += 1;
        }
        if self.to.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetDecidedRequest", len)?;
        if let Some(v) = self.from.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("from", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.to.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("to", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetDecidedRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "from",
            "to",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            From,
            To,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "from" => Ok(GeneratedField::From),
                            "to" => Ok(GeneratedField::To),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetDecidedRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetDecidedRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetDecidedRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut from__ = None;
                let mut to__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::From => {
                            if from__.is_some() {
                                return Err(serde::de::Error::duplicate_field("from"));
                            }
                            from__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::To => {
                            if to__.is_some() {
                                return Err(serde::de::Error::duplicate_field("to"));
                            }
                            to__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(GetDecidedRequest {
                    from: from__,
                    to: to__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetDecidedRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetDecidedResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetDecidedResponse", len)?;
        if let Some(v) = self.event.as_ref() {
            match v {
                get_decided_response::Event::Header(v) => {
                    struct_ser.serialize_field("header", v)?;
                }
                get_decided_response::Event::Part(v) => {
                    struct_ser.serialize_field("part", v)?;
                }
                get_decided_response::Event::Done(v) => {
                    struct_ser.serialize_field("done", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetDecidedResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "header",
            "part",
            "done",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Header,
            Part,
            Done,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "header" => Ok(GeneratedField::Header),
                            "part" => Ok(GeneratedField::Part),
                            "done" => Ok(GeneratedField::Done),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetDecidedResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetDecidedResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetDecidedResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Header => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("header"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(get_decided_response::Event::Header)
;
                        }
                        GeneratedField::Part => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("part"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(get_decided_response::Event::Part)
;
                        }
                        GeneratedField::Done => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("done"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(get_decided_response::Event::Done)
;
                        }
                    }
                }
                Ok(GetDecidedResponse {
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetDecidedResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetHeightParamsRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetHeightParamsRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetHeightParamsRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetHeightParamsRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetHeightParamsRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetHeightParamsRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(GetHeightParamsRequest {
                    height: height__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetHeightParamsRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for GetHeightParamsResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.params.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.GetHeightParamsResponse", len)?;
        if let Some(v) = self.params.as_ref() {
            struct_ser.serialize_field("params", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for GetHeightParamsResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "params",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Params,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "params" => Ok(GeneratedField::Params),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = GetHeightParamsResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.GetHeightParamsResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<GetHeightParamsResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut params__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Params => {
                            if params__.is_some() {
                                return Err(serde::de::Error::duplicate_field("params"));
                            }
                            params__ = map_.next_value()?;
                        }
                    }
                }
                Ok(GetHeightParamsResponse {
                    params: params__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.GetHeightParamsResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HandshakeRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.revisions.is_empty() {
            len += 1;
        }
        if !self.features.is_empty() {
            len += 1;
        }
        if self.limits.is_some() {
            len += 1;
        }
        if self.network.is_some() {
            len += 1;
        }
        if self.software.is_some() {
            len += 1;
        }
        if self.role != 0 {
            len += 1;
        }
        if !self.consensus_id.is_empty() {
            len += 1;
        }
        if self.takeover {
            len += 1;
        }
        if self.position.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.HandshakeRequest", len)?;
        if !self.revisions.is_empty() {
            struct_ser.serialize_field("revisions", &self.revisions)?;
        }
        if !self.features.is_empty() {
            let v = self.features.iter().cloned().map(|v| {
                Feature::try_from(v)
                    .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", v)))
                }).collect::<std::result::Result<Vec<_>, _>>()?;
            struct_ser.serialize_field("features", &v)?;
        }
        if let Some(v) = self.limits.as_ref() {
            struct_ser.serialize_field("limits", v)?;
        }
        if let Some(v) = self.network.as_ref() {
            struct_ser.serialize_field("network", v)?;
        }
        if let Some(v) = self.software.as_ref() {
            struct_ser.serialize_field("software", v)?;
        }
        if self.role != 0 {
            let v = SessionRole::try_from(self.role)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.role)))?;
            struct_ser.serialize_field("role", &v)?;
        }
        if !self.consensus_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("consensusId", pbjson::private::base64::encode(&self.consensus_id).as_str())?;
        }
        if self.takeover {
            struct_ser.serialize_field("takeover", &self.takeover)?;
        }
        if let Some(v) = self.position.as_ref() {
            struct_ser.serialize_field("position", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HandshakeRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "revisions",
            "features",
            "limits",
            "network",
            "software",
            "role",
            "consensus_id",
            "consensusId",
            "takeover",
            "position",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Revisions,
            Features,
            Limits,
            Network,
            Software,
            Role,
            ConsensusId,
            Takeover,
            Position,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "revisions" => Ok(GeneratedField::Revisions),
                            "features" => Ok(GeneratedField::Features),
                            "limits" => Ok(GeneratedField::Limits),
                            "network" => Ok(GeneratedField::Network),
                            "software" => Ok(GeneratedField::Software),
                            "role" => Ok(GeneratedField::Role),
                            "consensusId" | "consensus_id" => Ok(GeneratedField::ConsensusId),
                            "takeover" => Ok(GeneratedField::Takeover),
                            "position" => Ok(GeneratedField::Position),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HandshakeRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.HandshakeRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<HandshakeRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut revisions__ = None;
                let mut features__ = None;
                let mut limits__ = None;
                let mut network__ = None;
                let mut software__ = None;
                let mut role__ = None;
                let mut consensus_id__ = None;
                let mut takeover__ = None;
                let mut position__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Revisions => {
                            if revisions__.is_some() {
                                return Err(serde::de::Error::duplicate_field("revisions"));
                            }
                            revisions__ = 
                                Some(map_.next_value::<Vec<::pbjson::private::NumberDeserialize<_>>>()?
                                    .into_iter().map(|x| x.0).collect())
                            ;
                        }
                        GeneratedField::Features => {
                            if features__.is_some() {
                                return Err(serde::de::Error::duplicate_field("features"));
                            }
                            features__ = Some(map_.next_value::<Vec<Feature>>()?.into_iter().map(|x| x as i32).collect());
                        }
                        GeneratedField::Limits => {
                            if limits__.is_some() {
                                return Err(serde::de::Error::duplicate_field("limits"));
                            }
                            limits__ = map_.next_value()?;
                        }
                        GeneratedField::Network => {
                            if network__.is_some() {
                                return Err(serde::de::Error::duplicate_field("network"));
                            }
                            network__ = map_.next_value()?;
                        }
                        GeneratedField::Software => {
                            if software__.is_some() {
                                return Err(serde::de::Error::duplicate_field("software"));
                            }
                            software__ = map_.next_value()?;
                        }
                        GeneratedField::Role => {
                            if role__.is_some() {
                                return Err(serde::de::Error::duplicate_field("role"));
                            }
                            role__ = Some(map_.next_value::<SessionRole>()? as i32);
                        }
                        GeneratedField::ConsensusId => {
                            if consensus_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("consensusId"));
                            }
                            consensus_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Takeover => {
                            if takeover__.is_some() {
                                return Err(serde::de::Error::duplicate_field("takeover"));
                            }
                            takeover__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Position => {
                            if position__.is_some() {
                                return Err(serde::de::Error::duplicate_field("position"));
                            }
                            position__ = map_.next_value()?;
                        }
                    }
                }
                Ok(HandshakeRequest {
                    revisions: revisions__.unwrap_or_default(),
                    features: features__.unwrap_or_default(),
                    limits: limits__,
                    network: network__,
                    software: software__,
                    role: role__.unwrap_or_default(),
                    consensus_id: consensus_id__.unwrap_or_default(),
                    takeover: takeover__.unwrap_or_default(),
                    position: position__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.HandshakeRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HandshakeResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.revision != 0 {
            len += 1;
        }
        if !self.features.is_empty() {
            len += 1;
        }
        if self.limits.is_some() {
            len += 1;
        }
        if self.network.is_some() {
            len += 1;
        }
        if self.software.is_some() {
            len += 1;
        }
        if !self.instance_id.is_empty() {
            len += 1;
        }
        if !self.session_token.is_empty() {
            len += 1;
        }
        if self.position.is_some() {
            len += 1;
        }
        if self.build_margin_ms != 0 {
            len += 1;
        }
        if self.first_height.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.HandshakeResponse", len)?;
        if self.revision != 0 {
            struct_ser.serialize_field("revision", &self.revision)?;
        }
        if !self.features.is_empty() {
            let v = self.features.iter().cloned().map(|v| {
                Feature::try_from(v)
                    .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", v)))
                }).collect::<std::result::Result<Vec<_>, _>>()?;
            struct_ser.serialize_field("features", &v)?;
        }
        if let Some(v) = self.limits.as_ref() {
            struct_ser.serialize_field("limits", v)?;
        }
        if let Some(v) = self.network.as_ref() {
            struct_ser.serialize_field("network", v)?;
        }
        if let Some(v) = self.software.as_ref() {
            struct_ser.serialize_field("software", v)?;
        }
        if !self.instance_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("instanceId", pbjson::private::base64::encode(&self.instance_id).as_str())?;
        }
        if !self.session_token.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sessionToken", pbjson::private::base64::encode(&self.session_token).as_str())?;
        }
        if let Some(v) = self.position.as_ref() {
            struct_ser.serialize_field("position", v)?;
        }
        if self.build_margin_ms != 0 {
            struct_ser.serialize_field("buildMarginMs", &self.build_margin_ms)?;
        }
        if let Some(v) = self.first_height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("firstHeight", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HandshakeResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "revision",
            "features",
            "limits",
            "network",
            "software",
            "instance_id",
            "instanceId",
            "session_token",
            "sessionToken",
            "position",
            "build_margin_ms",
            "buildMarginMs",
            "first_height",
            "firstHeight",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Revision,
            Features,
            Limits,
            Network,
            Software,
            InstanceId,
            SessionToken,
            Position,
            BuildMarginMs,
            FirstHeight,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "revision" => Ok(GeneratedField::Revision),
                            "features" => Ok(GeneratedField::Features),
                            "limits" => Ok(GeneratedField::Limits),
                            "network" => Ok(GeneratedField::Network),
                            "software" => Ok(GeneratedField::Software),
                            "instanceId" | "instance_id" => Ok(GeneratedField::InstanceId),
                            "sessionToken" | "session_token" => Ok(GeneratedField::SessionToken),
                            "position" => Ok(GeneratedField::Position),
                            "buildMarginMs" | "build_margin_ms" => Ok(GeneratedField::BuildMarginMs),
                            "firstHeight" | "first_height" => Ok(GeneratedField::FirstHeight),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HandshakeResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.HandshakeResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<HandshakeResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut revision__ = None;
                let mut features__ = None;
                let mut limits__ = None;
                let mut network__ = None;
                let mut software__ = None;
                let mut instance_id__ = None;
                let mut session_token__ = None;
                let mut position__ = None;
                let mut build_margin_ms__ = None;
                let mut first_height__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Revision => {
                            if revision__.is_some() {
                                return Err(serde::de::Error::duplicate_field("revision"));
                            }
                            revision__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Features => {
                            if features__.is_some() {
                                return Err(serde::de::Error::duplicate_field("features"));
                            }
                            features__ = Some(map_.next_value::<Vec<Feature>>()?.into_iter().map(|x| x as i32).collect());
                        }
                        GeneratedField::Limits => {
                            if limits__.is_some() {
                                return Err(serde::de::Error::duplicate_field("limits"));
                            }
                            limits__ = map_.next_value()?;
                        }
                        GeneratedField::Network => {
                            if network__.is_some() {
                                return Err(serde::de::Error::duplicate_field("network"));
                            }
                            network__ = map_.next_value()?;
                        }
                        GeneratedField::Software => {
                            if software__.is_some() {
                                return Err(serde::de::Error::duplicate_field("software"));
                            }
                            software__ = map_.next_value()?;
                        }
                        GeneratedField::InstanceId => {
                            if instance_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("instanceId"));
                            }
                            instance_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::SessionToken => {
                            if session_token__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sessionToken"));
                            }
                            session_token__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Position => {
                            if position__.is_some() {
                                return Err(serde::de::Error::duplicate_field("position"));
                            }
                            position__ = map_.next_value()?;
                        }
                        GeneratedField::BuildMarginMs => {
                            if build_margin_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("buildMarginMs"));
                            }
                            build_margin_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::FirstHeight => {
                            if first_height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("firstHeight"));
                            }
                            first_height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(HandshakeResponse {
                    revision: revision__.unwrap_or_default(),
                    features: features__.unwrap_or_default(),
                    limits: limits__,
                    network: network__,
                    software: software__,
                    instance_id: instance_id__.unwrap_or_default(),
                    session_token: session_token__.unwrap_or_default(),
                    position: position__,
                    build_margin_ms: build_margin_ms__.unwrap_or_default(),
                    first_height: first_height__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.HandshakeResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for HeightParams {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.committee.is_some() {
            len += 1;
        }
        if !self.proposers.is_empty() {
            len += 1;
        }
        if !self.builder.is_empty() {
            len += 1;
        }
        if self.quorum.is_some() {
            len += 1;
        }
        if !self.starknet_version.is_empty() {
            len += 1;
        }
        if !self.part_format.is_empty() {
            len += 1;
        }
        if !self.commitment_scheme.is_empty() {
            len += 1;
        }
        if !self.signature_scheme.is_empty() {
            len += 1;
        }
        if self.timeouts.is_some() {
            len += 1;
        }
        if self.max_proposal_bytes != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.HeightParams", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.committee.as_ref() {
            struct_ser.serialize_field("committee", v)?;
        }
        if !self.proposers.is_empty() {
            struct_ser.serialize_field("proposers", &self.proposers)?;
        }
        if !self.builder.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("builder", pbjson::private::base64::encode(&self.builder).as_str())?;
        }
        if let Some(v) = self.quorum.as_ref() {
            struct_ser.serialize_field("quorum", v)?;
        }
        if !self.starknet_version.is_empty() {
            struct_ser.serialize_field("starknetVersion", &self.starknet_version)?;
        }
        if !self.part_format.is_empty() {
            struct_ser.serialize_field("partFormat", &self.part_format)?;
        }
        if !self.commitment_scheme.is_empty() {
            struct_ser.serialize_field("commitmentScheme", &self.commitment_scheme)?;
        }
        if !self.signature_scheme.is_empty() {
            struct_ser.serialize_field("signatureScheme", &self.signature_scheme)?;
        }
        if let Some(v) = self.timeouts.as_ref() {
            struct_ser.serialize_field("timeouts", v)?;
        }
        if self.max_proposal_bytes != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("maxProposalBytes", ToString::to_string(&self.max_proposal_bytes).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for HeightParams {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "committee",
            "proposers",
            "builder",
            "quorum",
            "starknet_version",
            "starknetVersion",
            "part_format",
            "partFormat",
            "commitment_scheme",
            "commitmentScheme",
            "signature_scheme",
            "signatureScheme",
            "timeouts",
            "max_proposal_bytes",
            "maxProposalBytes",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Committee,
            Proposers,
            Builder,
            Quorum,
            StarknetVersion,
            PartFormat,
            CommitmentScheme,
            SignatureScheme,
            Timeouts,
            MaxProposalBytes,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "committee" => Ok(GeneratedField::Committee),
                            "proposers" => Ok(GeneratedField::Proposers),
                            "builder" => Ok(GeneratedField::Builder),
                            "quorum" => Ok(GeneratedField::Quorum),
                            "starknetVersion" | "starknet_version" => Ok(GeneratedField::StarknetVersion),
                            "partFormat" | "part_format" => Ok(GeneratedField::PartFormat),
                            "commitmentScheme" | "commitment_scheme" => Ok(GeneratedField::CommitmentScheme),
                            "signatureScheme" | "signature_scheme" => Ok(GeneratedField::SignatureScheme),
                            "timeouts" => Ok(GeneratedField::Timeouts),
                            "maxProposalBytes" | "max_proposal_bytes" => Ok(GeneratedField::MaxProposalBytes),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = HeightParams;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.HeightParams")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<HeightParams, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut committee__ = None;
                let mut proposers__ = None;
                let mut builder__ = None;
                let mut quorum__ = None;
                let mut starknet_version__ = None;
                let mut part_format__ = None;
                let mut commitment_scheme__ = None;
                let mut signature_scheme__ = None;
                let mut timeouts__ = None;
                let mut max_proposal_bytes__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Committee => {
                            if committee__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committee"));
                            }
                            committee__ = map_.next_value()?;
                        }
                        GeneratedField::Proposers => {
                            if proposers__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposers"));
                            }
                            proposers__ = 
                                Some(map_.next_value::<Vec<::pbjson::private::NumberDeserialize<_>>>()?
                                    .into_iter().map(|x| x.0).collect())
                            ;
                        }
                        GeneratedField::Builder => {
                            if builder__.is_some() {
                                return Err(serde::de::Error::duplicate_field("builder"));
                            }
                            builder__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Quorum => {
                            if quorum__.is_some() {
                                return Err(serde::de::Error::duplicate_field("quorum"));
                            }
                            quorum__ = map_.next_value()?;
                        }
                        GeneratedField::StarknetVersion => {
                            if starknet_version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("starknetVersion"));
                            }
                            starknet_version__ = Some(map_.next_value()?);
                        }
                        GeneratedField::PartFormat => {
                            if part_format__.is_some() {
                                return Err(serde::de::Error::duplicate_field("partFormat"));
                            }
                            part_format__ = Some(map_.next_value()?);
                        }
                        GeneratedField::CommitmentScheme => {
                            if commitment_scheme__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitmentScheme"));
                            }
                            commitment_scheme__ = Some(map_.next_value()?);
                        }
                        GeneratedField::SignatureScheme => {
                            if signature_scheme__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signatureScheme"));
                            }
                            signature_scheme__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Timeouts => {
                            if timeouts__.is_some() {
                                return Err(serde::de::Error::duplicate_field("timeouts"));
                            }
                            timeouts__ = map_.next_value()?;
                        }
                        GeneratedField::MaxProposalBytes => {
                            if max_proposal_bytes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("maxProposalBytes"));
                            }
                            max_proposal_bytes__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(HeightParams {
                    height: height__,
                    committee: committee__,
                    proposers: proposers__.unwrap_or_default(),
                    builder: builder__.unwrap_or_default(),
                    quorum: quorum__,
                    starknet_version: starknet_version__.unwrap_or_default(),
                    part_format: part_format__.unwrap_or_default(),
                    commitment_scheme: commitment_scheme__.unwrap_or_default(),
                    signature_scheme: signature_scheme__.unwrap_or_default(),
                    timeouts: timeouts__,
                    max_proposal_bytes: max_proposal_bytes__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.HeightParams", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ImportDecidedRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ImportDecidedRequest", len)?;
        if let Some(v) = self.event.as_ref() {
            match v {
                import_decided_request::Event::Header(v) => {
                    struct_ser.serialize_field("header", v)?;
                }
                import_decided_request::Event::Part(v) => {
                    struct_ser.serialize_field("part", v)?;
                }
                import_decided_request::Event::End(v) => {
                    struct_ser.serialize_field("end", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ImportDecidedRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "header",
            "part",
            "end",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Header,
            Part,
            End,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "header" => Ok(GeneratedField::Header),
                            "part" => Ok(GeneratedField::Part),
                            "end" => Ok(GeneratedField::End),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ImportDecidedRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ImportDecidedRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ImportDecidedRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Header => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("header"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(import_decided_request::Event::Header)
;
                        }
                        GeneratedField::Part => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("part"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(import_decided_request::Event::Part)
;
                        }
                        GeneratedField::End => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("end"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(import_decided_request::Event::End)
;
                        }
                    }
                }
                Ok(ImportDecidedRequest {
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ImportDecidedRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ImportDecidedResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.outcome != 0 {
            len += 1;
        }
        if self.committed.is_some() {
            len += 1;
        }
        if self.computed.is_some() {
            len += 1;
        }
        if self.missing.is_some() {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        if self.next_params.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ImportDecidedResponse", len)?;
        if self.outcome != 0 {
            let v = ImportOutcome::try_from(self.outcome)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.outcome)))?;
            struct_ser.serialize_field("outcome", &v)?;
        }
        if let Some(v) = self.committed.as_ref() {
            struct_ser.serialize_field("committed", v)?;
        }
        if let Some(v) = self.computed.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("computed", pbjson::private::base64::encode(&v).as_str())?;
        }
        if let Some(v) = self.missing.as_ref() {
            struct_ser.serialize_field("missing", v)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        if let Some(v) = self.next_params.as_ref() {
            struct_ser.serialize_field("nextParams", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ImportDecidedResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "outcome",
            "committed",
            "computed",
            "missing",
            "detail",
            "next_params",
            "nextParams",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Outcome,
            Committed,
            Computed,
            Missing,
            Detail,
            NextParams,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "outcome" => Ok(GeneratedField::Outcome),
                            "committed" => Ok(GeneratedField::Committed),
                            "computed" => Ok(GeneratedField::Computed),
                            "missing" => Ok(GeneratedField::Missing),
                            "detail" => Ok(GeneratedField::Detail),
                            "nextParams" | "next_params" => Ok(GeneratedField::NextParams),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ImportDecidedResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ImportDecidedResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ImportDecidedResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut outcome__ = None;
                let mut committed__ = None;
                let mut computed__ = None;
                let mut missing__ = None;
                let mut detail__ = None;
                let mut next_params__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Outcome => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("outcome"));
                            }
                            outcome__ = Some(map_.next_value::<ImportOutcome>()? as i32);
                        }
                        GeneratedField::Committed => {
                            if committed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            committed__ = map_.next_value()?;
                        }
                        GeneratedField::Computed => {
                            if computed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("computed"));
                            }
                            computed__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::BytesDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Missing => {
                            if missing__.is_some() {
                                return Err(serde::de::Error::duplicate_field("missing"));
                            }
                            missing__ = map_.next_value()?;
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                        GeneratedField::NextParams => {
                            if next_params__.is_some() {
                                return Err(serde::de::Error::duplicate_field("nextParams"));
                            }
                            next_params__ = map_.next_value()?;
                        }
                    }
                }
                Ok(ImportDecidedResponse {
                    outcome: outcome__.unwrap_or_default(),
                    committed: committed__,
                    computed: computed__,
                    missing: missing__,
                    detail: detail__.unwrap_or_default(),
                    next_params: next_params__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ImportDecidedResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ImportOutcome {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "IMPORT_OUTCOME_UNSPECIFIED",
            Self::Committed => "IMPORT_OUTCOME_COMMITTED",
            Self::AlreadyCommitted => "IMPORT_OUTCOME_ALREADY_COMMITTED",
            Self::Malformed => "IMPORT_OUTCOME_MALFORMED",
            Self::Mismatch => "IMPORT_OUTCOME_MISMATCH",
            Self::NotReady => "IMPORT_OUTCOME_NOT_READY",
            Self::Conflict => "IMPORT_OUTCOME_CONFLICT",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for ImportOutcome {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "IMPORT_OUTCOME_UNSPECIFIED",
            "IMPORT_OUTCOME_COMMITTED",
            "IMPORT_OUTCOME_ALREADY_COMMITTED",
            "IMPORT_OUTCOME_MALFORMED",
            "IMPORT_OUTCOME_MISMATCH",
            "IMPORT_OUTCOME_NOT_READY",
            "IMPORT_OUTCOME_CONFLICT",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = ImportOutcome;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "IMPORT_OUTCOME_UNSPECIFIED" => Ok(ImportOutcome::Unspecified),
                    "IMPORT_OUTCOME_COMMITTED" => Ok(ImportOutcome::Committed),
                    "IMPORT_OUTCOME_ALREADY_COMMITTED" => Ok(ImportOutcome::AlreadyCommitted),
                    "IMPORT_OUTCOME_MALFORMED" => Ok(ImportOutcome::Malformed),
                    "IMPORT_OUTCOME_MISMATCH" => Ok(ImportOutcome::Mismatch),
                    "IMPORT_OUTCOME_NOT_READY" => Ok(ImportOutcome::NotReady),
                    "IMPORT_OUTCOME_CONFLICT" => Ok(ImportOutcome::Conflict),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Invalid {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.reason != 0 {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Invalid", len)?;
        if self.reason != 0 {
            let v = InvalidReason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Invalid {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reason",
            "detail",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reason,
            Detail,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reason" => Ok(GeneratedField::Reason),
                            "detail" => Ok(GeneratedField::Detail),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Invalid;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Invalid")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Invalid, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut reason__ = None;
                let mut detail__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<InvalidReason>()? as i32);
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(Invalid {
                    reason: reason__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Invalid", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for InvalidReason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "INVALID_REASON_UNSPECIFIED",
            Self::PayloadMalformed => "INVALID_REASON_PAYLOAD_MALFORMED",
            Self::InitMismatch => "INVALID_REASON_INIT_MISMATCH",
            Self::HeaderRule => "INVALID_REASON_HEADER_RULE",
            Self::DuplicateTransaction => "INVALID_REASON_DUPLICATE_TRANSACTION",
            Self::TransactionInvalid => "INVALID_REASON_TRANSACTION_INVALID",
            Self::CountExceedsSent => "INVALID_REASON_COUNT_EXCEEDS_SENT",
            Self::BlockOverCapacity => "INVALID_REASON_BLOCK_OVER_CAPACITY",
            Self::CommitmentMismatch => "INVALID_REASON_COMMITMENT_MISMATCH",
            Self::ProposalTooLarge => "INVALID_REASON_PROPOSAL_TOO_LARGE",
            Self::FinMismatch => "INVALID_REASON_FIN_MISMATCH",
            Self::L1MessageConsumed => "INVALID_REASON_L1_MESSAGE_CONSUMED",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for InvalidReason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "INVALID_REASON_UNSPECIFIED",
            "INVALID_REASON_PAYLOAD_MALFORMED",
            "INVALID_REASON_INIT_MISMATCH",
            "INVALID_REASON_HEADER_RULE",
            "INVALID_REASON_DUPLICATE_TRANSACTION",
            "INVALID_REASON_TRANSACTION_INVALID",
            "INVALID_REASON_COUNT_EXCEEDS_SENT",
            "INVALID_REASON_BLOCK_OVER_CAPACITY",
            "INVALID_REASON_COMMITMENT_MISMATCH",
            "INVALID_REASON_PROPOSAL_TOO_LARGE",
            "INVALID_REASON_FIN_MISMATCH",
            "INVALID_REASON_L1_MESSAGE_CONSUMED",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = InvalidReason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "INVALID_REASON_UNSPECIFIED" => Ok(InvalidReason::Unspecified),
                    "INVALID_REASON_PAYLOAD_MALFORMED" => Ok(InvalidReason::PayloadMalformed),
                    "INVALID_REASON_INIT_MISMATCH" => Ok(InvalidReason::InitMismatch),
                    "INVALID_REASON_HEADER_RULE" => Ok(InvalidReason::HeaderRule),
                    "INVALID_REASON_DUPLICATE_TRANSACTION" => Ok(InvalidReason::DuplicateTransaction),
                    "INVALID_REASON_TRANSACTION_INVALID" => Ok(InvalidReason::TransactionInvalid),
                    "INVALID_REASON_COUNT_EXCEEDS_SENT" => Ok(InvalidReason::CountExceedsSent),
                    "INVALID_REASON_BLOCK_OVER_CAPACITY" => Ok(InvalidReason::BlockOverCapacity),
                    "INVALID_REASON_COMMITMENT_MISMATCH" => Ok(InvalidReason::CommitmentMismatch),
                    "INVALID_REASON_PROPOSAL_TOO_LARGE" => Ok(InvalidReason::ProposalTooLarge),
                    "INVALID_REASON_FIN_MISMATCH" => Ok(InvalidReason::FinMismatch),
                    "INVALID_REASON_L1_MESSAGE_CONSUMED" => Ok(InvalidReason::L1MessageConsumed),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for KnownBlockHash {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.block_hash.is_empty() {
            len += 1;
        }
        if !self.state_root.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.KnownBlockHash", len)?;
        if !self.block_hash.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("blockHash", pbjson::private::base64::encode(&self.block_hash).as_str())?;
        }
        if !self.state_root.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("stateRoot", pbjson::private::base64::encode(&self.state_root).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for KnownBlockHash {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "block_hash",
            "blockHash",
            "state_root",
            "stateRoot",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            BlockHash,
            StateRoot,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "blockHash" | "block_hash" => Ok(GeneratedField::BlockHash),
                            "stateRoot" | "state_root" => Ok(GeneratedField::StateRoot),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = KnownBlockHash;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.KnownBlockHash")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<KnownBlockHash, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut block_hash__ = None;
                let mut state_root__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::BlockHash => {
                            if block_hash__.is_some() {
                                return Err(serde::de::Error::duplicate_field("blockHash"));
                            }
                            block_hash__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::StateRoot => {
                            if state_root__.is_some() {
                                return Err(serde::de::Error::duplicate_field("stateRoot"));
                            }
                            state_root__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(KnownBlockHash {
                    block_hash: block_hash__.unwrap_or_default(),
                    state_root: state_root__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.KnownBlockHash", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for LastSigned {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.step != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.LastSigned", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if self.step != 0 {
            let v = SignedStep::try_from(self.step)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.step)))?;
            struct_ser.serialize_field("step", &v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for LastSigned {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "round",
            "step",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Round,
            Step,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "step" => Ok(GeneratedField::Step),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = LastSigned;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.LastSigned")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<LastSigned, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut round__ = None;
                let mut step__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Step => {
                            if step__.is_some() {
                                return Err(serde::de::Error::duplicate_field("step"));
                            }
                            step__ = Some(map_.next_value::<SignedStep>()? as i32);
                        }
                    }
                }
                Ok(LastSigned {
                    height: height__,
                    round: round__,
                    step: step__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.LastSigned", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Limits {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.max_message_bytes != 0 {
            len += 1;
        }
        if self.max_part_bytes != 0 {
            len += 1;
        }
        if self.max_candidates != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Limits", len)?;
        if self.max_message_bytes != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("maxMessageBytes", ToString::to_string(&self.max_message_bytes).as_str())?;
        }
        if self.max_part_bytes != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("maxPartBytes", ToString::to_string(&self.max_part_bytes).as_str())?;
        }
        if self.max_candidates != 0 {
            struct_ser.serialize_field("maxCandidates", &self.max_candidates)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Limits {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "max_message_bytes",
            "maxMessageBytes",
            "max_part_bytes",
            "maxPartBytes",
            "max_candidates",
            "maxCandidates",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            MaxMessageBytes,
            MaxPartBytes,
            MaxCandidates,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "maxMessageBytes" | "max_message_bytes" => Ok(GeneratedField::MaxMessageBytes),
                            "maxPartBytes" | "max_part_bytes" => Ok(GeneratedField::MaxPartBytes),
                            "maxCandidates" | "max_candidates" => Ok(GeneratedField::MaxCandidates),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Limits;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Limits")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Limits, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut max_message_bytes__ = None;
                let mut max_part_bytes__ = None;
                let mut max_candidates__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::MaxMessageBytes => {
                            if max_message_bytes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("maxMessageBytes"));
                            }
                            max_message_bytes__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::MaxPartBytes => {
                            if max_part_bytes__.is_some() {
                                return Err(serde::de::Error::duplicate_field("maxPartBytes"));
                            }
                            max_part_bytes__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::MaxCandidates => {
                            if max_candidates__.is_some() {
                                return Err(serde::de::Error::duplicate_field("maxCandidates"));
                            }
                            max_candidates__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(Limits {
                    max_message_bytes: max_message_bytes__.unwrap_or_default(),
                    max_part_bytes: max_part_bytes__.unwrap_or_default(),
                    max_candidates: max_candidates__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Limits", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for LocalReason {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "LOCAL_REASON_UNSPECIFIED",
            Self::TimestampWindow => "LOCAL_REASON_TIMESTAMP_WINDOW",
            Self::PriceBand => "LOCAL_REASON_PRICE_BAND",
            Self::L1MessageUnseen => "LOCAL_REASON_L1_MESSAGE_UNSEEN",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for LocalReason {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "LOCAL_REASON_UNSPECIFIED",
            "LOCAL_REASON_TIMESTAMP_WINDOW",
            "LOCAL_REASON_PRICE_BAND",
            "LOCAL_REASON_L1_MESSAGE_UNSEEN",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = LocalReason;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "LOCAL_REASON_UNSPECIFIED" => Ok(LocalReason::Unspecified),
                    "LOCAL_REASON_TIMESTAMP_WINDOW" => Ok(LocalReason::TimestampWindow),
                    "LOCAL_REASON_PRICE_BAND" => Ok(LocalReason::PriceBand),
                    "LOCAL_REASON_L1_MESSAGE_UNSEEN" => Ok(LocalReason::L1MessageUnseen),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for MissingCondition {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.condition.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.MissingCondition", len)?;
        if let Some(v) = self.condition.as_ref() {
            match v {
                missing_condition::Condition::Parent(v) => {
                    #[allow(clippy::needless_borrow)]
                    #[allow(clippy::needless_borrows_for_generic_args)]
                    struct_ser.serialize_field("parent", ToString::to_string(&v).as_str())?;
                }
                missing_condition::Condition::BlockHash(v) => {
                    #[allow(clippy::needless_borrow)]
                    #[allow(clippy::needless_borrows_for_generic_args)]
                    struct_ser.serialize_field("blockHash", ToString::to_string(&v).as_str())?;
                }
                missing_condition::Condition::Params(v) => {
                    #[allow(clippy::needless_borrow)]
                    #[allow(clippy::needless_borrows_for_generic_args)]
                    struct_ser.serialize_field("params", ToString::to_string(&v).as_str())?;
                }
                missing_condition::Condition::L1Source(v) => {
                    struct_ser.serialize_field("l1Source", v)?;
                }
                missing_condition::Condition::ClassHash(v) => {
                    #[allow(clippy::needless_borrow)]
                    #[allow(clippy::needless_borrows_for_generic_args)]
                    struct_ser.serialize_field("classHash", pbjson::private::base64::encode(&v).as_str())?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for MissingCondition {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "parent",
            "block_hash",
            "blockHash",
            "params",
            "l1_source",
            "l1Source",
            "class_hash",
            "classHash",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Parent,
            BlockHash,
            Params,
            L1Source,
            ClassHash,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "parent" => Ok(GeneratedField::Parent),
                            "blockHash" | "block_hash" => Ok(GeneratedField::BlockHash),
                            "params" => Ok(GeneratedField::Params),
                            "l1Source" | "l1_source" => Ok(GeneratedField::L1Source),
                            "classHash" | "class_hash" => Ok(GeneratedField::ClassHash),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = MissingCondition;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.MissingCondition")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<MissingCondition, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut condition__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Parent => {
                            if condition__.is_some() {
                                return Err(serde::de::Error::duplicate_field("parent"));
                            }
                            condition__ = map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| missing_condition::Condition::Parent(x.0));
                        }
                        GeneratedField::BlockHash => {
                            if condition__.is_some() {
                                return Err(serde::de::Error::duplicate_field("blockHash"));
                            }
                            condition__ = map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| missing_condition::Condition::BlockHash(x.0));
                        }
                        GeneratedField::Params => {
                            if condition__.is_some() {
                                return Err(serde::de::Error::duplicate_field("params"));
                            }
                            condition__ = map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| missing_condition::Condition::Params(x.0));
                        }
                        GeneratedField::L1Source => {
                            if condition__.is_some() {
                                return Err(serde::de::Error::duplicate_field("l1Source"));
                            }
                            condition__ = map_.next_value::<::std::option::Option<_>>()?.map(missing_condition::Condition::L1Source);
                        }
                        GeneratedField::ClassHash => {
                            if condition__.is_some() {
                                return Err(serde::de::Error::duplicate_field("classHash"));
                            }
                            condition__ = map_.next_value::<::std::option::Option<::pbjson::private::BytesDeserialize<_>>>()?.map(|x| missing_condition::Condition::ClassHash(x.0));
                        }
                    }
                }
                Ok(MissingCondition {
                    condition: condition__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.MissingCondition", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for NetworkIdentity {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.chain_id.is_empty() {
            len += 1;
        }
        if !self.genesis_hash.is_empty() {
            len += 1;
        }
        if self.fork_id.is_some() {
            len += 1;
        }
        if !self.activation_digest.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.NetworkIdentity", len)?;
        if !self.chain_id.is_empty() {
            struct_ser.serialize_field("chainId", &self.chain_id)?;
        }
        if !self.genesis_hash.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("genesisHash", pbjson::private::base64::encode(&self.genesis_hash).as_str())?;
        }
        if let Some(v) = self.fork_id.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("forkId", ToString::to_string(&v).as_str())?;
        }
        if !self.activation_digest.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("activationDigest", pbjson::private::base64::encode(&self.activation_digest).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for NetworkIdentity {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "chain_id",
            "chainId",
            "genesis_hash",
            "genesisHash",
            "fork_id",
            "forkId",
            "activation_digest",
            "activationDigest",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ChainId,
            GenesisHash,
            ForkId,
            ActivationDigest,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "chainId" | "chain_id" => Ok(GeneratedField::ChainId),
                            "genesisHash" | "genesis_hash" => Ok(GeneratedField::GenesisHash),
                            "forkId" | "fork_id" => Ok(GeneratedField::ForkId),
                            "activationDigest" | "activation_digest" => Ok(GeneratedField::ActivationDigest),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = NetworkIdentity;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.NetworkIdentity")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<NetworkIdentity, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut chain_id__ = None;
                let mut genesis_hash__ = None;
                let mut fork_id__ = None;
                let mut activation_digest__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ChainId => {
                            if chain_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("chainId"));
                            }
                            chain_id__ = Some(map_.next_value()?);
                        }
                        GeneratedField::GenesisHash => {
                            if genesis_hash__.is_some() {
                                return Err(serde::de::Error::duplicate_field("genesisHash"));
                            }
                            genesis_hash__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::ForkId => {
                            if fork_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("forkId"));
                            }
                            fork_id__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::ActivationDigest => {
                            if activation_digest__.is_some() {
                                return Err(serde::de::Error::duplicate_field("activationDigest"));
                            }
                            activation_digest__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(NetworkIdentity {
                    chain_id: chain_id__.unwrap_or_default(),
                    genesis_hash: genesis_hash__.unwrap_or_default(),
                    fork_id: fork_id__,
                    activation_digest: activation_digest__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.NetworkIdentity", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for NotReady {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.missing.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.NotReady", len)?;
        if let Some(v) = self.missing.as_ref() {
            struct_ser.serialize_field("missing", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for NotReady {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "missing",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Missing,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "missing" => Ok(GeneratedField::Missing),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = NotReady;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.NotReady")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<NotReady, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut missing__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Missing => {
                            if missing__.is_some() {
                                return Err(serde::de::Error::duplicate_field("missing"));
                            }
                            missing__ = map_.next_value()?;
                        }
                    }
                }
                Ok(NotReady {
                    missing: missing__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.NotReady", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Part {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.index.is_some() {
            len += 1;
        }
        if self.kind != 0 {
            len += 1;
        }
        if !self.payload.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Part", len)?;
        if let Some(v) = self.index.as_ref() {
            struct_ser.serialize_field("index", v)?;
        }
        if self.kind != 0 {
            let v = PartKind::try_from(self.kind)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.kind)))?;
            struct_ser.serialize_field("kind", &v)?;
        }
        if !self.payload.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("payload", pbjson::private::base64::encode(&self.payload).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Part {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "index",
            "kind",
            "payload",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Index,
            Kind,
            Payload,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "index" => Ok(GeneratedField::Index),
                            "kind" => Ok(GeneratedField::Kind),
                            "payload" => Ok(GeneratedField::Payload),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Part;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Part")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Part, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut index__ = None;
                let mut kind__ = None;
                let mut payload__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Index => {
                            if index__.is_some() {
                                return Err(serde::de::Error::duplicate_field("index"));
                            }
                            index__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Kind => {
                            if kind__.is_some() {
                                return Err(serde::de::Error::duplicate_field("kind"));
                            }
                            kind__ = Some(map_.next_value::<PartKind>()? as i32);
                        }
                        GeneratedField::Payload => {
                            if payload__.is_some() {
                                return Err(serde::de::Error::duplicate_field("payload"));
                            }
                            payload__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(Part {
                    index: index__,
                    kind: kind__.unwrap_or_default(),
                    payload: payload__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Part", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for PartKind {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "PART_KIND_UNSPECIFIED",
            Self::Init => "PART_KIND_INIT",
            Self::Body => "PART_KIND_BODY",
            Self::Fin => "PART_KIND_FIN",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for PartKind {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "PART_KIND_UNSPECIFIED",
            "PART_KIND_INIT",
            "PART_KIND_BODY",
            "PART_KIND_FIN",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = PartKind;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "PART_KIND_UNSPECIFIED" => Ok(PartKind::Unspecified),
                    "PART_KIND_INIT" => Ok(PartKind::Init),
                    "PART_KIND_BODY" => Ok(PartKind::Body),
                    "PART_KIND_FIN" => Ok(PartKind::Fin),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Phase {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "PHASE_UNSPECIFIED",
            Self::Syncing => "PHASE_SYNCING",
            Self::Ready => "PHASE_READY",
            Self::Draining => "PHASE_DRAINING",
            Self::Diverged => "PHASE_DIVERGED",
            Self::Halted => "PHASE_HALTED",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for Phase {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "PHASE_UNSPECIFIED",
            "PHASE_SYNCING",
            "PHASE_READY",
            "PHASE_DRAINING",
            "PHASE_DIVERGED",
            "PHASE_HALTED",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = Phase;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "PHASE_UNSPECIFIED" => Ok(Phase::Unspecified),
                    "PHASE_SYNCING" => Ok(Phase::Syncing),
                    "PHASE_READY" => Ok(Phase::Ready),
                    "PHASE_DRAINING" => Ok(Phase::Draining),
                    "PHASE_DIVERGED" => Ok(Phase::Diverged),
                    "PHASE_HALTED" => Ok(Phase::Halted),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for Position {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if !self.commitment.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Position", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Position {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "commitment",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Commitment,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "commitment" => Ok(GeneratedField::Commitment),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Position;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Position")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Position, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut commitment__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(Position {
                    height: height__,
                    commitment: commitment__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Position", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Quorum {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.numerator != 0 {
            len += 1;
        }
        if self.denominator != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Quorum", len)?;
        if self.numerator != 0 {
            struct_ser.serialize_field("numerator", &self.numerator)?;
        }
        if self.denominator != 0 {
            struct_ser.serialize_field("denominator", &self.denominator)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Quorum {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "numerator",
            "denominator",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Numerator,
            Denominator,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "numerator" => Ok(GeneratedField::Numerator),
                            "denominator" => Ok(GeneratedField::Denominator),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Quorum;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Quorum")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Quorum, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut numerator__ = None;
                let mut denominator__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Numerator => {
                            if numerator__.is_some() {
                                return Err(serde::de::Error::duplicate_field("numerator"));
                            }
                            numerator__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Denominator => {
                            if denominator__.is_some() {
                                return Err(serde::de::Error::duplicate_field("denominator"));
                            }
                            denominator__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(Quorum {
                    numerator: numerator__.unwrap_or_default(),
                    denominator: denominator__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Quorum", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ReframeInitRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if !self.init.is_empty() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.valid_round.is_some() {
            len += 1;
        }
        if !self.proposer.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ReframeInitRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if !self.init.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("init", pbjson::private::base64::encode(&self.init).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if let Some(v) = self.valid_round.as_ref() {
            struct_ser.serialize_field("validRound", v)?;
        }
        if !self.proposer.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("proposer", pbjson::private::base64::encode(&self.proposer).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ReframeInitRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "init",
            "round",
            "valid_round",
            "validRound",
            "proposer",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Init,
            Round,
            ValidRound,
            Proposer,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "init" => Ok(GeneratedField::Init),
                            "round" => Ok(GeneratedField::Round),
                            "validRound" | "valid_round" => Ok(GeneratedField::ValidRound),
                            "proposer" => Ok(GeneratedField::Proposer),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ReframeInitRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ReframeInitRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ReframeInitRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut init__ = None;
                let mut round__ = None;
                let mut valid_round__ = None;
                let mut proposer__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Init => {
                            if init__.is_some() {
                                return Err(serde::de::Error::duplicate_field("init"));
                            }
                            init__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::ValidRound => {
                            if valid_round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("validRound"));
                            }
                            valid_round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Proposer => {
                            if proposer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposer"));
                            }
                            proposer__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(ReframeInitRequest {
                    height: height__,
                    init: init__.unwrap_or_default(),
                    round: round__,
                    valid_round: valid_round__,
                    proposer: proposer__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ReframeInitRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ReframeInitResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.init.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ReframeInitResponse", len)?;
        if !self.init.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("init", pbjson::private::base64::encode(&self.init).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ReframeInitResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "init",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Init,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "init" => Ok(GeneratedField::Init),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ReframeInitResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ReframeInitResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ReframeInitResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut init__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Init => {
                            if init__.is_some() {
                                return Err(serde::de::Error::duplicate_field("init"));
                            }
                            init__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(ReframeInitResponse {
                    init: init__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ReframeInitResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for RejectedLocal {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.reason != 0 {
            len += 1;
        }
        if !self.commitment.is_empty() {
            len += 1;
        }
        if !self.detail.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.RejectedLocal", len)?;
        if self.reason != 0 {
            let v = LocalReason::try_from(self.reason)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.reason)))?;
            struct_ser.serialize_field("reason", &v)?;
        }
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if !self.detail.is_empty() {
            struct_ser.serialize_field("detail", &self.detail)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for RejectedLocal {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "reason",
            "commitment",
            "detail",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Reason,
            Commitment,
            Detail,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "reason" => Ok(GeneratedField::Reason),
                            "commitment" => Ok(GeneratedField::Commitment),
                            "detail" => Ok(GeneratedField::Detail),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = RejectedLocal;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.RejectedLocal")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<RejectedLocal, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut reason__ = None;
                let mut commitment__ = None;
                let mut detail__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value::<LocalReason>()? as i32);
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Detail => {
                            if detail__.is_some() {
                                return Err(serde::de::Error::duplicate_field("detail"));
                            }
                            detail__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(RejectedLocal {
                    reason: reason__.unwrap_or_default(),
                    commitment: commitment__.unwrap_or_default(),
                    detail: detail__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.RejectedLocal", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for RoundRole {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "ROUND_ROLE_UNSPECIFIED",
            Self::Proposer => "ROUND_ROLE_PROPOSER",
            Self::Validator => "ROUND_ROLE_VALIDATOR",
            Self::Observer => "ROUND_ROLE_OBSERVER",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for RoundRole {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "ROUND_ROLE_UNSPECIFIED",
            "ROUND_ROLE_PROPOSER",
            "ROUND_ROLE_VALIDATOR",
            "ROUND_ROLE_OBSERVER",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = RoundRole;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "ROUND_ROLE_UNSPECIFIED" => Ok(RoundRole::Unspecified),
                    "ROUND_ROLE_PROPOSER" => Ok(RoundRole::Proposer),
                    "ROUND_ROLE_VALIDATOR" => Ok(RoundRole::Validator),
                    "ROUND_ROLE_OBSERVER" => Ok(RoundRole::Observer),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for SessionRole {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "SESSION_ROLE_UNSPECIFIED",
            Self::Writer => "SESSION_ROLE_WRITER",
            Self::Reader => "SESSION_ROLE_READER",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for SessionRole {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "SESSION_ROLE_UNSPECIFIED",
            "SESSION_ROLE_WRITER",
            "SESSION_ROLE_READER",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = SessionRole;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "SESSION_ROLE_UNSPECIFIED" => Ok(SessionRole::Unspecified),
                    "SESSION_ROLE_WRITER" => Ok(SessionRole::Writer),
                    "SESSION_ROLE_READER" => Ok(SessionRole::Reader),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for SignedProposal {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.address.is_empty() {
            len += 1;
        }
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.valid_round.is_some() {
            len += 1;
        }
        if !self.commitment.is_empty() {
            len += 1;
        }
        if !self.signature.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.SignedProposal", len)?;
        if !self.address.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("address", pbjson::private::base64::encode(&self.address).as_str())?;
        }
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if let Some(v) = self.valid_round.as_ref() {
            struct_ser.serialize_field("validRound", v)?;
        }
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if !self.signature.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("signature", pbjson::private::base64::encode(&self.signature).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SignedProposal {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "address",
            "height",
            "round",
            "valid_round",
            "validRound",
            "commitment",
            "signature",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Address,
            Height,
            Round,
            ValidRound,
            Commitment,
            Signature,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "address" => Ok(GeneratedField::Address),
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "validRound" | "valid_round" => Ok(GeneratedField::ValidRound),
                            "commitment" => Ok(GeneratedField::Commitment),
                            "signature" => Ok(GeneratedField::Signature),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SignedProposal;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.SignedProposal")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SignedProposal, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut address__ = None;
                let mut height__ = None;
                let mut round__ = None;
                let mut valid_round__ = None;
                let mut commitment__ = None;
                let mut signature__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Address => {
                            if address__.is_some() {
                                return Err(serde::de::Error::duplicate_field("address"));
                            }
                            address__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::ValidRound => {
                            if valid_round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("validRound"));
                            }
                            valid_round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Signature => {
                            if signature__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signature"));
                            }
                            signature__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(SignedProposal {
                    address: address__.unwrap_or_default(),
                    height: height__,
                    round: round__,
                    valid_round: valid_round__,
                    commitment: commitment__.unwrap_or_default(),
                    signature: signature__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.SignedProposal", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SignedStep {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "SIGNED_STEP_UNSPECIFIED",
            Self::Proposal => "SIGNED_STEP_PROPOSAL",
            Self::Prevote => "SIGNED_STEP_PREVOTE",
            Self::Precommit => "SIGNED_STEP_PRECOMMIT",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for SignedStep {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "SIGNED_STEP_UNSPECIFIED",
            "SIGNED_STEP_PROPOSAL",
            "SIGNED_STEP_PREVOTE",
            "SIGNED_STEP_PRECOMMIT",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = SignedStep;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "SIGNED_STEP_UNSPECIFIED" => Ok(SignedStep::Unspecified),
                    "SIGNED_STEP_PROPOSAL" => Ok(SignedStep::Proposal),
                    "SIGNED_STEP_PREVOTE" => Ok(SignedStep::Prevote),
                    "SIGNED_STEP_PRECOMMIT" => Ok(SignedStep::Precommit),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for SignedVote {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.address.is_empty() {
            len += 1;
        }
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.vote_type != 0 {
            len += 1;
        }
        if self.commitment.is_some() {
            len += 1;
        }
        if !self.signature.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.SignedVote", len)?;
        if !self.address.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("address", pbjson::private::base64::encode(&self.address).as_str())?;
        }
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if self.vote_type != 0 {
            let v = VoteType::try_from(self.vote_type)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.vote_type)))?;
            struct_ser.serialize_field("voteType", &v)?;
        }
        if let Some(v) = self.commitment.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&v).as_str())?;
        }
        if !self.signature.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("signature", pbjson::private::base64::encode(&self.signature).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SignedVote {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "address",
            "height",
            "round",
            "vote_type",
            "voteType",
            "commitment",
            "signature",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Address,
            Height,
            Round,
            VoteType,
            Commitment,
            Signature,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "address" => Ok(GeneratedField::Address),
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "voteType" | "vote_type" => Ok(GeneratedField::VoteType),
                            "commitment" => Ok(GeneratedField::Commitment),
                            "signature" => Ok(GeneratedField::Signature),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SignedVote;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.SignedVote")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SignedVote, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut address__ = None;
                let mut height__ = None;
                let mut round__ = None;
                let mut vote_type__ = None;
                let mut commitment__ = None;
                let mut signature__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Address => {
                            if address__.is_some() {
                                return Err(serde::de::Error::duplicate_field("address"));
                            }
                            address__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::VoteType => {
                            if vote_type__.is_some() {
                                return Err(serde::de::Error::duplicate_field("voteType"));
                            }
                            vote_type__ = Some(map_.next_value::<VoteType>()? as i32);
                        }
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::BytesDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Signature => {
                            if signature__.is_some() {
                                return Err(serde::de::Error::duplicate_field("signature"));
                            }
                            signature__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(SignedVote {
                    address: address__.unwrap_or_default(),
                    height: height__,
                    round: round__,
                    vote_type: vote_type__.unwrap_or_default(),
                    commitment: commitment__,
                    signature: signature__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.SignedVote", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for SoftwareIdentity {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.name.is_empty() {
            len += 1;
        }
        if !self.version.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.SoftwareIdentity", len)?;
        if !self.name.is_empty() {
            struct_ser.serialize_field("name", &self.name)?;
        }
        if !self.version.is_empty() {
            struct_ser.serialize_field("version", &self.version)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for SoftwareIdentity {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "name",
            "version",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Name,
            Version,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "name" => Ok(GeneratedField::Name),
                            "version" => Ok(GeneratedField::Version),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = SoftwareIdentity;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.SoftwareIdentity")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<SoftwareIdentity, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut name__ = None;
                let mut version__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Name => {
                            if name__.is_some() {
                                return Err(serde::de::Error::duplicate_field("name"));
                            }
                            name__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Version => {
                            if version__.is_some() {
                                return Err(serde::de::Error::duplicate_field("version"));
                            }
                            version__ = Some(map_.next_value()?);
                        }
                    }
                }
                Ok(SoftwareIdentity {
                    name: name__.unwrap_or_default(),
                    version: version__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.SoftwareIdentity", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for StartRoundRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.role != 0 {
            len += 1;
        }
        if !self.proposer.is_empty() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.StartRoundRequest", len)?;
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if self.role != 0 {
            let v = RoundRole::try_from(self.role)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.role)))?;
            struct_ser.serialize_field("role", &v)?;
        }
        if !self.proposer.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("proposer", pbjson::private::base64::encode(&self.proposer).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StartRoundRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "height",
            "round",
            "role",
            "proposer",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Height,
            Round,
            Role,
            Proposer,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "role" => Ok(GeneratedField::Role),
                            "proposer" => Ok(GeneratedField::Proposer),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StartRoundRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.StartRoundRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<StartRoundRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut height__ = None;
                let mut round__ = None;
                let mut role__ = None;
                let mut proposer__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Role => {
                            if role__.is_some() {
                                return Err(serde::de::Error::duplicate_field("role"));
                            }
                            role__ = Some(map_.next_value::<RoundRole>()? as i32);
                        }
                        GeneratedField::Proposer => {
                            if proposer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposer"));
                            }
                            proposer__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(StartRoundRequest {
                    height: height__,
                    round: round__,
                    role: role__.unwrap_or_default(),
                    proposer: proposer__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.StartRoundRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for StartRoundResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.StartRoundResponse", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for StartRoundResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = StartRoundResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.StartRoundResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<StartRoundResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(StartRoundResponse {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.StartRoundResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Timeouts {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.propose_ms != 0 {
            len += 1;
        }
        if self.propose_delta_ms != 0 {
            len += 1;
        }
        if self.prevote_ms != 0 {
            len += 1;
        }
        if self.prevote_delta_ms != 0 {
            len += 1;
        }
        if self.precommit_ms != 0 {
            len += 1;
        }
        if self.precommit_delta_ms != 0 {
            len += 1;
        }
        if self.rebroadcast_ms != 0 {
            len += 1;
        }
        if self.target_height_ms.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Timeouts", len)?;
        if self.propose_ms != 0 {
            struct_ser.serialize_field("proposeMs", &self.propose_ms)?;
        }
        if self.propose_delta_ms != 0 {
            struct_ser.serialize_field("proposeDeltaMs", &self.propose_delta_ms)?;
        }
        if self.prevote_ms != 0 {
            struct_ser.serialize_field("prevoteMs", &self.prevote_ms)?;
        }
        if self.prevote_delta_ms != 0 {
            struct_ser.serialize_field("prevoteDeltaMs", &self.prevote_delta_ms)?;
        }
        if self.precommit_ms != 0 {
            struct_ser.serialize_field("precommitMs", &self.precommit_ms)?;
        }
        if self.precommit_delta_ms != 0 {
            struct_ser.serialize_field("precommitDeltaMs", &self.precommit_delta_ms)?;
        }
        if self.rebroadcast_ms != 0 {
            struct_ser.serialize_field("rebroadcastMs", &self.rebroadcast_ms)?;
        }
        if let Some(v) = self.target_height_ms.as_ref() {
            struct_ser.serialize_field("targetHeightMs", v)?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Timeouts {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "propose_ms",
            "proposeMs",
            "propose_delta_ms",
            "proposeDeltaMs",
            "prevote_ms",
            "prevoteMs",
            "prevote_delta_ms",
            "prevoteDeltaMs",
            "precommit_ms",
            "precommitMs",
            "precommit_delta_ms",
            "precommitDeltaMs",
            "rebroadcast_ms",
            "rebroadcastMs",
            "target_height_ms",
            "targetHeightMs",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            ProposeMs,
            ProposeDeltaMs,
            PrevoteMs,
            PrevoteDeltaMs,
            PrecommitMs,
            PrecommitDeltaMs,
            RebroadcastMs,
            TargetHeightMs,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "proposeMs" | "propose_ms" => Ok(GeneratedField::ProposeMs),
                            "proposeDeltaMs" | "propose_delta_ms" => Ok(GeneratedField::ProposeDeltaMs),
                            "prevoteMs" | "prevote_ms" => Ok(GeneratedField::PrevoteMs),
                            "prevoteDeltaMs" | "prevote_delta_ms" => Ok(GeneratedField::PrevoteDeltaMs),
                            "precommitMs" | "precommit_ms" => Ok(GeneratedField::PrecommitMs),
                            "precommitDeltaMs" | "precommit_delta_ms" => Ok(GeneratedField::PrecommitDeltaMs),
                            "rebroadcastMs" | "rebroadcast_ms" => Ok(GeneratedField::RebroadcastMs),
                            "targetHeightMs" | "target_height_ms" => Ok(GeneratedField::TargetHeightMs),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Timeouts;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Timeouts")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Timeouts, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut propose_ms__ = None;
                let mut propose_delta_ms__ = None;
                let mut prevote_ms__ = None;
                let mut prevote_delta_ms__ = None;
                let mut precommit_ms__ = None;
                let mut precommit_delta_ms__ = None;
                let mut rebroadcast_ms__ = None;
                let mut target_height_ms__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::ProposeMs => {
                            if propose_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposeMs"));
                            }
                            propose_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::ProposeDeltaMs => {
                            if propose_delta_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposeDeltaMs"));
                            }
                            propose_delta_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PrevoteMs => {
                            if prevote_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("prevoteMs"));
                            }
                            prevote_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PrevoteDeltaMs => {
                            if prevote_delta_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("prevoteDeltaMs"));
                            }
                            prevote_delta_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PrecommitMs => {
                            if precommit_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("precommitMs"));
                            }
                            precommit_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::PrecommitDeltaMs => {
                            if precommit_delta_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("precommitDeltaMs"));
                            }
                            precommit_delta_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::RebroadcastMs => {
                            if rebroadcast_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rebroadcastMs"));
                            }
                            rebroadcast_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::TargetHeightMs => {
                            if target_height_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("targetHeightMs"));
                            }
                            target_height_ms__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(Timeouts {
                    propose_ms: propose_ms__.unwrap_or_default(),
                    propose_delta_ms: propose_delta_ms__.unwrap_or_default(),
                    prevote_ms: prevote_ms__.unwrap_or_default(),
                    prevote_delta_ms: prevote_delta_ms__.unwrap_or_default(),
                    precommit_ms: precommit_ms__.unwrap_or_default(),
                    precommit_delta_ms: precommit_delta_ms__.unwrap_or_default(),
                    rebroadcast_ms: rebroadcast_ms__.unwrap_or_default(),
                    target_height_ms: target_height_ms__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Timeouts", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Valid {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.commitment.is_empty() {
            len += 1;
        }
        if self.executed_count.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Valid", len)?;
        if !self.commitment.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("commitment", pbjson::private::base64::encode(&self.commitment).as_str())?;
        }
        if let Some(v) = self.executed_count.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("executedCount", ToString::to_string(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Valid {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "commitment",
            "executed_count",
            "executedCount",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Commitment,
            ExecutedCount,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "commitment" => Ok(GeneratedField::Commitment),
                            "executedCount" | "executed_count" => Ok(GeneratedField::ExecutedCount),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Valid;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Valid")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Valid, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut commitment__ = None;
                let mut executed_count__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Commitment => {
                            if commitment__.is_some() {
                                return Err(serde::de::Error::duplicate_field("commitment"));
                            }
                            commitment__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::ExecutedCount => {
                            if executed_count__.is_some() {
                                return Err(serde::de::Error::duplicate_field("executedCount"));
                            }
                            executed_count__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(Valid {
                    commitment: commitment__.unwrap_or_default(),
                    executed_count: executed_count__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Valid", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ValidateOpen {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.stream_id.is_empty() {
            len += 1;
        }
        if self.height.is_some() {
            len += 1;
        }
        if self.round.is_some() {
            len += 1;
        }
        if self.valid_round.is_some() {
            len += 1;
        }
        if !self.proposer.is_empty() {
            len += 1;
        }
        if self.budget_ms != 0 {
            len += 1;
        }
        if self.basis.is_some() {
            len += 1;
        }
        if self.same_as.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ValidateOpen", len)?;
        if !self.stream_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("streamId", pbjson::private::base64::encode(&self.stream_id).as_str())?;
        }
        if let Some(v) = self.height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("height", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.round.as_ref() {
            struct_ser.serialize_field("round", v)?;
        }
        if let Some(v) = self.valid_round.as_ref() {
            struct_ser.serialize_field("validRound", v)?;
        }
        if !self.proposer.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("proposer", pbjson::private::base64::encode(&self.proposer).as_str())?;
        }
        if self.budget_ms != 0 {
            struct_ser.serialize_field("budgetMs", &self.budget_ms)?;
        }
        if let Some(v) = self.basis.as_ref() {
            struct_ser.serialize_field("basis", v)?;
        }
        if let Some(v) = self.same_as.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sameAs", pbjson::private::base64::encode(&v).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ValidateOpen {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "stream_id",
            "streamId",
            "height",
            "round",
            "valid_round",
            "validRound",
            "proposer",
            "budget_ms",
            "budgetMs",
            "basis",
            "same_as",
            "sameAs",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            StreamId,
            Height,
            Round,
            ValidRound,
            Proposer,
            BudgetMs,
            Basis,
            SameAs,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "streamId" | "stream_id" => Ok(GeneratedField::StreamId),
                            "height" => Ok(GeneratedField::Height),
                            "round" => Ok(GeneratedField::Round),
                            "validRound" | "valid_round" => Ok(GeneratedField::ValidRound),
                            "proposer" => Ok(GeneratedField::Proposer),
                            "budgetMs" | "budget_ms" => Ok(GeneratedField::BudgetMs),
                            "basis" => Ok(GeneratedField::Basis),
                            "sameAs" | "same_as" => Ok(GeneratedField::SameAs),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ValidateOpen;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ValidateOpen")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ValidateOpen, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut stream_id__ = None;
                let mut height__ = None;
                let mut round__ = None;
                let mut valid_round__ = None;
                let mut proposer__ = None;
                let mut budget_ms__ = None;
                let mut basis__ = None;
                let mut same_as__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::StreamId => {
                            if stream_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("streamId"));
                            }
                            stream_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Height => {
                            if height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("height"));
                            }
                            height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Round => {
                            if round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("round"));
                            }
                            round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::ValidRound => {
                            if valid_round__.is_some() {
                                return Err(serde::de::Error::duplicate_field("validRound"));
                            }
                            valid_round__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Proposer => {
                            if proposer__.is_some() {
                                return Err(serde::de::Error::duplicate_field("proposer"));
                            }
                            proposer__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::BudgetMs => {
                            if budget_ms__.is_some() {
                                return Err(serde::de::Error::duplicate_field("budgetMs"));
                            }
                            budget_ms__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Basis => {
                            if basis__.is_some() {
                                return Err(serde::de::Error::duplicate_field("basis"));
                            }
                            basis__ = map_.next_value()?;
                        }
                        GeneratedField::SameAs => {
                            if same_as__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sameAs"));
                            }
                            same_as__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::BytesDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                    }
                }
                Ok(ValidateOpen {
                    stream_id: stream_id__.unwrap_or_default(),
                    height: height__,
                    round: round__,
                    valid_round: valid_round__,
                    proposer: proposer__.unwrap_or_default(),
                    budget_ms: budget_ms__.unwrap_or_default(),
                    basis: basis__,
                    same_as: same_as__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ValidateOpen", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ValidateProposalRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ValidateProposalRequest", len)?;
        if let Some(v) = self.event.as_ref() {
            match v {
                validate_proposal_request::Event::Open(v) => {
                    struct_ser.serialize_field("open", v)?;
                }
                validate_proposal_request::Event::Part(v) => {
                    struct_ser.serialize_field("part", v)?;
                }
                validate_proposal_request::Event::End(v) => {
                    struct_ser.serialize_field("end", v)?;
                }
                validate_proposal_request::Event::RaiseBasis(v) => {
                    struct_ser.serialize_field("raiseBasis", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ValidateProposalRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "open",
            "part",
            "end",
            "raise_basis",
            "raiseBasis",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Open,
            Part,
            End,
            RaiseBasis,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "open" => Ok(GeneratedField::Open),
                            "part" => Ok(GeneratedField::Part),
                            "end" => Ok(GeneratedField::End),
                            "raiseBasis" | "raise_basis" => Ok(GeneratedField::RaiseBasis),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ValidateProposalRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ValidateProposalRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ValidateProposalRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Open => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("open"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_request::Event::Open)
;
                        }
                        GeneratedField::Part => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("part"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_request::Event::Part)
;
                        }
                        GeneratedField::End => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("end"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_request::Event::End)
;
                        }
                        GeneratedField::RaiseBasis => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("raiseBasis"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_request::Event::RaiseBasis)
;
                        }
                    }
                }
                Ok(ValidateProposalRequest {
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ValidateProposalRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for ValidateProposalResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.event.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.ValidateProposalResponse", len)?;
        if let Some(v) = self.event.as_ref() {
            match v {
                validate_proposal_response::Event::Waiting(v) => {
                    struct_ser.serialize_field("waiting", v)?;
                }
                validate_proposal_response::Event::Verdict(v) => {
                    struct_ser.serialize_field("verdict", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for ValidateProposalResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "waiting",
            "verdict",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Waiting,
            Verdict,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "waiting" => Ok(GeneratedField::Waiting),
                            "verdict" => Ok(GeneratedField::Verdict),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = ValidateProposalResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.ValidateProposalResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<ValidateProposalResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut event__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Waiting => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("waiting"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_response::Event::Waiting)
;
                        }
                        GeneratedField::Verdict => {
                            if event__.is_some() {
                                return Err(serde::de::Error::duplicate_field("verdict"));
                            }
                            event__ = map_.next_value::<::std::option::Option<_>>()?.map(validate_proposal_response::Event::Verdict)
;
                        }
                    }
                }
                Ok(ValidateProposalResponse {
                    event: event__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.ValidateProposalResponse", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for Verdict {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if self.outcome.is_some() {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.Verdict", len)?;
        if let Some(v) = self.outcome.as_ref() {
            match v {
                verdict::Outcome::Valid(v) => {
                    struct_ser.serialize_field("valid", v)?;
                }
                verdict::Outcome::Invalid(v) => {
                    struct_ser.serialize_field("invalid", v)?;
                }
                verdict::Outcome::RejectedLocal(v) => {
                    struct_ser.serialize_field("rejectedLocal", v)?;
                }
                verdict::Outcome::NotReady(v) => {
                    struct_ser.serialize_field("notReady", v)?;
                }
                verdict::Outcome::Aborted(v) => {
                    struct_ser.serialize_field("aborted", v)?;
                }
                verdict::Outcome::Expired(v) => {
                    struct_ser.serialize_field("expired", v)?;
                }
            }
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for Verdict {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "valid",
            "invalid",
            "rejected_local",
            "rejectedLocal",
            "not_ready",
            "notReady",
            "aborted",
            "expired",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            Valid,
            Invalid,
            RejectedLocal,
            NotReady,
            Aborted,
            Expired,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "valid" => Ok(GeneratedField::Valid),
                            "invalid" => Ok(GeneratedField::Invalid),
                            "rejectedLocal" | "rejected_local" => Ok(GeneratedField::RejectedLocal),
                            "notReady" | "not_ready" => Ok(GeneratedField::NotReady),
                            "aborted" => Ok(GeneratedField::Aborted),
                            "expired" => Ok(GeneratedField::Expired),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = Verdict;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.Verdict")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<Verdict, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut outcome__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::Valid => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("valid"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::Valid)
;
                        }
                        GeneratedField::Invalid => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("invalid"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::Invalid)
;
                        }
                        GeneratedField::RejectedLocal => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("rejectedLocal"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::RejectedLocal)
;
                        }
                        GeneratedField::NotReady => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("notReady"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::NotReady)
;
                        }
                        GeneratedField::Aborted => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("aborted"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::Aborted)
;
                        }
                        GeneratedField::Expired => {
                            if outcome__.is_some() {
                                return Err(serde::de::Error::duplicate_field("expired"));
                            }
                            outcome__ = map_.next_value::<::std::option::Option<_>>()?.map(verdict::Outcome::Expired)
;
                        }
                    }
                }
                Ok(Verdict {
                    outcome: outcome__,
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.Verdict", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for VoteType {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        let variant = match self {
            Self::Unspecified => "VOTE_TYPE_UNSPECIFIED",
            Self::Prevote => "VOTE_TYPE_PREVOTE",
            Self::Precommit => "VOTE_TYPE_PRECOMMIT",
        };
        serializer.serialize_str(variant)
    }
}
impl<'de> serde::Deserialize<'de> for VoteType {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "VOTE_TYPE_UNSPECIFIED",
            "VOTE_TYPE_PREVOTE",
            "VOTE_TYPE_PRECOMMIT",
        ];

        struct GeneratedVisitor;

        impl serde::de::Visitor<'_> for GeneratedVisitor {
            type Value = VoteType;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "expected one of: {:?}", &FIELDS)
            }

            fn visit_i64<E>(self, v: i64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Signed(v), &self)
                    })
            }

            fn visit_u64<E>(self, v: u64) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                i32::try_from(v)
                    .ok()
                    .and_then(|x| x.try_into().ok())
                    .ok_or_else(|| {
                        serde::de::Error::invalid_value(serde::de::Unexpected::Unsigned(v), &self)
                    })
            }

            fn visit_str<E>(self, value: &str) -> std::result::Result<Self::Value, E>
            where
                E: serde::de::Error,
            {
                match value {
                    "VOTE_TYPE_UNSPECIFIED" => Ok(VoteType::Unspecified),
                    "VOTE_TYPE_PREVOTE" => Ok(VoteType::Prevote),
                    "VOTE_TYPE_PRECOMMIT" => Ok(VoteType::Precommit),
                    _ => Err(serde::de::Error::unknown_variant(value, FIELDS)),
                }
            }
        }
        deserializer.deserialize_any(GeneratedVisitor)
    }
}
impl serde::Serialize for WatchRequest {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let len = 0;
        let struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.WatchRequest", len)?;
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for WatchRequest {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                            Err(serde::de::Error::unknown_field(value, FIELDS))
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = WatchRequest;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.WatchRequest")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<WatchRequest, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                while map_.next_key::<GeneratedField>()?.is_some() {
                    let _ = map_.next_value::<serde::de::IgnoredAny>()?;
                }
                Ok(WatchRequest {
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.WatchRequest", FIELDS, GeneratedVisitor)
    }
}
impl serde::Serialize for WatchResponse {
    #[allow(deprecated)]
    fn serialize<S>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>
    where
        S: serde::Serializer,
    {
        use serde::ser::SerializeStruct;
        let mut len = 0;
        if !self.instance_id.is_empty() {
            len += 1;
        }
        if self.phase != 0 {
            len += 1;
        }
        if !self.reason.is_empty() {
            len += 1;
        }
        if self.committed.is_some() {
            len += 1;
        }
        if self.block_hash_height.is_some() {
            len += 1;
        }
        if self.params_height.is_some() {
            len += 1;
        }
        if self.network_tip.is_some() {
            len += 1;
        }
        if self.sequence != 0 {
            len += 1;
        }
        let mut struct_ser = serializer.serialize_struct("starknet.ecp.v1alpha1.WatchResponse", len)?;
        if !self.instance_id.is_empty() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("instanceId", pbjson::private::base64::encode(&self.instance_id).as_str())?;
        }
        if self.phase != 0 {
            let v = Phase::try_from(self.phase)
                .map_err(|_| serde::ser::Error::custom(format!("Invalid variant {}", self.phase)))?;
            struct_ser.serialize_field("phase", &v)?;
        }
        if !self.reason.is_empty() {
            struct_ser.serialize_field("reason", &self.reason)?;
        }
        if let Some(v) = self.committed.as_ref() {
            struct_ser.serialize_field("committed", v)?;
        }
        if let Some(v) = self.block_hash_height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("blockHashHeight", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.params_height.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("paramsHeight", ToString::to_string(&v).as_str())?;
        }
        if let Some(v) = self.network_tip.as_ref() {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("networkTip", ToString::to_string(&v).as_str())?;
        }
        if self.sequence != 0 {
            #[allow(clippy::needless_borrow)]
            #[allow(clippy::needless_borrows_for_generic_args)]
            struct_ser.serialize_field("sequence", ToString::to_string(&self.sequence).as_str())?;
        }
        struct_ser.end()
    }
}
impl<'de> serde::Deserialize<'de> for WatchResponse {
    #[allow(deprecated)]
    fn deserialize<D>(deserializer: D) -> std::result::Result<Self, D::Error>
    where
        D: serde::Deserializer<'de>,
    {
        const FIELDS: &[&str] = &[
            "instance_id",
            "instanceId",
            "phase",
            "reason",
            "committed",
            "block_hash_height",
            "blockHashHeight",
            "params_height",
            "paramsHeight",
            "network_tip",
            "networkTip",
            "sequence",
        ];

        #[allow(clippy::enum_variant_names)]
        enum GeneratedField {
            InstanceId,
            Phase,
            Reason,
            Committed,
            BlockHashHeight,
            ParamsHeight,
            NetworkTip,
            Sequence,
        }
        impl<'de> serde::Deserialize<'de> for GeneratedField {
            fn deserialize<D>(deserializer: D) -> std::result::Result<GeneratedField, D::Error>
            where
                D: serde::Deserializer<'de>,
            {
                struct GeneratedVisitor;

                impl serde::de::Visitor<'_> for GeneratedVisitor {
                    type Value = GeneratedField;

                    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(formatter, "expected one of: {:?}", &FIELDS)
                    }

                    #[allow(unused_variables)]
                    fn visit_str<E>(self, value: &str) -> std::result::Result<GeneratedField, E>
                    where
                        E: serde::de::Error,
                    {
                        match value {
                            "instanceId" | "instance_id" => Ok(GeneratedField::InstanceId),
                            "phase" => Ok(GeneratedField::Phase),
                            "reason" => Ok(GeneratedField::Reason),
                            "committed" => Ok(GeneratedField::Committed),
                            "blockHashHeight" | "block_hash_height" => Ok(GeneratedField::BlockHashHeight),
                            "paramsHeight" | "params_height" => Ok(GeneratedField::ParamsHeight),
                            "networkTip" | "network_tip" => Ok(GeneratedField::NetworkTip),
                            "sequence" => Ok(GeneratedField::Sequence),
                            _ => Err(serde::de::Error::unknown_field(value, FIELDS)),
                        }
                    }
                }
                deserializer.deserialize_identifier(GeneratedVisitor)
            }
        }
        struct GeneratedVisitor;
        impl<'de> serde::de::Visitor<'de> for GeneratedVisitor {
            type Value = WatchResponse;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("struct starknet.ecp.v1alpha1.WatchResponse")
            }

            fn visit_map<V>(self, mut map_: V) -> std::result::Result<WatchResponse, V::Error>
                where
                    V: serde::de::MapAccess<'de>,
            {
                let mut instance_id__ = None;
                let mut phase__ = None;
                let mut reason__ = None;
                let mut committed__ = None;
                let mut block_hash_height__ = None;
                let mut params_height__ = None;
                let mut network_tip__ = None;
                let mut sequence__ = None;
                while let Some(k) = map_.next_key()? {
                    match k {
                        GeneratedField::InstanceId => {
                            if instance_id__.is_some() {
                                return Err(serde::de::Error::duplicate_field("instanceId"));
                            }
                            instance_id__ = 
                                Some(map_.next_value::<::pbjson::private::BytesDeserialize<_>>()?.0)
                            ;
                        }
                        GeneratedField::Phase => {
                            if phase__.is_some() {
                                return Err(serde::de::Error::duplicate_field("phase"));
                            }
                            phase__ = Some(map_.next_value::<Phase>()? as i32);
                        }
                        GeneratedField::Reason => {
                            if reason__.is_some() {
                                return Err(serde::de::Error::duplicate_field("reason"));
                            }
                            reason__ = Some(map_.next_value()?);
                        }
                        GeneratedField::Committed => {
                            if committed__.is_some() {
                                return Err(serde::de::Error::duplicate_field("committed"));
                            }
                            committed__ = map_.next_value()?;
                        }
                        GeneratedField::BlockHashHeight => {
                            if block_hash_height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("blockHashHeight"));
                            }
                            block_hash_height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::ParamsHeight => {
                            if params_height__.is_some() {
                                return Err(serde::de::Error::duplicate_field("paramsHeight"));
                            }
                            params_height__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::NetworkTip => {
                            if network_tip__.is_some() {
                                return Err(serde::de::Error::duplicate_field("networkTip"));
                            }
                            network_tip__ = 
                                map_.next_value::<::std::option::Option<::pbjson::private::NumberDeserialize<_>>>()?.map(|x| x.0)
                            ;
                        }
                        GeneratedField::Sequence => {
                            if sequence__.is_some() {
                                return Err(serde::de::Error::duplicate_field("sequence"));
                            }
                            sequence__ = 
                                Some(map_.next_value::<::pbjson::private::NumberDeserialize<_>>()?.0)
                            ;
                        }
                    }
                }
                Ok(WatchResponse {
                    instance_id: instance_id__.unwrap_or_default(),
                    phase: phase__.unwrap_or_default(),
                    reason: reason__.unwrap_or_default(),
                    committed: committed__,
                    block_hash_height: block_hash_height__,
                    params_height: params_height__,
                    network_tip: network_tip__,
                    sequence: sequence__.unwrap_or_default(),
                })
            }
        }
        deserializer.deserialize_struct("starknet.ecp.v1alpha1.WatchResponse", FIELDS, GeneratedVisitor)
    }
}
