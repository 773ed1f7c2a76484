/*
 * Model formats: one file a format, which fills a row; formats.c lists the rows in the order in
 * which they are tried. A reader adds what it finds to a struct build and need not care how it is
 * stored. Limits that all readers share are here.
 */
#pragma once

#include "base/map.h"
#include "fmt/json.h"
#include "fmt/source.h"
#include "fmt/zip.h"
#include "mlops/inspect.h"

#define FORMAT_MAX_NAME (64 << 10)        /* bytes of a name of a tensor, node, key */
#define FORMAT_MAX_VALUE (4 << 20)        /* bytes of a metadata value that is shown */
#define FORMAT_MAX_TENSORS 2000000
#define FORMAT_MAX_RANK 64
#define FORMAT_MAX_PAIRS 1000000           /* of metadata; more are left out */
#define FORMAT_MAX_PORTS 1000000
#define FORMAT_MAX_JSON ((size_t)64 << 20) /* of a document that is parsed whole */

/* What a format is known by. */
struct probe {
	const char *path;
	const char *base;   /* last component */
	bool is_dir;
	const uint8_t *head; /* the first bytes of a file */
	size_t n_head;
	uint64_t size;
	struct zip *zip; /* of a zip file, else NULL */
};

struct build {
	struct model_info info; /* the pointers into lists are set when the build is finished */
	struct arena arena;
	VEC(struct model_tensor) tensors;
	VEC(struct model_port) inputs, outputs;
	VEC(struct model_pair) metadata;
	struct strlist globals;
};

struct format {
	const char *name;
	const char *help;
	bool (*match)(const struct probe *p);
	/* `src` is NULL for a folder. */
	int (*read)(const struct probe *p, struct source *src, struct build *b, struct mlops_error *err);
};

extern const struct format format_safetensors, format_safetensors_index, format_gguf, format_onnx,
	format_torch, format_keras, format_npz, format_npy, format_hdf5, format_saved_model, format_xgboost_json,
	format_xgboost_ubj, format_lightgbm, format_mlflow, format_huggingface, format_pickle;

/* What is added is copied into the arena of the build. */
void build_meta(struct build *b, const char *key, const char *value); /* a NULL value is skipped */
__attribute__((format(printf, 3, 4))) void build_metaf(struct build *b, const char *key, const char *fmt, ...);
/* The text, number or bool at obj[key] as metadata; objects and arrays as compact JSON. */
void build_meta_json(struct build *b, const char *key, const struct json *value);
void build_global(struct build *b, const char *module, const char *name);
/* `name`, `dtype` and `shape` are in the arena of the build already. */
void build_tensor(struct build *b, const struct model_tensor *t);
struct model_port *build_port(struct build *b, bool output, const char *name, const char *dtype);
/* Adds a port that a message's fields were read into; `at` is where they ended. */
int build_add_port(struct build *b, const struct cursor *at, const struct model_port *port, bool output,
		   struct mlops_error *err);
void build_port_dim(struct build *b, struct model_port *port, int64_t size, const char *symbol);
/* Number of elements of a shape; false when it does not fit. */
bool shape_elements(const uint64_t *shape, size_t rank, uint64_t *out);
/* elements * bits rounded up to bytes; false when it does not fit. */
bool shape_bytes(uint64_t elements, unsigned bits, uint64_t *out);

/* Parses text of at most FORMAT_MAX_JSON bytes. */
int format_json(const char *path, size_t max, struct json **out, struct mlops_error *err);
/* Reads another file of the same model as `format`; its sizes and tensors are added to the build. */
int format_read_file(const struct format *format, const char *path, struct build *b,
		     struct mlops_error *err);
/* The same of bytes that lie elsewhere; `path` is the name they go by. NULL: the format that matches. */
int format_read_source(const struct format *format, struct source *src, const char *path,
		       struct build *b, struct mlops_error *err);
/* The file names in a folder that pass `want`, sorted. */
int format_list_dir(const char *dir, bool (*want)(const char *name), struct strlist *out,
		    struct mlops_error *err);

/* The finished result; the build is empty after and still to be cleared. */
struct model_info *build_finish(struct build *b);
void build_clear(struct build *b);
#define autobuild __attribute__((cleanup(build_clear))) struct build
