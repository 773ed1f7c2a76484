-- Until when the alert of a monitor counts for nothing; 0: it is not silenced.
ALTER TABLE alerts ADD COLUMN silenced_ms INTEGER NOT NULL DEFAULT 0;
