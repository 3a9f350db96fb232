-- What is coming in. How far each has come is not kept here: the part's own length says it, so that
-- there is nothing for a crash to set at odds.
CREATE TABLE upload (
    upload INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    owner BLOB NOT NULL,                -- a device, or a member who uploads from the console
    hash BLOB NOT NULL,
    bytes INTEGER NOT NULL,             -- of the whole blob
    expires_at_ms INTEGER NOT NULL,
    unchecked_from INTEGER,             -- what a request with a checksum has brought from here on counts
                                        -- only once that is checked
    is_done INTEGER NOT NULL DEFAULT 0,
    UNIQUE (owner, hash)
) STRICT;
CREATE INDEX upload_expiry ON upload (expires_at_ms);

-- Blobs that no record names, and since when the sweep has seen it so.
CREATE TABLE unnamed (
    hash BLOB PRIMARY KEY,
    since_ms INTEGER NOT NULL
) STRICT;
