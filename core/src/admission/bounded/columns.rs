//! Columns as Automerge writes them: of all ways to write a sequence of values, the one that it
//! takes. Nothing is expanded, and nothing is allocated by a length that is only claimed.

use crate::rules::Refusal;
use crate::wire::CHANGE_LIMIT_OPS;

/// A column of values in runs: n times the same, n different ones, or n nulls. Only one sequence
/// of runs is right for a sequence of values.
pub(super) struct Runs<'a, T> {
    cursor: Cursor<'a>,
    run: Run<T>,
    left: u64,
    /// The value before; `None` after a null and at the beginning.
    last: Option<T>,
    claimed: u64,
    limit: usize,
    pub(super) is_absent: bool,
    had_value: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Run<T> {
    Begin,
    Same(T),
    Different,
    Null,
}

impl<'a, T: Item<'a>> Runs<'a, T> {
    pub(super) fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self {
            cursor: Cursor(bytes),
            run: Run::Begin,
            left: 0,
            last: None,
            claimed: 0,
            limit,
            is_absent: bytes.is_empty(),
            had_value: false,
        }
    }

    /// The next value, or null. Beyond the end is malformed: every column is as long as the first.
    pub(super) fn next(&mut self) -> Result<Option<T>, Refusal> {
        if self.left == 0 {
            self.next_run()?;
        }
        self.left -= 1;
        let value = match self.run {
            Run::Begin | Run::Null => None,
            Run::Same(value) => Some(value),
            Run::Different => {
                let value = T::read(&mut self.cursor)?;
                require(self.last != Some(value))?;
                Some(value)
            }
        };
        self.last = value;
        self.had_value |= value.is_some();
        Ok(value)
    }

    pub(super) fn next_run(&mut self) -> Result<(), Refusal> {
        let count = self.cursor.signed()?;
        let (run, left) = match count {
            0 => {
                require(self.run != Run::Null)?;
                (Run::Null, self.cursor.unsigned()?)
            }
            2.. => {
                let value = T::read(&mut self.cursor)?;
                require(self.last != Some(value))?;
                (Run::Same(value), count.unsigned_abs())
            }
            1 => return Err(Refusal::Malformed),
            _ => {
                require(self.run != Run::Different)?;
                (Run::Different, count.unsigned_abs())
            }
        };
        require(left > 0)?;
        self.claimed = self.claimed.saturating_add(left);
        within(usize::try_from(self.claimed).is_ok_and(|claimed| claimed <= self.limit))?;
        (self.run, self.left) = (run, left);
        Ok(())
    }

    /// The next value of a column that may be absent; a present one has a value or null for every
    /// operation.
    pub(super) fn next_if_present(&mut self) -> Result<Option<T>, Refusal> {
        if self.is_absent {
            return Ok(None);
        }
        self.next()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.cursor.0.is_empty() && self.left == 0
    }

    /// Whether it is absent, or read to its end and not all null.
    pub(super) fn is_whole(&self) -> bool {
        self.is_absent || (self.is_at_end() && self.had_value)
    }
}

/// A column of numbers, each kept as its distance from the one before.
pub(super) struct Deltas<'a>(pub(super) Runs<'a, i64>, i64);

impl<'a> Deltas<'a> {
    pub(super) fn new(bytes: &'a [u8], limit: usize) -> Self {
        Self(Runs::new(bytes, limit), 0)
    }

    pub(super) fn next(&mut self) -> Result<Option<u64>, Refusal> {
        let Some(delta) = self.0.next()? else {
            return Ok(None);
        };
        self.1 = self.1.checked_add(delta).ok_or(Refusal::Malformed)?;
        u64::try_from(self.1)
            .map(Some)
            .map_err(|_| Refusal::Malformed)
    }

    pub(super) fn next_if_present(&mut self) -> Result<Option<u64>, Refusal> {
        if self.0.is_absent {
            return Ok(None);
        }
        self.next()
    }
}

/// A column of flags: how often false, how often true, and so on.
pub(super) struct Flags<'a> {
    cursor: Cursor<'a>,
    /// What the run says; `None` before the first.
    value: Option<bool>,
    left: u64,
    claimed: u64,
    pub(super) is_absent: bool,
    pub(super) had_true: bool,
}

impl<'a> Flags<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            cursor: Cursor(bytes),
            value: None,
            left: 0,
            claimed: 0,
            is_absent: bytes.is_empty(),
            had_true: false,
        }
    }

    pub(super) fn next(&mut self) -> Result<bool, Refusal> {
        while self.left == 0 {
            self.left = self.cursor.unsigned()?;
            require(self.left > 0 || self.value.is_none())?;
            self.claimed = self.claimed.saturating_add(self.left);
            within(usize::try_from(self.claimed).is_ok_and(|claimed| claimed <= CHANGE_LIMIT_OPS))?;
            self.value = Some(self.value.is_some_and(|value| !value));
        }
        self.left -= 1;
        let value = self.value == Some(true);
        self.had_true |= value;
        Ok(value)
    }

    /// False for every operation where it is absent.
    pub(super) fn next_if_present(&mut self) -> Result<bool, Refusal> {
        Ok(!self.is_absent && self.next()?)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.cursor.0.is_empty() && self.left == 0
    }
}

/// Something that columns hold.
pub(super) trait Item<'a>: Copy + PartialEq {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal>;
}

impl<'a> Item<'a> for u64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        cursor.unsigned()
    }
}

impl<'a> Item<'a> for i64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        cursor.signed()
    }
}

impl<'a> Item<'a> for &'a str {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, Refusal> {
        let length = usize::try_from(cursor.unsigned()?).map_err(|_| Refusal::Malformed)?;
        utf8(cursor.take(length)?)
    }
}

/// The bytes that are still to be read.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Refusal> {
        let (first, rest) = self.0.split_first().ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A number of things, at most `limit`.
    pub(super) fn count(&mut self, limit: usize) -> Result<usize, Refusal> {
        let count = usize::try_from(self.unsigned()?).map_err(|_| Refusal::TooLarge)?;
        within(count <= limit)?;
        Ok(count)
    }

    /// An unsigned LEB128 number in its one shortest form.
    pub(super) fn unsigned(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            require(shift < 63 || bits <= 1)?;
            value |= bits << shift;
            if byte & 0x80 == 0 {
                require(byte != 0 || shift == 0)?;
                return Ok(value);
            }
        }
        Err(Refusal::Malformed)
    }

    /// A signed LEB128 number in its one shortest form.
    pub(super) fn signed(&mut self) -> Result<i64, Refusal> {
        let mut value: i64 = 0;
        let mut before = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = i64::from(byte & 0x7f);
            let is_last = byte & 0x80 == 0;
            // Of the tenth byte only the sign is left to say.
            require(shift < 63 || byte == 0x00 || byte == 0x7f)?;
            value |= bits << shift;
            if is_last {
                let is_negative = byte & 0x40 != 0;
                if is_negative && shift < 57 {
                    value |= -1 << (shift + 7);
                }
                let repeats_the_sign =
                    (byte == 0x00 && before & 0x40 == 0) || (byte == 0x7f && before & 0x40 != 0);
                require(shift == 0 || !repeats_the_sign)?;
                return Ok(value);
            }
            before = byte;
        }
        Err(Refusal::Malformed)
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| Refusal::Malformed)
}

pub(super) fn require(holds: bool) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

pub(super) fn within(holds: bool) -> Result<(), Refusal> {
    if holds {
        Ok(())
    } else {
        Err(Refusal::TooLarge)
    }
}
