//! Where the bytes of photos lie: a narrow trait, so that another store than a folder (an
//! S3-compatible one, say) can take its place. Everything here blocks.

use std::fmt;
use std::io::{Read, Seek};

use vanguard_core::keys::{Hash, hex};

/// The name of an upload under way, and of the part of a blob that it has brought so far: 16 random
/// bytes, as 32 hexadecimal digits in addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub [u8; 16]);

impl PartId {
    /// The part that this text names; `None` where it is not 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let is_one =
            text.len() == 32 && text.bytes().all(|byte| b"0123456789abcdef".contains(&byte));
        let number = is_one.then(|| u128::from_str_radix(text, 16).ok())?;
        number.map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// A blob that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The SHA-256 of its bytes, which is its name.
    pub hash: Hash,
    /// How many they are.
    pub bytes: u64,
}

/// What a blob is read from.
pub trait Reading: Read + Seek + Send {}

impl<T: Read + Seek + Send> Reading for T {}

/// A blob to read.
pub struct Blob {
    /// How many bytes it has.
    pub bytes: u64,
    /// Its bytes.
    pub reader: Box<dyn Reading>,
}

/// A store of blobs, named by their SHA-256, and of the parts of those that are still coming in.
///
/// The store does not check hashes, count quotas or know who may do what: [`Blobs`](super::Blobs)
/// does. It promises that what [`settle`](Self::settle) and [`keep`](Self::keep) have returned for
/// is still there after the machine has lost its power.
pub trait BlobStore: Send + Sync {
    /// Writes at a place of a part, which is made where there is none; what lay beyond the place
    /// before is cut off. Not yet durable.
    ///
    /// # Errors
    /// The store's; `StorageFull` where there is no room. Some of the bytes may be there then.
    fn write(&self, part: PartId, at: u64, bytes: &[u8]) -> std::io::Result<()>;

    /// Makes durable what a part has, and says how many bytes that are; 0 where there is no part.
    ///
    /// # Errors
    /// The store's.
    fn settle(&self, part: PartId) -> std::io::Result<u64>;

    /// A part's bytes from its beginning.
    ///
    /// # Errors
    /// The store's; `NotFound` where there is no part.
    fn read_part(&self, part: PartId) -> std::io::Result<Box<dyn Read + Send>>;

    /// Makes a settled part the blob of this hash, in one durable step. Where the blob is held
    /// already, that one or this one stays: they are the same.
    ///
    /// # Errors
    /// The store's; the part is still there then.
    fn keep(&self, part: PartId, hash: &Hash) -> std::io::Result<()>;

    /// Throws a part away; nothing happens where there is none.
    ///
    /// # Errors
    /// The store's.
    fn discard(&self, part: PartId) -> std::io::Result<()>;

    /// Every part that there is.
    ///
    /// # Errors
    /// The store's.
    fn parts(&self) -> std::io::Result<Vec<PartId>>;

    /// Opens a blob; `None` where it is not held.
    ///
    /// # Errors
    /// The store's.
    fn open(&self, hash: &Hash) -> std::io::Result<Option<Blob>>;

    /// At most `limit` of the blobs that are held, in the order of their hashes, those after
    /// `after`.
    ///
    /// # Errors
    /// The store's.
    fn list(&self, after: Option<&Hash>, limit: usize) -> std::io::Result<Vec<Held>>;

    /// Removes a blob; nothing happens where it is not held.
    ///
    /// # Errors
    /// The store's.
    fn remove(&self, hash: &Hash) -> std::io::Result<()>;

    /// How many bytes there is room for; `None` where nobody can say.
    ///
    /// # Errors
    /// The store's.
    fn free_bytes(&self) -> std::io::Result<Option<u64>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_one_way_only() {
        for wrong in [
            "0F".repeat(16),
            "0f".repeat(15),
            "+f".repeat(16),
            "..".repeat(16),
        ] {
            assert_eq!(PartId::parse(&wrong), None, "{wrong}");
        }
        let part = PartId([0xa5; 16]);
        assert_eq!(PartId::parse(&part.to_string()), Some(part));
    }
}
