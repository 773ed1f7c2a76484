/*
 * Zip files, read by their central directory. Why not libarchive: a model's members must be
 * reached at random without unpacking what lies before them, and a scan must see just what
 * libarchive smooths over: members named twice, local headers that say something else than the
 * directory, wrong checksums, members that the directory does not list.
 */
#pragma once

#include "base/map.h"
#include "fmt/source.h"

#define ZIP_STORED   0
#define ZIP_DEFLATED 8
#define ZIP_BZIP2    12
#define ZIP_ZSTD     93
#define ZIP_XZ       95

enum zip_oddity {
	ZIP_ODD_LOCAL_NAME = 1 << 0,   /* the local header has another name */
	ZIP_ODD_LOCAL_METHOD = 1 << 1, /* or another compression method */
	ZIP_ODD_LOCAL_SIZE = 1 << 2,   /* or another size */
	ZIP_ODD_LOCAL_HEADER = 1 << 3, /* there is no local header where it should be */
};

struct zip_entry {
	char *name; /* as stored, without what follows a NUL; in the arena of the zip */
	bool has_nul; /* the stored name has a NUL inside */
	unsigned method, flags;
	uint32_t crc;
	uint32_t mode; /* Unix mode, 0 when made elsewhere */
	uint64_t packed, size;
	uint64_t header_at; /* of the local header */
	uint64_t data_at;   /* of the bytes; set by zip_locate() */
};

struct zip {
	struct source *src;
	struct arena arena;
	VEC(struct zip_entry) entries;
	uint64_t directory_at;
	uint64_t prefix; /* bytes in front of the zip: offsets count from behind them */
};

/* True when the bytes are those that a zip file starts with. */
bool zip_sniff(const uint8_t *p, size_t n);
int zip_open(struct zip *z, struct source *src, struct mlops_error *err);
void zip_close(struct zip *z);
#define autozip __attribute__((cleanup(zip_close))) struct zip

struct zip_entry *zip_find(struct zip *z, const char *name);
/* Reads the local header: sets data_at, and *odd to what in it contradicts the directory. */
int zip_locate(struct zip *z, struct zip_entry *e, unsigned *odd, struct mlops_error *err);
/*
 * The unpacked bytes. `hold` is the caller's too, and is closed after `out`. The checksum is not
 * verified: what a scan or an inspection wants to see is what is there.
 */
int zip_member(struct zip *z, struct zip_entry *e, uint64_t limit, struct source *hold,
	       struct source *out, struct mlops_error *err);
/* True when the bytes of the member can be had: it is not encrypted, and the method is known. */
bool zip_readable(const struct zip_entry *e);
/* A whole member of at most `max` bytes. */
int zip_slurp(struct zip *z, struct zip_entry *e, size_t max, struct strbuf *out,
	      struct mlops_error *err);
/* How many local headers stand in gaps between members, where the directory lists none; and where the first is. */
int zip_hidden(struct zip *z, size_t *count, uint64_t *first, struct mlops_error *err);
