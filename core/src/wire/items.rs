//! Counts what a CBOR message consists of before anything of it is made.

use minicbor::data::Type;
use minicbor::decode::{Decoder, Error};

/// Checks that a message consists of at most `limit` items (RFC 8949: numbers, strings, arrays and
/// whatever else stands in them), so that decoding it takes memory in proportion to its bytes and
/// to this. Takes time linear in the limit, and no memory.
///
/// # Errors
/// Where it consists of more, or is not CBOR.
pub fn check_items(bytes: &[u8], limit: usize) -> Result<(), Error> {
    let mut decoder = Decoder::new(bytes);
    let mut items = 0;
    while decoder.position() < bytes.len() {
        items += 1;
        if items > limit {
            return Err(Error::message("too many items"));
        }
        match decoder.datatype()? {
            // What stands in them comes next.
            Type::Array => drop(decoder.array()?),
            Type::Map => drop(decoder.map()?),
            Type::Tag => drop(decoder.tag()?),
            Type::Bytes => drop(decoder.bytes()?),
            Type::String => drop(decoder.str()?),
            // Nothing that travels here has an open end.
            Type::ArrayIndef
            | Type::MapIndef
            | Type::BytesIndef
            | Type::StringIndef
            | Type::Break => {
                return Err(Error::message("an item without an end"));
            }
            _ => decoder.skip()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_wherever_they_stand() {
        let message = crate::wire::encode(&(1_u8, "二", vec![3_u64, 4], [[5_i8; 2]; 2]));
        assert!(check_items(&message, 13).is_ok());
        assert!(check_items(&message, 12).is_err());
        for endless in [&[0x9f, 0xff][..], &[0x5f, 0xff], &[0xff], &[0xbf]] {
            assert!(check_items(endless, 10).is_err());
        }
        assert!(check_items(&[0x40; 1_000], 999).is_err());
        assert!(check_items(&[0x5b, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 10).is_err());
    }
}
