/* The client of a hub: its connection, the files that it lists, and huggingface_hub's cache. */
#pragma once

#include <pthread.h>

#include "base/map.h"
#include "fmt/json.h"
#include "mlops/hub.h"
#include "remote/layout.h"
#include "remote/web.h"

#define HF_HASH_SIZE 65

struct hub {
	struct web web;
	struct http_engine *engine;
	_Atomic uint64_t moved;
	char *endpoint, *token; /* token: or NULL */
	char *kind, *id, *rev;  /* "models", "org/name", "main" */
	bool has_rev;           /* the URL names one */
	const struct hub_how *how;
	pthread_mutex_t lock; /* guards what follows */
	struct hub_result *result;
};

int hub_open(struct project *project, const char *url, const struct hub_how *how,
	     struct hub_result *result, struct hub **out, struct mlops_error *err);
void hub_close(struct hub *h); /* NULL is fine */
DEFINE_CLEANUP(hub, hub_close)
#define autohub __attribute__((cleanup(cleanup_hub))) struct hub

/* Below <endpoint>/api/KIND/ID, or below the repository itself; new. */
__attribute__((format(printf, 2, 3))) char *hub_api(const struct hub *h, const char *fmt, ...);
char *hub_page(const struct hub *h, const char *suffix);
/* One request; statuses that are not 2xx and not `fine` (0: none) are errors. */
int hub_run(struct hub *h, struct web_call *call, int fine, struct mlops_error *err);
/* The same, and its reply as JSON. */
int hub_json(struct hub *h, struct web_call *call, int fine, struct json **out,
	     struct mlops_error *err);
/* A file came, or went; `bytes` of it over the network. */
void hub_count(struct hub *h, uint64_t size, bool moved);

struct hub_file {
	char *path;
	uint64_t size;
	char hash[HF_HASH_SIZE]; /* SHA-256 of a file of LFS, else the name that git has for it */
	bool lfs;
	struct oid oid; /* of a file of LFS; of others once they are here */
};
struct hub_files {
	struct hub_file *v;
	size_t n, cap;
};
/* All files of a commit, paths checked; MLOPS_ENOTFOUND. */
int hub_list(struct hub *h, const char *commit, struct hub_files *out, struct mlops_error *err);
void hub_files_clear(struct hub_files *files);
/* The commit that the revision is; MLOPS_ENOTFOUND. */
int hub_commit(struct hub *h, const char *rev, char *out, struct mlops_error *err);
bool hub_wants(const struct hub *h, const char *path);

/*
 * The cache, models--ORG--NAME/ with blobs/HASH, refs/REV and snapshots/COMMIT/PATH, below
 * HF_HUB_CACHE, HF_HOME/hub or ~/.cache/huggingface/hub.
 */
/* The file that holds the bytes of that hash, if there is one; new, or NULL. */
char *hub_cache_find(const struct hub *h, const char *hash);
/* Puts the files of a commit there, as hard links to the store's objects where that can be. */
int hub_cache_fill(struct hub *h, struct store *store, const char *commit,
		   const struct hub_files *files, struct mlops_error *err);
