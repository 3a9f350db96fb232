//! Identifiers: newtypes over UUIDs, so that a zone's id is never taken for a hazard's.
//!
//! New ids are UUIDv7 made by [`Env::uuid_v7`](crate::Env); they are text in
//! documents and JSON, and sixteen bytes in SQLite and on the wire.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub Uuid);

        impl $name {
            /// The sixteen bytes that SQLite and the wire carry.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id of sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), encode::Error<W::Error>> {
                e.bytes(self.as_bytes())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let bytes = d.bytes()?;
                let bytes = bytes.try_into().map_err(|_| decode::Error::message("an id has 16 bytes"))?;
                Ok(Self::from_bytes(bytes))
            }
        }

        impl rusqlite::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(rusqlite::types::ToSqlOutput::from(self.as_bytes().as_slice()))
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
                <[u8; 16]>::column_result(value).map(Self::from_bytes)
            }
        }
    )+};
}

ids! {
    /// Any document, whatever its kind.
    DocumentId,
    /// A Party organisation, and the space that it owns.
    OrgId,
    /// An administrative unit or contractor.
    UnitId,
    /// Staff or contractor personnel without an account.
    PersonId,
    /// A Party member with an account.
    MemberId,
    /// A role held by a member in a space.
    GrantId,
    /// A responsibility zone.
    ZoneId,
    /// A vanguard post.
    PostId,
    /// A task team.
    TeamId,
    /// A checklist template.
    TemplateId,
    /// An inspection.
    InspectionId,
    /// A violation.
    ViolationId,
    /// A hazard.
    HazardId,
    /// An event in a document.
    EventId,
    /// An enrolled phone, browser or the relay itself.
    DeviceId,
}

impl OrgId {
    /// The directory: the one space that every enrolled device follows. It holds what all need
    /// to judge: organisations, units, persons, members, grants and templates.
    pub const DIRECTORY: Self = Self(Uuid::nil());
}

impl MemberId {
    /// Whoever operates the relay, at its command line or through an import. Only the relay's
    /// own key can sign for it.
    pub const OPERATOR: Self = Self(Uuid::nil());
}

impl GrantId {
    /// The standing of [`MemberId::OPERATOR`], which no document grants.
    pub const OPERATOR: Self = Self(Uuid::nil());
}

macro_rules! documents {
    ($($name:ident),+ $(,)?) => {$(
        impl From<DocumentId> for $name {
            fn from(id: DocumentId) -> Self {
                Self(id.0)
            }
        }

        impl From<$name> for DocumentId {
            fn from(id: $name) -> Self {
                Self(id.0)
            }
        }
    )+};
}

documents! {
    OrgId, UnitId, PersonId, MemberId, GrantId, ZoneId, PostId, TeamId, TemplateId, InspectionId,
    ViolationId, HazardId,
}
