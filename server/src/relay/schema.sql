-- The relay's log. Nothing in `change` is ever updated or deleted.
CREATE TABLE log (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch BLOB NOT NULL,
    head INTEGER NOT NULL,
    chain BLOB NOT NULL
) STRICT;

CREATE TABLE document (
    doc INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    space BLOB NOT NULL,
    creator BLOB NOT NULL,
    is_open INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    touched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX document_by_space ON document (space, is_open, last_seq);

-- Members whom a hazard was ever assigned to: they see it wherever it lies.
CREATE TABLE assigned (
    member BLOB NOT NULL,
    doc INTEGER NOT NULL REFERENCES document,
    PRIMARY KEY (member, doc)
) STRICT, WITHOUT ROWID;

CREATE TABLE change (
    seq INTEGER PRIMARY KEY,
    doc INTEGER NOT NULL REFERENCES document,
    space BLOB NOT NULL,
    hash BLOB NOT NULL,
    raw BLOB NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch,
    received_at_ms INTEGER NOT NULL,
    is_late INTEGER NOT NULL,
    chain BLOB NOT NULL
) STRICT;
CREATE INDEX change_by_document ON change (doc, seq);
-- What is new for a device costs what is new in its spaces, however much is new elsewhere.
CREATE INDEX change_by_space ON change (space, seq);

-- The envelopes: what was signed, and by whom.
CREATE TABLE batch (
    batch INTEGER PRIMARY KEY,
    device BLOB NOT NULL,
    opening BLOB NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL,
    received_at_ms INTEGER NOT NULL,
    UNIQUE (device, opening, number)
) STRICT;

-- Devices whose notebook was copied: two openings of it counted on at the same time.
CREATE TABLE cloned (device BLOB PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Final decisions against a change, its bytes kept as evidence and never loaded again.
CREATE TABLE refused (
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    reason TEXT NOT NULL,
    device BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    raw BLOB,
    PRIMARY KEY (document, hash)
) STRICT, WITHOUT ROWID;

-- Changes whose dependencies are not here yet.
CREATE TABLE held (
    held INTEGER PRIMARY KEY,
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    device BLOB NOT NULL,
    member BLOB NOT NULL,
    actor_prefix BLOB NOT NULL,
    space BLOB NOT NULL,
    directory_position INTEGER NOT NULL,
    batch INTEGER NOT NULL REFERENCES batch,
    at_ms INTEGER NOT NULL,
    raw BLOB NOT NULL,
    UNIQUE (document, hash)
) STRICT;
CREATE INDEX held_by_device ON held (device);
