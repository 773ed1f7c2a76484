-- Who read and who gave an object: lib/registry/lineage.c.
CREATE INDEX run_objects_by_oid ON run_objects (oid);
CREATE INDEX model_versions_by_oid ON model_versions (oid);
CREATE INDEX model_versions_by_run ON model_versions (run_id) WHERE run_id IS NOT NULL;
