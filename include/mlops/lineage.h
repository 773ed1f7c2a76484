/* Where a version of a model comes from, and where it went. */
#pragma once

#include "mlops/registry.h"

enum lineage_kind {
	LINEAGE_VERSION,
	LINEAGE_RUN,
	LINEAGE_DATA,   /* an object that a run read */
	LINEAGE_COMMIT, /* the code of a run, or of a version that no run made */
	LINEAGE_DEPLOYMENT,
};

struct lineage_node {
	enum lineage_kind kind;
	char *id; /* "model:wine:3", "run:<id>", "data:<sha256>", "commit:<sha1>", "deployment:<name>:<n>" */
	char *label;  /* "wine:3", the name of the run, the path, ... */
	char *detail; /* such as its stage or status; "" for none */
};

/* From what came first to what was made of it: indexes into the nodes. */
struct lineage_edge {
	size_t from, to;
};

struct lineage {
	struct lineage_node *nodes; /* the version itself first */
	struct lineage_edge *edges;
	size_t n_nodes, n_edges;
	bool cut; /* there is more than LINEAGE_MAX nodes */
};
#define LINEAGE_MAX 10000

/*
 * Upwards all there is: the run that made it, that run's code and data, the versions and runs that
 * the data is of, and so on. Downwards the runs that read it with the versions that these made, and
 * its deployments.
 */
MLOPS_API int mlops_model_lineage(struct project *project, const char *spec, struct lineage **out,
				  struct mlops_error *err);
MLOPS_API void mlops_lineage_free(struct lineage *lineage); /* NULL is fine */
/* "version", "run", ...; static. */
MLOPS_API const char *mlops_lineage_kind_name(enum lineage_kind kind);
