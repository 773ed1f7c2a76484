/* Private to lib/registry/package. */
#pragma once

#include "base/vec.h"
#include "fmt/oci.h"
#include "mlops/inspect.h"
#include "mlops/package.h"
#include "registry/private.h"

/* A file of the version that is packaged. */
struct package_file {
	char *path;
	struct oid oid;
	uint64_t size;
	bool executable;
};
typedef VEC(struct package_file) package_files;

/* A configuration or layer: an object of the store, or bytes that were made here. */
struct package_blob {
	struct package_layer shown;
	struct strbuf bytes; /* of one that is `made` */
	bool made;
	struct json *annotations; /* or NULL */
};

struct package {
	struct project *project;
	struct store *store;
	struct model_version *version;
	package_files files;
	struct package_blob config;
	VEC(struct package_blob) layers;
	const char *manifest_type, *artifact_type; /* the latter may be NULL */
	struct strbuf manifest;
	struct oid oid; /* of the manifest */
};

DEFINE_CLEANUP(package, mlops_package_free)
#define autopackage __attribute__((cleanup(cleanup_package))) struct package

/* A version with its files, sorted by path, that no format has made a package of yet. */
int package_open(struct project *project, const char *spec, struct package **out,
		 struct mlops_error *err);

/* How a format puts a package together: sets config, layers and types, from version and files. */
struct package_maker {
	const char *name;
	int (*make)(struct package *p, struct mlops_error *err);
};
extern const struct package_maker package_modelpack, package_ollama;

/* A file as a layer; takes the annotations. */
void package_add_file(struct package *p, const struct package_file *f, const char *type,
		      struct json *annotations);
/* Text as a layer, and JSON as the configuration, which is taken. */
int package_add_text(struct package *p, const char *text, const char *type, struct mlops_error *err);
int package_set_config(struct package *p, const char *type, struct json *config,
		       struct mlops_error *err);

/* What is inside of a file, as mlops_inspect() says; free it with mlops_model_info_free(). */
int package_inspect(struct package *p, const struct package_file *f, struct model_info **out,
		    struct mlops_error *err);

/* Gives a blob's bytes to `write`. */
int package_blob_read(struct package *p, const struct package_blob *b,
		      int (*write)(const void *buf, size_t n, void *arg, struct mlops_error *err),
		      void *arg, struct mlops_error *err);
