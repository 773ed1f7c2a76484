/*
 * A version of a model made portable: an artifact of the Open Container Initiative in one of several
 * formats, or a plain archive. The same version gives the same bytes, and the files of a model are
 * layers as they are, under the name that the store has for them: nothing is copied to be packaged.
 */
#pragma once

#include "mlops/registry.h"

struct package_layer {
	struct oid oid;
	uint64_t size;
	const char *type; /* the media type; lent */
	const char *path; /* of the file in the model; "" for what is none; lent */
};

struct package;

/*
 * Puts together the package of a version (as mlops_model_resolve() takes it) in the format "modelpack"
 * (https://github.com/modelpack/model-spec) or "ollama". MLOPS_ENOTFOUND for another, and when files of
 * the version are not here. *out is the caller's.
 */
MLOPS_API int mlops_package_new(struct project *project, const char *spec, const char *format,
				struct package **out, struct mlops_error *err);
MLOPS_API void mlops_package_free(struct package *package); /* NULL is fine */
MLOPS_API const struct model_version *mlops_package_version(const struct package *package);
/* The name of its manifest, which is the package's. */
MLOPS_API const struct oid *mlops_package_oid(const struct package *package);
/* Number i of its layers, the configuration not among them; NULL behind the last. */
MLOPS_API const struct package_layer *mlops_package_layer(const struct package *package, size_t i);

/*
 * Writes the package to `path`, where nothing is yet: an OCI image layout in a folder, or in a tar
 * archive when the name ends in .tar. `tag` names it there.
 */
MLOPS_API int mlops_package_write(struct package *package, const char *path, const char *tag,
				  struct mlops_error *err);
/*
 * Sends the package to a registry, oci://HOST[:PORT]/REPOSITORY[:TAG]; without a tag it gets the
 * number of the version. Signatures of the version go with it, as referrers.
 */
MLOPS_API int mlops_package_push(struct package *package, const char *url, struct mlops_error *err);

/* Writes the files of a version as a tar archive to `path`, where nothing is yet. */
MLOPS_API int mlops_package_tar(struct project *project, const char *spec, const char *path,
				struct mlops_error *err);
