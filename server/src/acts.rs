//! Acts of the operator, in the core's verbs: what set-up and import do to the log.

use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;
use vanguard_core::Verb;
use vanguard_core::id::{DocumentId, MemberId, OrgId};
use vanguard_core::model::{Header, Record, SCHEMA};

use crate::relay::Act;

/// The act that makes a record of kind `R` in the operator's hand. Kinds of the directory go
/// there, whatever `space` says.
pub fn create<R: Record>(id: Uuid, space: OrgId, fields: &R::Fields, now_ms: i64) -> Act {
    let is_directory = R::KIND.is_directory();
    let header = Header {
        id: DocumentId(id),
        kind: R::KIND,
        space: if is_directory {
            OrgId::DIRECTORY
        } else {
            space
        },
        creator: MemberId::OPERATOR,
        created_ms: now_ms,
        schema: SCHEMA,
    };
    Act {
        document: header.id,
        verb: Verb::Create {
            header,
            fields: object(fields),
            event: None,
        },
    }
}

/// A value's JSON object; fields of records are nothing else.
pub(crate) fn object<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}
