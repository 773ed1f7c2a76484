-- Signatures of model versions: lib/registry/sign/.
CREATE TABLE model_signatures (
	version_id INTEGER NOT NULL REFERENCES model_versions,
	predicate_type TEXT NOT NULL,       -- of the in-toto statement
	key_id TEXT NOT NULL,               -- SHA-256 of the public key's PEM, in hex
	key_kind TEXT NOT NULL,
	bundle TEXT NOT NULL,               -- a Sigstore bundle
	created_ms INTEGER NOT NULL,
	PRIMARY KEY (version_id, predicate_type, key_id)
) WITHOUT ROWID;
