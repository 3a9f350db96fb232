//! Invites: how a phone becomes a member's device.
//!
//! A supervisor's invite is a QR text with the relay's address, a single-use secret and the
//! relay's long-lived key. The phone makes its own key and signs its enrolment over invite and
//! relay. Both screens then show six digits that follow from all three, so that somebody in
//! between would show.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use minicbor::{Decode, Encode};

use crate::keys::{Hash, PublicKey, sha256};

/// What an invite's QR code says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Invite {
    /// The relay's address: `https://relay.plant.example:8443`.
    #[n(0)]
    pub relay_url: String,
    /// The relay's key.
    #[n(1)]
    pub relay_key: PublicKey,
    /// The secret that enrols one device, once.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub secret: [u8; 32],
    /// The member's name, so that the phone can greet before it is online.
    #[n(3)]
    pub member_name: String,
}

/// Why a text is no invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an invite of Vanguard, or it was copied incompletely")]
pub struct NotAnInvite;

const PREFIX: &str = "VANGUARD1:";

impl Invite {
    /// The text of the QR code.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(crate::wire::encode(self)))
    }

    /// The invite of a QR code's text.
    ///
    /// # Errors
    /// [`NotAnInvite`] where it is none.
    pub fn parse(text: &str) -> Result<Self, NotAnInvite> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(NotAnInvite)?;
        let bytes = BASE64.decode(body).map_err(|_| NotAnInvite)?;
        crate::wire::decode(&bytes).map_err(|_| NotAnInvite)
    }
}

/// The bytes that a device signs to enrol.
pub fn enrolment_statement(
    relay_key: &PublicKey,
    secret: &[u8; 32],
    device: &PublicKey,
) -> Vec<u8> {
    let mut bytes = b"vanguard enrolment".to_vec();
    bytes.extend_from_slice(&relay_key.fingerprint());
    bytes.extend_from_slice(&sha256(secret));
    bytes.extend_from_slice(device.as_bytes());
    bytes
}

/// The six digits that both screens show.
pub fn confirmation_code(relay_key: &PublicKey, secret: &[u8; 32], device: &PublicKey) -> String {
    let hash: Hash = sha256(&enrolment_statement(relay_key, secret, device));
    let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    format!("{:06}", number % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemEnv;
    use crate::keys::SoftwareKey;

    #[test]
    fn an_invite_survives_its_text() {
        let invite = Invite {
            relay_url: "https://127.0.0.1:8443".into(),
            relay_key: SoftwareKey::generate(&SystemEnv).public_key(),
            secret: [7; 32],
            member_name: "王建国".into(),
        };
        assert_eq!(
            Invite::parse(&format!(" {}\n", invite.to_text())),
            Ok(invite.clone())
        );
        let cut = &invite.to_text()[..60];
        assert_eq!(Invite::parse(cut), Err(NotAnInvite));
        assert_eq!(Invite::parse("https://example.com"), Err(NotAnInvite));
    }

    #[test]
    fn somebody_in_between_shows_other_digits() {
        let relay = SoftwareKey::generate(&SystemEnv).public_key();
        let between = SoftwareKey::generate(&SystemEnv).public_key();
        let device = SoftwareKey::generate(&SystemEnv).public_key();
        let honest = confirmation_code(&relay, &[1; 32], &device);
        assert_eq!(honest.len(), 6);
        assert_ne!(honest, confirmation_code(&between, &[1; 32], &device));
    }
}
