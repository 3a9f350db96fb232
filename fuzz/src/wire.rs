//! Decoding what travels never panics, takes memory in proportion to what was counted, and what
//! was decoded survives being encoded.

use vanguard_core::wire::{
    EnrolRequest, EnrolResponse, LiveNews, SyncRequest, SyncResponse, check_items, decode, encode,
};

macro_rules! survives {
    ($data:expr, $($message:ty),+) => {
        $(if let Ok(message) = decode::<$message>($data) {
            let again = encode(&message);
            assert_eq!(decode::<$message>(&again).ok().as_ref(), Some(&message));
            assert!(check_items(&again, again.len()).is_ok(), "each is a byte at least");
        })+
    };
}

/// Decodes any bytes as each message.
///
/// # Panics
/// Where a message does not survive.
pub fn run(data: &[u8]) {
    let _ = check_items(data, 1_000);
    survives!(
        data,
        SyncRequest,
        SyncResponse,
        EnrolRequest,
        EnrolResponse,
        LiveNews
    );
}
