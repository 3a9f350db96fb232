//! The relay's long-lived key: a file of its data directory, readable by its owner alone.

use std::path::Path;

use vanguard_core::env::Env;
use vanguard_core::keys::SoftwareKey;

/// The relay's key, made on the first start and readable by its owner alone. Where there is a log
/// already (`is_first` is false) none is made: no phone would trust it.
pub(super) fn load(path: &Path, is_first: bool, env: &dyn Env) -> std::io::Result<SoftwareKey> {
    let damaged = || std::io::Error::new(std::io::ErrorKind::InvalidData, "relay.key is damaged");
    match std::fs::read(path) {
        Ok(bytes) => {
            let secret = bytes.as_slice().try_into().map_err(|_| damaged())?;
            SoftwareKey::from_bytes(secret).map_err(|_| damaged())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_first => {
            let missing =
                "relay.key is missing: put it back from a backup, no phone trusts another";
            Err(std::io::Error::new(error.kind(), missing))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = SoftwareKey::generate(env);
            write_secret(path, &key.to_bytes())?;
            Ok(key)
        }
        Err(error) => Err(error),
    }
}

fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
