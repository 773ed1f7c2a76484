/*
 * Packs: many small objects in one file with a sorted index beside it (mlops-pack(5)). Nothing
 * that a pack or an index says is believed before it was checked against their sizes.
 */
#pragma once

#include <time.h>

#include "base/str.h"
#include "base/vec.h"
#include "mlops/oid.h"
#include "store/scratch.h"

#define PACK_VERSION      1
#define PACK_HEADER       8                    /* "MLPK", version */
#define PACK_ENTRY_HEADER 56                   /* name, raw size, stored size, codec, padding */
#define PACK_OBJECT_MAX   ((uint64_t)64 << 20) /* of raw bytes; what is larger is stored loose */

enum pack_codec { PACK_RAW, PACK_ZSTD, PACK_SEALED };

struct pack_entry {
	struct oid oid;
	uint32_t raw, stored; /* at most PACK_OBJECT_MAX */
	uint64_t offset : 56; /* of the entry's header in the pack; there may be millions of these */
	uint64_t codec : 8;   /* enum pack_codec */
};

struct pack {
	char *path; /* of the .pack file */
	int fd;     /* -1 until something is read */
	bool young; /* its file was modified a short time before this process */
	bool gone;  /* it was removed after it was mapped: what is open still reads */
	uint64_t size;
	uint32_t count;
	const uint8_t *index; /* mapped */
	size_t index_size;
};

/* Maps <dir>/<hex>.idx; MLOPS_ECORRUPT when it is not an index for a pack of that size. */
int pack_open(const char *dir, const char *hex, struct pack **out, struct mlops_error *err);
/* The index alone, whatever became of the pack. */
int pack_map_index(const char *dir, const char *hex, struct pack **out, struct mlops_error *err);
void pack_free(struct pack *p); /* NULL is fine */
/* Of the index beside a pack, and what that is renamed to before the pack is removed; new. */
char *pack_index_path(const char *pack_path);
char *pack_gone_path(const char *pack_path);
/* Removes the pack and then that. */
int pack_remove_gone(const char *pack_path, struct mlops_error *err);
bool pack_find(const struct pack *p, const struct oid *oid, struct pack_entry *out);
/* Which entry has that name, unchecked. */
bool pack_search(const struct pack *p, const struct oid *oid, uint32_t *at);
/* The name of the i-th entry. */
void pack_oid(const struct pack *p, uint32_t i, struct oid *out);
/* The i-th entry; MLOPS_ECORRUPT when it cannot be true. */
int pack_entry(const struct pack *p, uint32_t i, struct pack_entry *out, struct mlops_error *err);
/* The entry whose header is at an offset of the pack itself; MLOPS_ECORRUPT as well. */
int pack_entry_at(int fd, const char *path, uint64_t offset, struct pack_entry *out,
		  struct mlops_error *err);
/* Checks the closing hash of the index, its order and its fan-out table. */
int pack_check_index(const struct pack *p, struct mlops_error *err);
/* Checks the first bytes of the pack itself. */
int pack_check_header(int fd, const char *path, struct mlops_error *err);
/*
 * Reads the raw bytes of an entry; *out (new) holds one byte more, a NUL. Not yet hashed. What is
 * compressed in the pack is at s->packed then.
 */
int pack_read(int fd, const char *path, const struct pack_entry *e, struct scratch *s, char **out,
	      struct mlops_error *err);
/* The same with no look at the entry's header in the pack. */
int pack_read_data(int fd, const char *path, const struct pack_entry *e, struct scratch *s,
		   char **out, struct mlops_error *err);
/*
 * Calls fn for each entry that a pack of which something is damaged or gone, or its index, tells
 * of: nothing but the hash of what is read says whether that is so.
 */
int pack_claims(const char *dir, const char *hex,
		int (*fn)(const struct pack_entry *e, void *arg, struct mlops_error *err),
		void *arg, struct mlops_error *err);

/* The parts of an index, of entries sorted by name, each name once. */
void pack_index_head(const struct pack_entry *entries, size_t n, uint64_t pack_size,
		     struct strbuf *out);
void pack_index_records(const struct pack_entry *entries, size_t n, struct strbuf *out);
#define PACK_INDEX_HASH 32 /* bytes of SHA-256 that close an index; its hex is the pack's name */

/* How an object goes into a pack: as it is, or compressed where that pays (then in s->packed). */
struct pack_form {
	enum pack_codec codec;
	const void *data;
	size_t n, raw;
};
void pack_encode(const void *buf, size_t n, struct scratch *s, struct pack_form *out);

/* The header of an entry, PACK_ENTRY_HEADER bytes. */
void pack_put_header(uint8_t *h, const struct oid *oid, const struct pack_form *form);
/* Checks one, of a file called `path` in messages; *out has no offset. MLOPS_ECORRUPT. */
int pack_get_header(const uint8_t *h, const char *path, struct pack_entry *out,
		    struct mlops_error *err);
/* The e->raw bytes of an entry, from those that are stored. Not yet hashed. MLOPS_ECORRUPT. */
int pack_decode(const struct pack_entry *e, const char *stored, struct scratch *s, char *out,
		const char *path, struct mlops_error *err);

/* A pack that is being written, in `tmp_dir`. */
struct pack_writer;
int pack_writer_new(const char *tmp_dir, struct pack_writer **out, struct mlops_error *err);
int pack_writer_add(struct pack_writer *w, const struct oid *oid, const struct pack_form *form,
		    struct mlops_error *err);
bool pack_writer_find(const struct pack_writer *w, const struct oid *oid, struct pack_entry *out);
/* The one entry of a pack that has no other. */
void pack_writer_first(const struct pack_writer *w, struct pack_entry *out);
size_t pack_writer_count(const struct pack_writer *w);
uint64_t pack_writer_size(const struct pack_writer *w);
bool pack_writer_is_full(const struct pack_writer *w); /* time to finish it */
/* Lets an entry be read with pack_read(): all is in the file then. The descriptor is lent. */
int pack_writer_sync_out(struct pack_writer *w, int *fd, struct mlops_error *err);
/* Gives it an mtime, from which the age of its objects is told; now is what it has unless set. */
void pack_writer_date(struct pack_writer *w, const struct timespec *mtime);
/* Makes it durable in `dir` under its name, which goes into hex (MLOPS_OID_HEX + 1 bytes). */
int pack_writer_finish(struct pack_writer *w, const char *dir, char *hex, struct mlops_error *err);
void pack_writer_free(struct pack_writer *w); /* drops what was not finished; NULL is fine */
