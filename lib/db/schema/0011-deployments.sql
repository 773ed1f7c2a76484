-- What the target is told of a revision: JSON, as mlops.yaml(5) has it.
ALTER TABLE revisions ADD COLUMN config TEXT NOT NULL DEFAULT '{}';
-- What the target got the model as, such as an image by its digest.
ALTER TABLE revisions ADD COLUMN package TEXT;
