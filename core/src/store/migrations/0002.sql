-- The files of photos that records name, projected with each record.
CREATE TABLE photo (
    doc INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    stage TEXT NOT NULL,
    hash BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    -- The original that it is a file of.
    original BLOB NOT NULL,
    device BLOB,
    named_at_ms INTEGER NOT NULL,
    PRIMARY KEY (doc, ordinal, purpose)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_by_hash ON photo (hash);

-- The files of photos that are here, whole and checked: in the phone's folder, in the relay's
-- store. What this device made itself is owed to the relay until a receipt names it.
CREATE TABLE blob (
    hash BLOB PRIMARY KEY,
    bytes INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    is_owed INTEGER NOT NULL DEFAULT 0,
    -- Sent, as far as this device knows; the next receipt tells.
    is_sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_owed ON blob (at_ms) WHERE is_owed;

-- Files that somebody on this phone wants to look at, and that are not here.
CREATE TABLE photo_wanted (
    hash BLOB PRIMARY KEY,
    asked_ms INTEGER NOT NULL,
    -- Somebody waits for it in front of the screen.
    is_urgent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- How far the way of a file has come, up or down, and why it has come no further.
CREATE TABLE transfer (
    hash BLOB PRIMARY KEY,
    url TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before_ms INTEGER NOT NULL DEFAULT 0,
    problem TEXT
) STRICT, WITHOUT ROWID;
