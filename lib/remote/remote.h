/*
 * What the object server shares with the client side: lists of names as text, the bytes of objects
 * on their way out, and the framing that many small ones travel in (mlops-remote(5)).
 */
#pragma once

#include <pthread.h>

#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"
#include "mlops/store.h"

#define REMOTE_MAX_BATCH 10000                /* names in one request */
#define REMOTE_SMALL     ((uint64_t)1 << 20)  /* objects below this travel framed, others alone */
#define REMOTE_MAX_FRAME ((uint64_t)64 << 20) /* bytes of an upload of framed objects */

struct oid_list {
	struct oid *v;
	size_t n, cap;
};

/* Appends the text form: 64 hex digits and a line end a name. */
void oid_list_print(const struct oid *oids, size_t n, struct strbuf *out);
/* Reads that form, at most `max` names, and appends to `out`; MLOPS_EINVALID. */
int oid_list_parse(const char *text, size_t n, size_t max, struct oid_list *out,
		   struct mlops_error *err);

/* An object as the remote sees it. */
struct remote_item {
	struct oid oid;
	uint64_t size; /* REMOTE_SIZE_UNKNOWN: not known yet (a tree that is to be fetched) */
};
#define REMOTE_SIZE_UNKNOWN UINT64_MAX
/* Whether it travels alone. */
static inline bool remote_item_is_large(const struct remote_item *item)
{
	return item->size != REMOTE_SIZE_UNKNOWN && item->size >= REMOTE_SMALL;
}

/* `size` bytes that can be read at any place, and again: in memory, of a file, or made on demand. */
struct remote_source {
	char *buf; /* or NULL; owned */
	int fd;    /* or -1; owned */
	uint64_t size;
	/* When not NULL: fills buf with the n bytes at `at`; from several threads at once. */
	int (*read)(void *buf, size_t n, uint64_t at, void *arg, struct mlops_error *err);
	void *arg;
	void (*close)(void *arg); /* or NULL */
};
/* Opens an object of the local store; `store` is a struct store. */
int remote_source_open(const struct remote_item *item, struct remote_source *out, void *store,
		       struct mlops_error *err);
/* Exactly n bytes from `at` on. */
int remote_source_read(const struct remote_source *s, uint64_t at, void *buf, size_t n,
		       struct mlops_error *err);
void remote_source_close(struct remote_source *s);
#define autosource __attribute__((cleanup(remote_source_close))) struct remote_source

/*
 * Frames are a header and then, for each object, an entry header and its bytes; the form of a
 * pack (mlops-pack(5)) with all entries stored plain.
 */
#define FRAME_HEADER 8
#define FRAME_ENTRY  56

void frame_put_header(uint8_t *buf);                                      /* FRAME_HEADER bytes */
void frame_put_entry(uint8_t *buf, const struct oid *oid, uint64_t size); /* FRAME_ENTRY bytes */

/* Gets objects as they arrive: begin, pieces that add up to `size`, end. */
struct frame_sink {
	int (*begin)(const struct oid *oid, uint64_t size, void *arg, struct mlops_error *err);
	int (*piece)(const void *buf, size_t n, void *arg, struct mlops_error *err);
	int (*end)(void *arg, struct mlops_error *err);
	void *arg;
	/*
	 * How many first bytes of a large object are here from a try that broke off; NULL: none.
	 * Called before begin(), by who will then give the pieces behind them only.
	 */
	int (*resume)(const struct oid *oid, uint64_t size, uint64_t *have, void *arg,
		      struct mlops_error *err);
};
/* A sink that threads give whole objects to, one at a time. */
struct shared_sink {
	const struct frame_sink *sink;
	pthread_mutex_t lock; /* guards the sink */
};
int shared_sink_give(struct shared_sink *s, const struct oid *oid, const struct strbuf *bytes,
		     struct mlops_error *err);
/* resume(), for any sink. */
int frame_sink_resume(const struct frame_sink *sink, const struct oid *oid, uint64_t size,
		      uint64_t *have, struct mlops_error *err);

struct frame_reader {
	const struct frame_sink *sink;
	uint8_t head[FRAME_ENTRY]; /* a header of which a part has come */
	size_t have;
	bool started, inside; /* behind the first header; within an object */
	uint64_t left;        /* bytes of the object that are still to come */
};

void frame_reader_init(struct frame_reader *r, const struct frame_sink *sink);
/* Takes the next bytes of the stream. MLOPS_ECORRUPT for what is no frame. */
int frame_reader_add(struct frame_reader *r, const void *buf, size_t n, struct mlops_error *err);
/* The stream has ended: MLOPS_ECORRUPT when that is within an object. */
int frame_reader_end(const struct frame_reader *r, struct mlops_error *err);

/*
 * Results of stages at a remote, by what went into the stage: small texts beside the objects that
 * they name, see mlops-remote(5).
 */
#define REMOTE_RESULT_MAX ((size_t)4 << 20)
struct remote;
struct project;
/* MLOPS_EINVALID when the remote is of a kind that keeps none. Free it with remote_results_close(). */
int remote_results_open(struct project *project, const char *name, struct remote **out,
			struct mlops_error *err);
void remote_results_close(struct remote *remote); /* NULL is fine */
/* Appends the text, which is to be mistrusted; MLOPS_ENOTFOUND. */
int remote_result_get(struct remote *remote, const struct oid *key, struct strbuf *out,
		      struct mlops_error *err);
/* Fine when there is one: it stays. */
int remote_result_put(struct remote *remote, const struct oid *key, const struct strbuf *text,
		      struct mlops_error *err);
