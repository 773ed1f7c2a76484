-- Where outputs lie, as mlops.yaml said: struct object_place.
ALTER TABLE run_objects ADD COLUMN remote TEXT NOT NULL DEFAULT '';     -- '': the default one
ALTER TABLE run_objects ADD COLUMN no_push INTEGER NOT NULL DEFAULT 0;
