-- A refusal is one of the change only where the device that made it has pushed it; what others push
-- is remembered of them alone. And what is kept for a device beside the log is counted, not summed
-- up anew for each change.
CREATE TABLE refused_by (
    document BLOB NOT NULL,
    hash BLOB NOT NULL,
    device BLOB NOT NULL,
    is_own INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    raw BLOB,
    PRIMARY KEY (document, hash, device)
) STRICT, WITHOUT ROWID;
INSERT INTO refused_by SELECT document, hash, device, reason <> 'forged', reason, at_ms, raw FROM refused;
DROP TABLE refused;
ALTER TABLE refused_by RENAME TO refused;

CREATE TABLE quota (
    device BLOB PRIMARY KEY,
    refused INTEGER NOT NULL DEFAULT 0,
    refused_bytes INTEGER NOT NULL DEFAULT 0,
    held INTEGER NOT NULL DEFAULT 0,
    held_bytes INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
INSERT INTO quota (device, refused, refused_bytes)
    SELECT device, count(*), coalesce(sum(length(raw)), 0) FROM refused GROUP BY device;
INSERT INTO quota (device, held, held_bytes)
    SELECT device, count(*), sum(length(raw)) FROM held WHERE true GROUP BY device
    ON CONFLICT (device) DO UPDATE SET held = excluded.held, held_bytes = excluded.held_bytes;
