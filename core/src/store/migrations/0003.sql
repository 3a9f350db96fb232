-- What statistics count, each in one index that has all of it: a figure over a year then reads
-- neither a record's row nor its view.
CREATE INDEX hazard_figures ON record
    (space, at_ms, status, grade, nature, zone, unit, is_open, deadline_ms, rectified_ms, closed_ms)
    WHERE kind = 'hazard';
CREATE INDEX hazard_places ON record
    (space, at_ms, zone, trim(json_extract(view, '$.fields.place')), is_open, status)
    WHERE kind = 'hazard';
CREATE INDEX inspection_figures ON record (space, category, shift, rota) WHERE kind = 'inspection';
CREATE INDEX inspection_duty ON record (zone, at_ms, doc, shift, creator) WHERE kind = 'inspection';
