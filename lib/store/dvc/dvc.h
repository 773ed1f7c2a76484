/* Inside of mlops/dvc.h. */
#pragma once

#include "base/map.h"
#include "mlops/dvc.h"
#include "store/ignores.h"
#include "store/index.h"

#define DVC_DIR		".dvc"
#define DVC_LISTING_MAX ((size_t)1 << 30) /* bytes of a folder's listing */

enum dvc_link { DVC_REFLINK, DVC_HARDLINK, DVC_SYMLINK, DVC_COPY };

/* What a *.dvc file tracks. */
struct dvc_out {
	char *path; /* relative to the root */
	char *file; /* that says so, likewise */
	size_t place; /* in its list of outs */
	struct object_ref ref;
};

/* A file on its way into the cache. */
struct dvc_pending {
	char *tmp, *path; /* absolute */
	char *from;       /* what it was taken from, relative to the root; NULL: a listing */
	struct oid oid;
};

struct dvc {
	struct project *project;
	char *cache; /* absolute */
	enum dvc_link links[4];
	size_t n_links;
	struct index *index; /* of MD5s */
	struct ignores ignores;
	struct map asked; /* a set: folders whose .dvcignore was read, or looked for */
	struct map looked; /* path -> struct object_ref in the arena */
	struct arena arena;
	VEC(struct dvc_pending) pending;
	bool made_tmp;
	struct map taken; /* a set: paths in `pending` */
	VEC(struct dvc_out) outs; /* of *.dvc files, by path */
	bool outs_loaded;
};

/* Settings of .dvc/config and those that go before it: cache.dir, cache.type. */
int dvc_config_read(struct dvc *d, struct mlops_error *err);

/* Where an object lies; new. */
char *dvc_object_path(const struct dvc *d, const struct oid *oid, bool is_listing);
bool dvc_has_object(const struct dvc *d, const struct oid *oid, bool is_listing);
/*
 * Hashes a file that is open at its start; with `save` its bytes go to the cache in the same pass,
 * unless they are there. `path` is relative to the root.
 */
int dvc_take_file(struct dvc *d, int fd, const char *path, bool save, struct oid *out,
		  struct mlops_error *err);
int dvc_take_listing(struct dvc *d, const struct strbuf *text, bool save, struct oid *out,
		     struct mlops_error *err);
/* Makes a name in an open folder that file, by the first kind of link that can be made. */
int dvc_place(struct dvc *d, const struct oid *oid, int dir_fd, const char *name, bool executable,
	      const char *shown, struct mlops_error *err);

/* Reads the .dvcignore of a folder, once. */
int dvc_rules_in(struct dvc *d, const char *folder, struct mlops_error *err);

/* One line of a folder's listing. */
struct dvc_file {
	char *path; /* relative to the folder */
	struct oid oid;
};
struct dvc_listing {
	VEC(struct dvc_file) files; /* sorted by path */
	uint64_t size;		    /* of all files; 0 when it was read from the cache */
};
void dvc_listing_format(const struct dvc_listing *l, struct strbuf *out);
/* Reads one from the cache; MLOPS_ENOTFOUND. */
int dvc_listing_read(struct dvc *d, const struct oid *oid, struct dvc_listing *out,
		     struct mlops_error *err);
/* What a folder holds now. */
int dvc_listing_of(struct dvc *d, const char *path, bool save, struct dvc_listing *out,
		   struct mlops_error *err);
bool dvc_has_files(const struct dvc *d, const struct dvc_listing *listing);
/* Calls fn for each path of either, in order, with NULL where it is not; stops when that is not 0. */
int dvc_listing_compare(const struct dvc_listing *have, const struct dvc_listing *want,
			int (*fn)(const struct dvc_file *have, const struct dvc_file *want,
				  void *arg, struct mlops_error *err),
			void *arg, struct mlops_error *err);
void dvc_listing_clear(struct dvc_listing *l);
#define autolisting __attribute__((cleanup(dvc_listing_clear))) struct dvc_listing

int dvc_outs_load(struct dvc *d, struct mlops_error *err);
/* Whether one of the paths (n 0: all there are) is this one, lies in it or above it. */
bool dvc_is_chosen(const char *path, const char *const *paths, size_t n);

char *dvc_hex(const struct oid *oid, char *buf); /* 32 digits into buf[33]; returns buf */
bool dvc_parse_hex(const char *hex, size_t n, struct oid *out);
