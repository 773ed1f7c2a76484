/*
 * Private to lib/registry/scan. An item is a file, a member of an archive, or what a compressed
 * stream holds; item.c asks each scanner about each item.
 */
#pragma once

#include "base/map.h"
#include "fmt/source.h"
#include "fmt/unpack.h"
#include "fmt/zip.h"
#include "mlops/scan.h"

#define SCAN_MAX_DEPTH 6                         /* archives in archives */
#define SCAN_MAX_NESTED ((size_t)64 << 20)       /* of a zip file that is compressed itself */
#define SCAN_MAX_UNPACKED ((uint64_t)64 << 30)   /* of all that is compressed in one file */
#define SCAN_MAX_FINDINGS 10000
#define SCAN_MAX_JSON ((size_t)64 << 20)

enum scan_rule_id {
#define SCAN_RULE(name, id, severity, title) RULE_##name,
#include "registry/scan/rules.def"
#undef SCAN_RULE
};

struct json;

struct scan {
	struct arena arena;
	VEC(struct scan_finding) findings;
	uint64_t files, members, bytes;
	uint64_t unpack_left; /* of the file that is scanned */
};

/* Why bytes are taken for a pickle. */
enum pickle_sign {
	SIGN_NONE, /* they may be one all the same: protocols 0 and 1 have no mark */
	SIGN_MARK, /* they start as one */
	SIGN_NAME, /* the file is named as one */
};

struct item {
	struct source *src;
	const char *file;   /* for findings */
	const char *member; /* or NULL */
	const char *base;   /* last component, lower case: what its name says it is */
	unsigned depth;
	/* How to start a stream again: a member of a zip, or a compressed source. */
	struct zip *zip;
	struct zip_entry *entry;
	struct source *hold;
	struct source *packed;
	enum unpack_kind kind;
};

__attribute__((format(printf, 5, 6)))
void scan_find(struct scan *s, const struct item *it, enum scan_rule_id rule, uint64_t offset,
	       const char *fmt, ...);
/* Something could not be read: a finding, not an error, so that the rest is scanned too. */
void scan_unreadable(struct scan *s, const struct item *it, struct mlops_error *err);

/* Reads a stream from its start again; other sources need it not. */
int item_rewind(struct scan *s, struct item *it, struct mlops_error *err);
/* All that is known about an item. Errors become findings. */
void scan_item(struct scan *s, struct item *it);
/* The last component of a path in lower case; new. */
char *item_base(const char *path);
/* Has one of the endings, a NULL-terminated list. */
bool item_ends(const struct item *it, const char *const *endings);

/* The scanners. What they cannot read they report themselves. */
void scan_pickles(struct scan *s, struct item *it, uint64_t at, enum pickle_sign sign);
void scan_zip(struct scan *s, struct item *it);
void scan_executable(struct scan *s, struct item *it, const uint8_t *head, size_t n);
void scan_keras_json(struct scan *s, struct item *it, const struct json *config);
void scan_json_file(struct scan *s, struct item *it);
void scan_hdf5(struct scan *s, struct item *it);
void scan_tensorflow(struct scan *s, struct item *it);
void scan_onnx(struct scan *s, struct item *it);
void scan_template(struct scan *s, struct item *it, const char *template);
void scan_header(struct scan *s, struct item *it);
void scan_secrets(struct scan *s, struct item *it);
