-- What a change waits for, so that it is judged again once, when the last of these has come. What
-- waited before was not noted down like this; the devices that pushed it have it still, and push
-- it again.
DELETE FROM held;
UPDATE quota SET held = 0, held_bytes = 0;
CREATE TABLE awaited (
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    held INTEGER NOT NULL REFERENCES held ON DELETE CASCADE,
    PRIMARY KEY (document, hash, held)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaited_by_held ON awaited (held);

-- How often a device came back to an opening from another one, and the opening that it is in.
CREATE TABLE opening (
    device BLOB NOT NULL,
    opening BLOB NOT NULL,
    returns INTEGER NOT NULL,
    PRIMARY KEY (device, opening)
) STRICT, WITHOUT ROWID;
CREATE TABLE last_opening (device BLOB PRIMARY KEY, opening BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO opening SELECT DISTINCT device, opening, 0 FROM batch;
INSERT INTO last_opening
    SELECT device, opening FROM (SELECT device, opening, max(batch) FROM batch GROUP BY device);

-- How many operations a document has, which its bytes do not tell; of older ones they have to.
ALTER TABLE document ADD COLUMN ops INTEGER NOT NULL DEFAULT 0;
