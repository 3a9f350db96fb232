//! Passwords, kept as argon2id hashes. Hashing takes 19 MiB and some ten milliseconds on purpose,
//! so only a few run at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;

/// The fewest characters of a password (NIST SP 800-63B-4, 3.1.1.2, for a single factor: 15;
/// beside slowed guessing the console asks for 10).
pub const MIN_PASSWORD_CHARS: usize = 10;

/// How many hashes are computed at the same time.
const CONCURRENT: usize = 2;

/// Hashes and checks passwords without holding up other requests.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of nothing that anybody knows, so that an unknown account takes as long.
    decoy: Arc<str>,
}

impl Default for Passwords {
    fn default() -> Self {
        let mut noise = [0; 32];
        let decoy = getrandom::fill(&mut noise)
            .ok()
            .and_then(|()| hash(&noise))
            .unwrap_or_default();
        Self {
            turns: Arc::new(Semaphore::new(CONCURRENT)),
            decoy: decoy.into(),
        }
    }
}

impl Passwords {
    /// The hash to keep of a password; `None` where the system gives no randomness for a salt.
    pub async fn hash(&self, password: String) -> Option<String> {
        let _turn = self.turns.acquire().await.ok()?;
        let hashed = tokio::task::spawn_blocking(move || hash(password.as_bytes()));
        hashed.await.ok().flatten()
    }

    /// Whether a password is the one of a kept hash. Without a hash (no such account) it takes
    /// as long, and is not.
    pub async fn verify(&self, password: String, kept: Option<String>) -> bool {
        let Ok(_turn) = self.turns.acquire().await else {
            return false;
        };
        let decoy = Arc::clone(&self.decoy);
        let verified = tokio::task::spawn_blocking(move || {
            let is_account = kept.is_some();
            let text = kept.as_deref().unwrap_or(&decoy);
            is_account & verify(password.as_bytes(), text)
        });
        verified.await.unwrap_or(false)
    }
}

fn hash(password: &[u8]) -> Option<String> {
    let hashed = Argon2::default().hash_password(password).ok()?;
    Some(hashed.to_string())
}

fn verify(password: &[u8], text: &str) -> bool {
    let parsed = PasswordHash::new(text);
    parsed.is_ok_and(|kept| Argon2::default().verify_password(password, &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::default();
        let kept = passwords.hash("安全第一 2026".into()).await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(
            passwords
                .verify("安全第一 2026".into(), Some(kept.clone()))
                .await
        );
        assert!(!passwords.verify("安全第一".into(), Some(kept)).await);
        assert!(!passwords.verify("安全第一 2026".into(), None).await);
    }
}
