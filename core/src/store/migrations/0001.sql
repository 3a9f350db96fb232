-- Small facts by name: identity, cursor, scope.
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

-- One row for each document. `doc` grows with the time in the UUIDv7, so that it orders by
-- creation on every replica, the full-text index included.
CREATE TABLE document (
    doc INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    space BLOB NOT NULL,
    condition TEXT NOT NULL DEFAULT 'good' CHECK (condition IN ('good', 'too_new', 'damaged')),
    touched_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX document_by_space ON document (space, touched_ms);

-- A document is the sequence of its changes, in an order in which none comes before what it
-- builds on. A change without a position is not admitted yet.
CREATE TABLE change (
    change INTEGER PRIMARY KEY,
    doc INTEGER NOT NULL REFERENCES document ON DELETE CASCADE,
    hash BLOB NOT NULL,
    position INTEGER,
    received_at_ms INTEGER,
    raw BLOB NOT NULL
) STRICT;
CREATE INDEX change_by_document ON change (doc);
CREATE INDEX change_by_position ON change (position);

-- What lists, counts and statistics read: projected in the transaction that wrote the document.
CREATE TABLE record (
    doc INTEGER PRIMARY KEY REFERENCES document ON DELETE CASCADE,
    kind TEXT NOT NULL,
    space BLOB NOT NULL,
    creator BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    name TEXT NOT NULL,
    code TEXT,
    zone BLOB,
    unit BLOB,
    category TEXT,
    status TEXT,
    grade TEXT,
    nature TEXT,
    shift TEXT,
    rota TEXT,
    assignee BLOB,
    deadline_ms INTEGER,
    rectified_ms INTEGER,
    closed_ms INTEGER,
    is_open INTEGER NOT NULL,
    is_conflicted INTEGER NOT NULL,
    is_superseded INTEGER NOT NULL,
    view TEXT NOT NULL
) STRICT;
CREATE INDEX record_by_time ON record (kind, at_ms, doc);
CREATE INDEX record_by_zone ON record (zone, kind, at_ms, doc) WHERE zone IS NOT NULL;
CREATE INDEX record_by_status ON record (kind, status, at_ms, doc);
CREATE INDEX record_by_creator ON record (creator, kind, at_ms, doc);
CREATE INDEX record_by_space ON record (space, kind, at_ms, doc);
CREATE INDEX record_by_assignee ON record (assignee, kind, at_ms, doc) WHERE assignee IS NOT NULL;
CREATE INDEX record_by_code ON record (kind, code, at_ms, doc) WHERE code IS NOT NULL;
CREATE INDEX record_open ON record (kind, at_ms, doc) WHERE is_open;
CREATE INDEX record_unsettled ON record (kind, at_ms, doc) WHERE is_conflicted OR is_superseded;

-- Chinese is indexed character by character, so that a search of one, two or more characters is
-- a phrase of this one index.
CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'unicode61');

-- Changes of this device that no receipt covers yet: the verb, so that it can be done again, and
-- (in `change`) its bytes.
CREATE TABLE outbox (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    doc INTEGER NOT NULL REFERENCES document,
    hash BLOB NOT NULL,
    verb TEXT NOT NULL,
    directory_position INTEGER NOT NULL,
    made_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_document ON outbox (doc);

-- The relay's signed receipts, kept as evidence.
CREATE TABLE receipt (
    receipt INTEGER PRIMARY KEY,
    relay_time_ms INTEGER NOT NULL,
    statement BLOB NOT NULL,
    signature BLOB NOT NULL
) STRICT;

-- The returned-to-you tray: what the relay refused, in the words of the verb, with the reason.
CREATE TABLE returned (
    returned INTEGER PRIMARY KEY,
    document BLOB NOT NULL,
    verb TEXT NOT NULL,
    reason TEXT NOT NULL,
    made_at_ms INTEGER NOT NULL,
    returned_at_ms INTEGER NOT NULL,
    is_seen INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX returned_by_document ON returned (document);

-- Bytes that are no longer part of a document, never loaded again, kept as evidence.
CREATE TABLE set_aside (
    set_aside INTEGER PRIMARY KEY,
    document BLOB NOT NULL,
    raw BLOB NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT;

-- Documents to fetch whole at the next sync.
CREATE TABLE wanted (id BLOB PRIMARY KEY, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The spaces that this device follows, and how far it has come in taking their documents.
CREATE TABLE space (
    id BLOB PRIMARY KEY,
    sees_violations INTEGER NOT NULL DEFAULT 0,
    is_complete INTEGER NOT NULL DEFAULT 0,
    open_done INTEGER,
    after_seq INTEGER,
    remaining INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What is being answered or typed and is no document yet.
CREATE TABLE draft (
    id BLOB PRIMARY KEY,
    space BLOB NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
