/* Inside of mlops/dvc.h. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "mlops/dvc.h"
#include "store/ignores.h"
#include "store/index.h"
#include "store/origin.h"

#define DVC_DIR         ".dvc"
#define DVC_LISTING_MAX ((size_t)1 << 30) /* bytes of a folder's listing */

enum dvc_link { DVC_REFLINK, DVC_HARDLINK, DVC_SYMLINK, DVC_COPY };

struct dvc_setting {
	char *section, *key, *value; /* a section such as: core, or: remote "name" */
	char *dir;                   /* what a relative path in it is relative to */
	bool shared;                 /* it stands in .dvc/config, which git has */
};

/* What a *.dvc file tracks, or a stage of dvc.yaml gives. */
struct dvc_out {
	char *path;   /* relative to the root */
	char *file;   /* the *.dvc file that says so, likewise; NULL: a stage's */
	size_t place; /* in its list of outs */
	struct object_ref ref;
	char *remote;  /* the only one that it goes to and comes from; NULL: the default one */
	bool keep;     /* it is not pushed */
	bool imported; /* from another repository, which has it: no remote of this one need */
	struct origin origin; /* that; without a URL: one that this program does not read */
};

/* A file on its way into the cache. */
struct dvc_pending {
	char *tmp, *path; /* absolute */
	char *from;       /* what it was taken from, relative to the root; NULL: a listing */
	struct oid oid;
};

struct dvc {
	struct project *project;
	VEC(struct dvc_setting) settings; /* the later count more */
	char *cache;                      /* absolute */
	enum dvc_link links[4];
	size_t n_links;
	struct index *index; /* of MD5s */
	struct ignores ignores;
	struct map asked;  /* a set: folders whose .dvcignore was read, or looked for */
	struct map looked; /* path -> struct object_ref in the arena */
	struct arena arena;
	pthread_mutex_t lock; /* guards the next three, which objects from elsewhere are added to */
	VEC(struct dvc_pending) pending;
	bool made_tmp;
	struct map taken;         /* a set: paths in `pending` */
	VEC(struct dvc_out) outs; /* of *.dvc files, by path */
	bool outs_loaded;
};

/* Reads .dvc/config and what goes before and behind it. */
int dvc_config_read(struct dvc *d, struct mlops_error *err);
void dvc_settings_clear(struct dvc *d);
/* The value that counts, which is not empty; NULL: there is none. */
const struct dvc_setting *dvc_setting(const struct dvc *d, const char *section, const char *key);
char *dvc_setting_path(const struct dvc_setting *s); /* of a value that is a path; absolute, new */

/*
 * DVC 2 hashed text as if its lines ended in LF alone ("md5-dos2unix"), and kept such objects in
 * folders of their own. A name of that kind has a 1 behind the MD5.
 */
static inline bool dvc_is_legacy(const struct oid *oid)
{
	return oid->sha256[16];
}

/* Where an object lies below a cache or a remote; new. */
char *dvc_object_key(const struct oid *oid, bool is_listing);
/* The same in the cache; absolute, new. */
char *dvc_object_path(const struct dvc *d, const struct oid *oid, bool is_listing);
bool dvc_has_object(const struct dvc *d, const struct oid *oid, bool is_listing);
/* How something is looked at. */
enum dvc_how {
	DVC_HASH,
	DVC_HASH_LEGACY, /* for a name as DVC 2 gave it */
	DVC_SAVE,        /* its bytes go to the cache too, unless they are there */
};
static inline enum dvc_how dvc_how_of(const struct object_ref *ref)
{
	return dvc_is_legacy(&ref->oid) ? DVC_HASH_LEGACY : DVC_HASH;
}
/* Reads a file that is open at its start, once. `path` is relative to the root. */
int dvc_take_file(struct dvc *d, int fd, const char *path, enum dvc_how how, struct oid *out,
		  struct mlops_error *err);
int dvc_hash_buf(const void *buf, size_t n, struct oid *out, struct mlops_error *err);
int dvc_take_listing(struct dvc *d, const struct strbuf *text, bool save, struct oid *out,
		     struct mlops_error *err);
/* A new file beside the cache's objects, open for writing; -1. */
int dvc_tmp_open(struct dvc *d, char **path, struct mlops_error *err);
/*
 * Takes *tmp, which becomes the object at the next commit; drops one that is there or underway. `from`
 * is the path that it was taken from, relative to the root, or NULL.
 */
void dvc_tmp_keep(struct dvc *d, char **tmp, const char *from, const struct oid *oid,
		  bool is_listing);
void dvc_pending_clear(struct dvc *d); /* drops what was not committed */

/*
 * An object that comes from elsewhere, in pieces. It is in the cache at the next commit when its
 * bytes are those of its name, else MLOPS_ECORRUPT at the end. Several threads may each have one.
 */
struct dvc_intake;
int dvc_intake_new(struct dvc *d, const struct oid *oid, bool is_listing, struct dvc_intake **out,
		   struct mlops_error *err);
int dvc_intake_add(struct dvc_intake *in, const void *buf, size_t n, struct mlops_error *err);
int dvc_intake_end(struct dvc_intake *in, struct mlops_error *err);
void dvc_intake_free(struct dvc_intake *in); /* drops what did not end well; NULL is fine */
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
	uint64_t size;              /* of all files; 0 when it was read from the cache */
};
void dvc_listing_format(const struct dvc_listing *l, struct strbuf *out);
/* Reads one from the cache; MLOPS_ENOTFOUND. */
int dvc_listing_read(struct dvc *d, const struct oid *oid, struct dvc_listing *out,
		     struct mlops_error *err);
/* What a folder holds now. */
int dvc_listing_of(struct dvc *d, const char *path, enum dvc_how how, struct dvc_listing *out,
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
/* Saves a path that is not tracked yet, and writes its *.dvc file. */
int dvc_add(struct dvc *d, const char *path, bool dry_run, struct object_ref *out,
	    struct mlops_error *err);
void dvc_out_clear(struct dvc_out *out);
/* Whether one of the paths (n 0: all there are) is this one, lies in it or above it. */
bool dvc_is_chosen(const char *path, const char *const *paths, size_t n);

char *dvc_hex(const struct oid *oid, char *buf); /* 32 digits into buf[33]; returns buf */
bool dvc_parse_hex(const char *hex, size_t n, struct oid *out);
