-- What stages used of GPUs, over `gpu_samples` looks at them: lib/pipeline/gpu.c.
ALTER TABLE run_stages ADD COLUMN gpu_samples INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN gpu_percent REAL NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN gpu_peak_percent REAL NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN gpu_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run_stages ADD COLUMN gpu_peak_bytes INTEGER NOT NULL DEFAULT 0;
