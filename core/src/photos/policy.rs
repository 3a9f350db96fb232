//! What may travel now: text always, thumbnails nearly always, originals as the phone's owner and
//! its state allow.

use crate::model::photo::PhotoPurpose;

/// What its owner allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncPolicy {
    /// Originals go over a connection that costs by the byte.
    pub allows_metered_originals: bool,
    /// Photos go while the phone is in another operator's network.
    pub allows_roaming: bool,
    /// Originals go while the battery is low.
    pub allows_low_battery: bool,
}

/// How the phone is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Its connection costs by the byte.
    pub is_metered: bool,
    /// It is in another operator's network.
    pub is_roaming: bool,
    /// Its battery is low, and it is not being charged.
    pub is_battery_low: bool,
}

impl SyncPolicy {
    /// Whether such a file of a photo may travel now. An original that somebody waits for in
    /// front of the screen is asked for by itself and not held back by this.
    pub fn allows(&self, conditions: &Conditions, purpose: PhotoPurpose) -> bool {
        if conditions.is_roaming && !self.allows_roaming {
            return false;
        }
        if purpose == PhotoPurpose::Thumbnail {
            return true;
        }
        (!conditions.is_metered || self.allows_metered_originals)
            && (!conditions.is_battery_low || self.allows_low_battery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thumbnails_go_where_originals_wait() {
        use PhotoPurpose::{Original, Thumbnail, Untouched};
        let home = Conditions::default();
        let metered = Conditions {
            is_metered: true,
            ..home
        };
        let roaming = Conditions {
            is_roaming: true,
            ..home
        };
        let low = Conditions {
            is_battery_low: true,
            ..home
        };
        let careful = SyncPolicy::default();
        let generous = SyncPolicy {
            allows_metered_originals: true,
            allows_roaming: true,
            allows_low_battery: true,
        };
        for (policy, conditions, goes) in [
            (careful, home, [true, true, true]),
            (careful, metered, [true, false, false]),
            (careful, low, [true, false, false]),
            (careful, roaming, [false, false, false]),
            (generous, metered, [true, true, true]),
            (generous, roaming, [true, true, true]),
            (generous, low, [true, true, true]),
        ] {
            let told = [Thumbnail, Original, Untouched].map(|it| policy.allows(&conditions, it));
            assert_eq!(told, goes, "{policy:?} {conditions:?}");
        }
    }
}
